import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { ensureMonths } from '#db/partitions.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';
import { newCustomer, newMessage } from './tracking/support.ts';

const database = await freshDatabase();
const { db } = database;
const now = new Date('2026-06-01T09:00:00Z');
const { call } = await testGateway(database, { clock: { time: { origin: 0, scale: 1 }, now: () => now } });
const at = (text: string) => new Date(text);

/** A letter to a customer of its own. */
async function letter(reserved: string, change: Parameters<typeof newMessage>[2] = {}, address = 'a@example.com') {
  const customer = await newCustomer(db);
  const sent = at(reserved);
  const times = { id: newId(sent), due_at: sent, reserved_at: sent, accepted_at: sent };
  return newMessage(db, customer, { ...times, address, ...change });
}

async function failure(messageId: string, kind: string, when: string): Promise<void> {
  await db
    .insertInto('message_events')
    .values({ id: newId(at(when)), at: at(when), message_id: messageId, kind })
    .execute();
}

beforeAll(async () => {
  await ensureMonths(db, ['message_events'], at('2026-05-01T00:00:00Z'));
  // In Moscow the second of May has begun: the shop's day, and the week from Monday, the 27th.
  await letter('2026-05-01T21:30:00Z', {
    state: 'delivered',
    delivered_at: at('2026-05-01T21:31:00Z'),
    opened_at: at('2026-05-01T22:00:00Z'),
    opened_by: 'human',
    clicked_at: at('2026-05-01T22:01:00Z'),
    unsubscribed_at: at('2026-05-01T22:02:00Z'),
  });
  await letter('2026-05-04T09:00:00Z', { opened_at: at('2026-05-04T09:00:09Z'), opened_by: 'machine' });
  await letter('2026-05-04T09:00:00Z', { journey: 'welcome', template: 'hello', opened_by: 'unknown' });
  const hard = await letter('2026-05-05T09:00:00Z', { state: 'failed', delivered_at: at('2026-05-05T09:01:00Z') });
  await failure(hard.id, 'bounced', '2026-05-06T10:00:00Z');
  const soft = await letter('2026-05-05T09:00:00Z', { state: 'failed', accepted_at: null });
  await failure(soft.id, 'failed', '2026-05-05T09:00:01Z');
  // None of these was sent: refused at once, dropped, by another channel, in a test.
  await letter('2026-05-05T09:00:00Z', { state: 'failed', accepted_at: null });
  await letter('2026-05-05T09:00:00Z', { state: 'dropped', accepted_at: null });
  await letter('2026-05-05T09:00:00Z', { channel: 'telegram' });
  const { id, customer_id } = await letter('2026-05-05T09:00:00Z', { journey: 'message', template: 'cart-reminder' });
  await sql`insert into message_requests (id, customer_id, profile, requested_at, valid_for_ms, template, journey, cascade, is_test)
    values (${id}, ${customer_id}, 'personal', now(), 1, 'cart-reminder', 'message', '[]', true)`.execute(db);
});

const may = 'from=2026-05-01T00:00:00Z&to=2026-06-01T00:00:00Z';
const keysOf = (body: { items: { key: string; sent: number }[] }) => body.items.map(({ key, sent }) => [key, sent]);

test('V3 counts what became of letters, and says of what each rate is a share', async () => {
  const { status, body } = await call('GET', `/reports/email-health?${may}`);
  expect(status).toBe(200);
  expect(body.total).toMatchObject({
    sent: 5,
    delivered: 3,
    confirmed: 1,
    bounced: { hard: 1, soft: 1 },
    opened: { human: 1, unknown: 1, machine: 1 },
    clicked: 1,
    unsubscribed: 1,
    complained: 0,
    isSmall: true,
    warning: null,
  });
  expect(body.total.rates).toMatchObject({
    delivered: { value: 0.6, of: 'sent', industry: 0.9922 },
    hardBounced: { value: 0.2, of: 'sent' },
    opened: { value: 0.333333, of: 'delivered', industry: null },
    openedByAny: { value: 1, of: 'delivered', industry: 0.3412 },
    complained: { value: 0, of: 'delivered', industry: null },
  });
  expect(body.industry).toEqual({
    source: 'GDMA International Email Benchmark 2024',
    year: 2023,
    statistic: 'average',
  });
});

test('V3 by days, weeks and months of the shop’s clock, by journey and by message: always the same letters', async () => {
  const by = async (group: string) => keysOf((await call('GET', `/reports/email-health?${may}&by=${group}`)).body);
  expect(await by('day')).toEqual([
    ['2026-05-02', 1],
    ['2026-05-04', 2],
    ['2026-05-05', 2],
  ]);
  expect(await by('week')).toEqual([
    ['2026-04-27', 1],
    ['2026-05-04', 4],
  ]);
  expect(await by('month')).toEqual([['2026-05', 5]]);
  expect(await by('journey')).toEqual([
    ['abandonment', 4],
    ['welcome', 1],
  ]);
  expect(await by('message')).toEqual([
    ['abandonment/cart-reminder', 4],
    ['welcome/hello', 1],
  ]);
});

