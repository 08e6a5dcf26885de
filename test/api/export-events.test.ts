import { sql } from 'kysely';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { freshDatabase } from '#test/support/database.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { db, pool } = database;
let now = Date.parse('2026-01-31T23:59:00Z');
const clock = { time: { origin: 0, scale: 1 }, now: () => new Date(now) };
const intake = createIntake({ pool, clock, routing, onOutbox: () => {} });
afterAll(() => intake.close());
const { call, request } = await testGateway(database, { intake, clock });
const writeKey = (await createKey(db, 'sources', 'site', clock.now()))?.key ?? '';

/** Twenty events, half a minute apart, over the end of a month. */
beforeAll(async () => {
  for (let n = 0; n < 20; n++) {
    const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
    const body = JSON.stringify({ messageId: `m-${n}`, userId: 'anna', event: 'Product Viewed', n });
    const headers = { authorization, 'content-type': 'application/json' };
    expect((await request('/v1/track', { method: 'POST', headers, body })).status).toBe(200);
    now += 30_000;
  }
});

interface Line {
  messageId: string;
  cursor: string;
}

async function exported(query: string): Promise<Line[]> {
  const { status, headers, text } = await call('GET', `/exports/events${query}`);
  expect(status).toBe(200);
  expect(headers.get('content-type')).toContain('application/x-ndjson');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line));
}

test('all events come, each as it was kept, but for those of the last minute', async () => {
  const lines = await exported('');
  expect(lines.map(({ messageId }) => messageId)).toEqual(Array.from({ length: 18 }, (_, n) => `m-${n}`));
  expect(lines[7]).toMatchObject({
    receivedAt: '2026-02-01T00:02:30.000Z',
    source: 'site',
    name: 'Product Viewed',
    profile: 'personal',
    payload: { userId: 'anna', n: 7 },
  });
  now += 60_000;
  expect(await exported('')).toHaveLength(20);
});

test('an export that broke off goes on behind its last whole line, wherever that was', async () => {
  const all = await exported('');
  for (const broken of [1, 2, 9, 20]) {
    const first = await exported(`?limit=${broken}`);
    const rest = await exported(`?cursor=${first.at(-1)?.cursor}`);
    expect([...first, ...rest]).toEqual(all);
  }
});

test('what is no cursor is refused', async () => {
  expect((await call('GET', '/exports/events?cursor=nonsense')).body.code).toBe('invalid_cursor');
});

test('many are read page by page, by the index of each month', async () => {
  await sql`insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
    select gen_random_uuid(), at, at, gen_random_uuid(), 'x-' || n, 'track', 'Other', gen_random_uuid(), 'personal', '{}'
    from (select n, '2026-01-10'::timestamptz + n * interval '1 second' as at from generate_series(1, 2500) n) all_`.execute(
    db,
  );
  const lines = await exported('');
  expect(lines).toHaveLength(2520);
  expect(new Set(lines.map(({ messageId }) => messageId)).size).toBe(2520);
});
