import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { saveSettings } from '#db/settings.ts';
import { defaultShop } from '#domain/shop.ts';
import { manualClock } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer, plantMessages } from '#test/support/messages.ts';
import { plantRuns } from './plan-support.ts';
import { testGateway } from './support.ts';

/** Monday noon in Moscow. */
const start = new Date('2026-05-04T09:00:00Z');
const day = 24 * 3_600_000;
const later = (days: number) => new Date(start.getTime() + days * day);
const database = await freshDatabase();
const { db } = database;
const { call } = await testGateway(database, { clock: manualClock(start) });
await saveSettings(db, 'shop', defaultShop, 'test', start);

const many = 2_100;
const people = Array.from({ length: many }, () => newId(start));
const company = await plantCustomer(db, start, { kind: 'b2b' });
for (let at = 0; at < many; at += 500)
  await db
    .insertInto('customers')
    .values(people.slice(at, at + 500).map((id) => ({ id, created_at: start })))
    .execute();

test('expected messages of every live run, by week, journey, class, channel and kind', async () => {
  const cart = { journey: 'abandonment', class: 'abandonment', until: later(90) } as const;
  await plantRuns(db, [
    ...people.map((customer, index) => ({ ...cart, customer, due: later(index < 2_000 ? 1 : 8) })),
    { customer: company, journey: 'welcome', class: 'lifecycle', channel: 'sms', due: later(15), until: later(90) },
    { ...cart, customer: company, due: later(60) },
    { ...cart, customer: company, due: later(-3), until: later(-1) },
  ]);
  const { body } = await call('GET', '/forecast?weeks=3');
  expect(body.lookedAt).toEqual({ runs: many + 3, customers: many + 1 });
  // Weeks begin at midnight in Moscow.
  const week = (index: number) => new Date(Date.UTC(2026, 4, 3 + 7 * index, 21)).toISOString();
  expect(body.weeks).toEqual([
    { from: week(0), to: week(1), messages: 2_000 },
    { from: week(1), to: week(2), messages: 100 },
    { from: week(2), to: week(3), messages: 1 },
  ]);
  const carts = { journey: 'abandonment', class: 'abandonment', channel: 'email', kind: 'b2c' };
  expect(body.items).toEqual([
    { week: week(0), ...carts, messages: 2_000 },
    { week: week(1), ...carts, messages: 100 },
    { week: week(2), journey: 'welcome', class: 'lifecycle', channel: 'sms', kind: 'b2b', messages: 1 },
  ]);
  expect(body.later).toBe(1);
  expect(body.never).toEqual([
    { ...carts, kind: 'b2b', reason: 'expired:late', words: 'It was too late for it.', messages: 1 },
  ]);
});

test('the policy is applied customer by customer', async () => {
  const [customer = ''] = people;
  await plantRuns(
    db,
    [1, 2, 3].map((order) => ({
      customer,
      journey: `item-${order}`,
      class: 'item_event' as const,
      due: later(1),
      until: later(90),
    })),
  );
  const first = (await call('GET', '/forecast?weeks=1')).body.weeks[0].messages;
  await saveSettings(db, 'policy', { rules: [rule('one-a-week', 1, 'P7D')] }, 'test', start);
  expect((await call('GET', '/forecast?weeks=1')).body.weeks[0].messages).toBe(first - 3);
});

const rule = (name: string, max: number, window: string) => ({
  name,
  channels: [],
  classes: [],
  max,
  window,
  clock: 'rolling',
  unit: 'message',
});

type Planted = [customer: string, journey: string, decision: string, reason: string, days: number, by?: string];

async function plantDecisions(rows: readonly Planted[]): Promise<void> {
  await sql`select ensure_month('decisions', ${later(-10)}::date), ensure_month('decisions', ${start}::date)`.execute(
    db,
  );
  const values = rows.map(([customer_id, journey, decision, reason, days, by]) => ({
    id: newId(later(days)),
    at: later(days),
    customer_id,
    journey,
    block: 'step-1',
    channel: 'email',
    decision,
    reason,
    details: JSON.stringify(by === undefined ? {} : { blockedBy: { runId: newId(start), journey: by } }),
  }));
  await db.insertInto('decisions').values(values).execute();
}

test('journeys that rules starve are named, with the rules and who had the places', async () => {
  const [anna = '', boris = ''] = people;
  await plantMessages(db, [
    { customer_id: anna, reserved_at: later(-4), journey: 'welcome', class: 'lifecycle' },
    { customer_id: anna, reserved_at: later(-20), journey: 'campaign', class: 'bulk' },
  ]);
  await plantDecisions([
    [anna, 'abandonment', 'defer', 'policy:one-a-week', -3],
    [boris, 'abandonment', 'drop', 'expired:planned:one-a-week', -3, 'win-back'],
    [boris, 'abandonment', 'drop', 'policy:sale-share', -3],
    [boris, 'abandonment', 'defer', 'quiet_hours', -3],
    [boris, 'abandonment', 'send', 'ok', -2],
    [anna, 'welcome', 'defer', 'policy:one-a-week', -3],
    ...Array.from({ length: 9 }, (): Planted => [boris, 'welcome', 'send', 'ok', -2]),
    [anna, 'campaign', 'drop', 'policy:one-a-week', -8],
  ]);
  const { warnings } = (await call('GET', '/forecast?days=7')).body;
  expect(warnings).toMatchObject({ from: later(-7).toISOString(), to: start.toISOString(), share: 0.25 });
  expect(warnings.items).toEqual([
    {
      journey: 'abandonment',
      decisions: 5,
      held: 3,
      share: 0.6,
      rules: [
        { rule: 'one-a-week', deferred: 1, dropped: 1 },
        { rule: 'sale-share', deferred: 0, dropped: 1 },
      ],
      takenBy: [
        { rule: 'one-a-week', journey: 'welcome', planned: 0, sent: 1 },
        { rule: 'one-a-week', journey: 'win-back', planned: 1, sent: 0 },
      ],
      words:
        'Rules starve abandonment: in 7 days they put off or dropped 60 % of its decisions (5), the most by one-a-week.',
    },
  ]);
  const names = async (query: string) =>
    (await call('GET', `/forecast?${query}`)).body.warnings.items.map((one: { journey: string }) => one.journey);
  expect(await names('days=7&share=0.6')).toEqual([]);
  expect(await names('days=7&share=0.05')).toEqual(['abandonment', 'welcome']);
  expect(await names('days=10')).toEqual(['campaign', 'abandonment']);
  expect((await call('GET', '/forecast?weeks=0')).body.errors[0].field).toBe('weeks');
});
