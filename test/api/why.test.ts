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
const hour = 3_600_000;
const later = (hours: number) => new Date(start.getTime() + hours * hour);
const database = await freshDatabase();
const { db } = database;
const { call } = await testGateway(database, { clock: manualClock(start) });
await saveSettings(db, 'shop', { ...defaultShop, channels: ['email', 'sms'] }, 'test', later(-2_000));
await sql`select ensure_month('decisions', d::date) from unnest(array[${later(-24 * 20)}, ${start}]::timestamptz[]) d`.execute(
  db,
);

const aDay = (max: number) => ({
  rules: [{ name: 'a-day', channels: [], classes: [], max, window: 'P1D', clock: 'calendar', unit: 'message' }],
});

async function person(email: string | null = 'anna@example.com'): Promise<string> {
  const id = await plantCustomer(db, start);
  await db.insertInto('profiles').values({ customer_id: id, kind: 'personal', email }).execute();
  return id;
}

interface Told {
  decision: string;
  reason: string;
  hours: number;
  journey?: string;
  until?: Date;
  messageId?: string;
  details?: Record<string, unknown>;
}

async function decide(customer_id: string, told: readonly Told[]): Promise<void> {
  const rows = told.map(({ decision, reason, hours, journey = 'abandonment', until = null, messageId, details }) => ({
    id: newId(later(hours)),
    at: later(hours),
    customer_id,
    journey,
    block: 'cart-2',
    channel: 'email',
    decision,
    reason,
    until,
    message_id: messageId ?? null,
    details: JSON.stringify({ message: 'cart-still-here', zone: 'Europe/Moscow', zoneFrom: 'shop', ...details }),
  }));
  await db.insertInto('decisions').values(rows).execute();
}

const why = async (customer: string, query: string) => {
  const { status, body, text } = await call('GET', `/customers/${customer}/why?${query}`);
  expect(status, text).toBe(200);
  return body;
};

test('why was it not sent: by the policy of that time, with the contacts that had the places then', async () => {
  const customer = await person();
  await saveSettings(db, 'policy', aDay(2), 'test', later(-48));
  await plantMessages(db, [
    { customer_id: customer, reserved_at: later(-20), journey: 'welcome', class: 'lifecycle' },
    { customer_id: customer, reserved_at: later(-19), state: 'failed', failed_at: later(-12), failed_reason: '550 no' },
    { customer_id: customer, reserved_at: later(-18), state: 'dropped', accepted_at: null, reason: 'changed' },
  ]);
  await decide(customer, [
    { decision: 'defer', reason: 'policy:a-day', hours: -15, until: later(-12) },
    { decision: 'send', reason: 'ok', hours: -11 },
  ]);
  // The rule of today is another.
  const [rule] = aDay(2).rules;
  await saveSettings(db, 'policy', { rules: [{ ...rule, classes: ['bulk'] }] }, 'test', later(-1));
  const { decisions } = await why(customer, 'journey=abandonment&message=cart-2');
  expect(decisions.map(({ decision }: { decision: string }) => decision)).toEqual(['send', 'defer']);
  expect(decisions[1]).toMatchObject({
    words:
      'On 3 May at 21:00 (Moscow, the shop’s zone) the message cart-2 (cart-still-here, email) was put off until 4 May at 0:00, ' +
      'because the rule a-day was full: contacts on 3 May at 16:00 (welcome), 3 May at 17:00 (abandonment).',
    next: expect.stringContaining('settings/policy'),
  });
  const same = (await call('GET', `/customers/${customer}/decisions`)).body.items;
  expect(same).toEqual(decisions);
});

