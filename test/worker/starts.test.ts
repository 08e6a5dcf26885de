import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { sql } from 'kysely';
import { beforeAll, expect, test } from 'vitest';
import { jobs } from '#activities/jobs.ts';
import { planStarts, releaseAtPace, releaseStarts } from '#activities/starts.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { saveSettings } from '#db/settings.ts';
import { createRelay } from '#relay/relay.ts';
import { day, plantCustomers, plantOrders } from '#test/db/metrics/support.ts';
import { endClaims, silent, time, until } from '#test/relay/signals.ts';
import { manualClock } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { createStarts } from '#worker/starts.ts';
import { settings as atRisk } from '#workflows/at-risk/settings.ts';
import { hearing } from './hearing.ts';

// A night that moves twenty thousand customers at once, and what Temporal hears of it.

const { db, pool, url } = await freshDatabase();
const many = 20_000;
const unreachable = 1_000;
const ordering = 500;
const ordered = new Date('2026-03-02T09:00:00Z');
/** The ninety-first night, three o'clock in Moscow. */
const night = new Date('2026-06-01T00:00:00Z');
const over = new Date(night.getTime() + day);

const counted = async (query: ReturnType<typeof sql>) =>
  Number((await sql<{ n: string }>`select count(*) as n from (${query}) counted`.execute(db)).rows[0]?.n);
const waiting = () => counted(sql`select from waiting_starts`);
const heard = () => counted(sql`select from heard`);

beforeAll(async () => {
  await sql`create table heard (workflow_id text not null, at timestamptz not null)`.execute(db);
  const customers = await plantCustomers(pool, many, ordered);
  await pool.query(
    `insert into profiles (customer_id, kind, email) select id, 'personal', 'c' || n || '@example.com'
     from unnest($1::uuid[]) with ordinality as c (id, n) where n > $2`,
    [customers, unreachable],
  );
  await plantOrders(
    pool,
    customers.map((customer) => ({ customer, at: ordered, total: 100_000 })),
  );
  await saveSettings(db, 'at-risk', atRisk.parse({ enabled: true }), 'test', ordered);
});

test('the first computation starts nothing: nobody has come from another stage', async () => {
  expect(await jobs.metrics(db, new Date(ordered.getTime() + day))).toMatchObject({ transitions: many, planned: 0 });
});

/** A worker that is killed once `condition` holds. */
async function killedWhen(script: string, args: string[], condition: () => Promise<boolean>): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, script), url, ...args], { stdio: 'inherit' });
  const ended = once(child, 'exit');
  await until(condition);
  child.kill('SIGKILL');
  expect((await ended)[1]).toBe('SIGKILL');
}

test('one night’s starts, whoever is killed while they are written: each once, evenly over the waking hours, none told to Temporal yet', async () => {
  expect(await refreshMetrics(db, night)).toMatchObject({ transitions: many });
  await killedWhen('planning.ts', [night.toISOString()], async () => (await waiting()) > many / 10);
  const { planned } = await planStarts(db, night);
  expect([planned > 0, await waiting()]).toEqual([true, many]);
  expect(await planStarts(db, night)).toEqual({ planned: 0 });
  const { rows } = await sql<{ hour: number; starts: number }>`
    select date_part('hour', due_at at time zone 'Europe/Moscow') as hour, count(*)::int as starts
    from waiting_starts group by 1 order by 1`.execute(db);
  expect(rows.map(({ hour }) => hour)).toEqual([9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20]);
  for (const { starts } of rows) expect(Math.abs(starts - many / 12)).toBeLessThan(20);
  expect(await counted(sql`select from outbox`)).toBe(0);
});

test('as many go in a second as are allowed, however many workers there are', async () => {
  const perSecond = 100;
  await sql`update start_pace set tokens = 0, filled_at = clock_timestamp()`.execute(db);
  const before = await waiting();
  const began = performance.now();
  const workers = Array.from({ length: 4 }, async () => {
    while (performance.now() - began < 1_500) await releaseAtPace(db, over, perSecond);
  });
  await Promise.all(workers);
  const allowed = ((performance.now() - began) / 1000) * perSecond;
  const gone = await counted(sql`select from outbox`);
  expect(gone).toBeGreaterThanOrEqual(perSecond / 2);
  expect(gone).toBeLessThanOrEqual(Math.ceil(allowed));
  expect(before - (await waiting())).toBeGreaterThanOrEqual(gone);
});

test('workers are killed on the way: everybody who is to be started is, none is forgotten, no run is begun twice', async () => {
  await sql`insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
    select 'again-' || customer_id, customer_id, 'personal', 'placed', 1, 'RUB', ${night}, ${night}
    from (select customer_id from waiting_starts join profiles using (customer_id) order by due_at desc limit ${ordering}) late`.execute(
    db,
  );
  for (const enough of [3_000, 9_000]) {
    await endClaims(db);
    await killedWhen('starting.ts', [over.toISOString()], async () => (await heard()) > enough);
  }
  await endClaims(db);
  const clock = manualClock(over);
  const relay = createRelay({ db, port: hearing(pool), time, log: silent });
  const starts = createStarts({ db, clock, relay, log: silent, options: { everyMs: 20, perSecond: 5_000 } });
  starts.start();
  await until(async () => (await waiting()) === 0, 60);
  await starts.close();
  await until(async () => (await relay.drain()) === 0 && (await counted(sql`select from outbox`)) === 0);
  await relay.close();
  expect(await counted(sql`select distinct workflow_id from heard`)).toBe(many - unreachable - ordering);
  // What was on its way when a worker died is told again, for the same run: it is one start in Temporal.
  expect((await heard()) - (many - unreachable - ordering)).toBeLessThanOrEqual(2 * 32 * 2);
  const missed = await sql`select reason, count(*)::int as n from not_entered group by 1 order by 1`.execute(db);
  expect(missed.rows).toEqual([
    { reason: 'stage_left', n: ordering },
    { reason: 'unreachable', n: unreachable },
  ]);
});

test('who was joined to another before their time is started as that one', async () => {
  const [from = '', into = ''] = await plantCustomers(pool, 2, night);
  await pool.query(`insert into profiles (customer_id, kind, email) values ($1, 'personal', 'into@example.com')`, [
    into,
  ]);
  await plantOrders(pool, [{ customer: into, at: ordered, total: 1 }]);
  await pool.query('update customers set merged_into = $2 where id = $1', [from, into]);
  await sql`insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
    values ('at-risk', ${from}, 'personal:2026-06-01', 'personal', 'at_risk', ${night}, ${night})`.execute(db);
  const looks = [await releaseStarts(db, night, 10), await releaseStarts(db, night, 10)];
  expect(looks.map(({ rows }) => rows.map(({ workflow_id }) => workflow_id))).toEqual([
    [],
    [`at-risk:${into}:personal:2026-06-01`],
  ]);
});