test('V3 domains are counted, those of few people together: no address, and nobody’s own domain', async () => {
  for (let n = 0; n < 10; n++) await letter('2026-04-10T09:00:00Z', {}, `somebody-${n}@Mail.Example`);
  for (let n = 0; n < 12; n++) {
    const sent = at('2026-04-11T09:00:00Z');
    const customer = await newCustomer(db);
    const own = n < 9 ? customer : await newCustomer(db);
    await newMessage(db, own, { id: newId(sent), reserved_at: sent, address: `ivan@own-${n % 3}.example` });
  }
  await letter('2026-04-12T09:00:00Z', { address: null });
  const { body, text } = await call(
    'GET',
    '/reports/email-health?from=2026-04-01T00:00:00Z&to=2026-05-01T00:00:00Z&by=domain',
  );
  expect(keysOf(body)).toEqual([
    ['other', 13],
    ['mail.example', 10],
  ]);
  expect(text).not.toContain('@');
  expect(text).not.toContain('own-');
});

test('V3 complaints are held against the thresholds of Gmail and Yahoo once there are letters enough', async () => {
  const customer = await newCustomer(db);
  const plant = (from: number, to: number, complained: number) =>
    sql`
    insert into messages (id, customer_id, journey, block, iteration, channel, template, locale, class, kind, counts, state,
      settings_version, due_at, reserved_at, accepted_at, complained_at)
    select gen_random_uuid(), ${customer}, 'campaign', 'news', n, 'email', 'news', 'en', 'bulk', 'marketing', true, 'delivered', 1, at, at, at,
      case when n <= ${complained}::int then at end
    from (select n, '2026-03-10T09:00:00Z'::timestamptz as at from generate_series(${from}::int, ${to}::int) n) all_`.execute(
      db,
    );
  const warning = async () => {
    const march = 'from=2026-03-01T00:00:00Z&to=2026-04-01T00:00:00Z&by=month&lang=ru';
    const { body } = await call('GET', `/reports/email-health?${march}`);
    return { isSmall: body.total.isSmall, code: body.total.warning?.code ?? null, text: body.total.warning?.text };
  };
  await plant(1, 999, 3);
  expect(await warning()).toMatchObject({ isSmall: true, code: null });
  await plant(1000, 2000, 0);
  expect(await warning()).toMatchObject({ isSmall: false, code: 'complaints_above_target' });
  await sql`update messages set complained_at = reserved_at where journey = 'campaign' and iteration <= 6`.execute(db);
  expect(await warning()).toMatchObject({ code: 'complaints_at_limit', text: expect.stringContaining('Остановите') });
});

test('V3 whose figures stand beside the shop’s is a setting; what is wrong with it is named', async () => {
  const rates = { clicked: 0.021, opened: 0.3 };
  const industry = { source: 'Our trade body', year: 2025, statistic: 'median', rates };
  expect((await call('PUT', '/settings/email-health', { industry })).status).toBe(200);
  const { body } = await call('GET', `/reports/email-health?${may}`);
  expect(body.industry).toEqual({ source: 'Our trade body', year: 2025, statistic: 'median' });
  expect(body.total.rates).toMatchObject({ clicked: { industry: 0.021 }, openedByAny: { industry: null } });
  expect((await call('PUT', '/settings/email-health', { industry: null })).status).toBe(200);
  const { body: alone } = await call('GET', `/reports/email-health?${may}`);
  expect(alone.industry).toBeNull();
  expect(alone.total.rates.clicked).toEqual({ value: 0.333333, of: 'delivered', industry: null });
  const wrong = await call('PUT', '/settings/email-health', { industry: { ...industry, rates: { clicked: 21 } } });
  expect(wrong.status).toBe(400);
  expect(wrong.body.errors[0].field).toContain('industry');
});

test('V3 a group or a time that is none is refused by name', async () => {
  const refused = async (query: string) => {
    const { status, body } = await call('GET', `/reports/email-health?${query}`);
    return [status, body.errors?.[0]?.field];
  };
  expect(await refused('by=moon')).toEqual([400, 'by']);
  expect(await refused('from=yesterday')).toEqual([400, 'from']);
  expect(await refused('from=2026-05-02T00:00:00Z&to=2026-05-01T00:00:00Z')).toEqual([400, 'to']);
});