test('what became of what was sent, to the provider’s last word and the customer’s', async () => {
  const customer = await person();
  const opened = { delivered_at: later(-4), state: 'delivered', opened_at: later(-3), opened_by: 'human' };
  await plantMessages(db, [
    { customer_id: customer, reserved_at: later(-5), block: 'cart-1', ...opened, clicked_at: later(-2) },
    {
      customer_id: customer,
      reserved_at: later(-1),
      block: 'cart-2',
      template: 'cart-still-here',
      state: 'failed',
      failed_at: start,
      failed_reason: '550 unknown: no such mailbox',
    },
  ]);
  const { messages, answer } = await why(customer, 'journey=abandonment');
  expect(messages.map(({ words }: { words: string }) => words)).toEqual([
    'The message cart-2 (cart-still-here, email) was accepted by the provider on 4 May at 11:00, ' +
      'refused or returned on 4 May at 12:00: 550 unknown: no such mailbox.',
    'The message cart-1 (cart-reminder, email) was accepted by the provider on 4 May at 7:00, delivered on 4 May at 8:00, ' +
      'opened by a person on 4 May at 9:00, clicked on 4 May at 10:00.',
  ]);
  expect(answer).toBe(messages[0].words);
  const [first] = (await why(customer, 'message=cart-reminder&lang=ru')).messages;
  expect(first.words).toBe(
    'Сообщение cart-1 (cart-reminder, email): принято провайдером 4 мая в 7:00, доставлено 4 мая в 8:00, ' +
      'открыто человеком 4 мая в 9:00, переход по ссылке 4 мая в 10:00.',
  );
});

test('why no run began, and on which channels the customer can be written to', async () => {
  const customer = await person(null);
  const missed = { journey: 'abandonment', key: 'personal', customer_id: customer, reason: 'unreachable' };
  await db
    .insertInto('not_entered')
    .values({ ...missed, first_at: later(-48), last_at: later(-2), times: 3 })
    .execute();
  const { answer, notEntered, reachability } = await why(customer, 'journey=abandonment');
  expect(answer).toBe(
    'On 4 May at 10:00 something came in that starts abandonment, and no run began, because the customer could not be ' +
      'written to on any channel (3 times since 2 May at 12:00).',
  );
  expect(notEntered).toMatchObject([{ reason: 'unreachable', times: 3, words: answer, next: expect.any(String) }]);
  expect(reachability).toMatchObject([
    { channel: 'email', reachable: false, reason: 'no_address' },
    { channel: 'sms', words: 'Cannot be written to by sms: no address of the customer is known there.' },
  ]);
  const nothing = await why(await person(), 'journey=abandonment');
  expect(nothing.answer).toMatch(/^No run of abandonment has begun .* none of "Product Added", .* came in\.$/);
  expect(nothing.reachability[0]).toMatchObject({ reachable: true, reason: null, next: null });
});

test('a question about one time is answered of that time; what is to come is in it', async () => {
  const customer = await person();
  await decide(customer, [
    { decision: 'drop', reason: 'expired:late', hours: -24 * 10 },
    { decision: 'skip', reason: 'no_promo', hours: -1 },
    { decision: 'skip', reason: 'no_novelties', hours: -2, journey: 'welcome' },
  ]);
  await plantRuns(db, [
    {
      customer,
      journey: 'abandonment',
      class: 'abandonment',
      block: 'cart-3',
      message: 'cart-questions',
      due: later(1),
    },
    { customer, journey: 'welcome', class: 'lifecycle', due: later(24) },
  ]);
  const reasons = async (query: string) =>
    (await why(customer, query)).decisions.map(({ reason }: { reason: string }) => reason);
  expect(await reasons('')).toEqual(['no_promo', 'no_novelties', 'expired:late']);
  expect(await reasons('journey=abandonment')).toEqual(['no_promo', 'expired:late']);
  expect(await reasons(`journey=abandonment&at=${later(-24 * 9).toISOString()}`)).toEqual(['expired:late']);
  expect(await reasons('message=cart-1')).toEqual([]);
  const { answer, plan, runs } = await why(customer, 'journey=abandonment');
  expect(plan).toMatchObject([
    { journey: 'abandonment', message: 'cart-questions', expectedAt: later(1).toISOString() },
  ]);
  expect(runs).toMatchObject([{ journey: 'abandonment', outcome: null, words: expect.stringContaining('goes on') }]);
  expect(answer).toMatch(/was skipped, because the journey has no promo code\..* is due on 4 May at 13:00\.$/);
});

test('who is asked about must be there, and so must the journey', async () => {
  const customer = await person();
  expect((await call('GET', `/customers/${newId(start)}/why`)).body.code).toBe('customer_not_found');
  expect((await call('GET', `/customers/${customer}/why?journey=nonsense`)).body.code).toBe('journey_not_found');
  expect((await call('GET', `/customers/${customer}/why?at=yesterday`)).body.errors[0].field).toBe('at');
});
