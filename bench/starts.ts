import type pg from 'pg';
import { planStarts, releaseStarts } from '#activities/starts.ts';
import type { Db } from '#db/connect.ts';
import { migrate } from '#db/migrate.ts';
import { saveSettings } from '#db/settings.ts';
import { settings as atRisk } from '#workflows/at-risk/settings.ts';
import { onPostgres, type Result, round2 } from './lib.ts';

/**
 * A night that moves everybody: writing down a start for each of a million changes of stage, and handing those that are due to the
 * outbox, as fast as it goes. `BENCH_CUSTOMERS` sets how many there are.
 */
export const name = 'starts';

const customers = Number(process.env.BENCH_CUSTOMERS ?? 1_000_000);
const night = new Date('2026-06-01T00:00:00Z');
const over = new Date('2026-06-02T00:00:00Z');
const handedOver = Math.min(customers, 50_000);
const atOnce = 500;

export async function run(): Promise<Result[]> {
  return onPostgres(async (db, pool) => {
    await seed(db, pool);
    const bare = await timed(() =>
      pool.query(`create table bare (like waiting_starts including all); insert into bare
        select 'at-risk', customer_id, 'personal:2026-06-01', profile, to_stage, at, at from stage_transitions`),
    );
    const planned = await timed(() => planStarts(db, night));
    await pool.query(`create table numbered as select row_number() over (order by customer_id) as n, * from bare limit ${handedOver};
      alter table numbered add primary key (n)`);
    const put = await timed(() => bareOutbox(pool));
    const released = await timed(() => handOver(db));
    return [
      result('starts-planned', planned, bare, { of: customers, baselineName: 'the same rows by one INSERT' }),
      result('starts-handed-over', released, put, {
        of: handedOver,
        baselineName: `the outbox rows by INSERTs of ${atOnce}`,
      }),
    ];
  });
}

interface About {
  of: number;
  baselineName: string;
}

/** By the minute. */
function result(of: string, seconds: number, baseline: number, { of: rows, baselineName }: About): Result {
  const rate = (took: number) => Math.round((rows / took) * 60);
  return {
    name: of,
    value: rate(seconds),
    unit: 'starts/min',
    baseline: rate(baseline),
    baselineName,
    ratio: round2(baseline / seconds),
  };
}

/** Everybody ordered in March, and has come to be at risk this night. */
async function seed(db: Db, pool: pg.Pool): Promise<void> {
  await migrate(db);
  await saveSettings(db, 'at-risk', atRisk.parse({ enabled: true }), 'bench', night);
  await pool.query(`
    create table people as select n, gen_random_uuid() as id from generate_series(1, ${customers}) n;
    insert into customers (id, created_at) select id, timestamptz '2026-03-01' from people;
    insert into profiles (customer_id, kind, email) select id, 'personal', 'c' || n || '@example.com' from people;
    insert into customer_metrics (customer_id, profile, orders, turnover, discounted, first_order_at, last_order_at, code, score, segment, stage, stage_at, changed_at)
      select id, 'personal', 1, 100, 0, timestamptz '2026-03-01', timestamptz '2026-03-01', 211, 311, 'about_to_sleep', 'at_risk', '2026-06-01', '2026-06-01'
      from people;
    insert into stage_transitions (customer_id, profile, from_stage, to_stage, at)
      select id, 'personal', 'new', 'at_risk', '2026-06-01' from people order by id;
    drop table people;`);
  await pool.query('vacuum analyze');
}

async function bareOutbox(pool: pg.Pool): Promise<void> {
  for (let from = 0; from < handedOver; from += atOnce)
    await pool.query(
      `insert into outbox (workflow_id, signal, journey, customer_id, key, reason, occurred_at, claimed_until)
       select 'bare:' || customer_id, 'start', 'bare', customer_id, key, reason, since, now()
       from numbered where n > ${from} and n <= ${from + atOnce}`,
    );
}

async function handOver(db: Db): Promise<void> {
  for (let gone = 0; gone < handedOver; ) gone += (await releaseStarts(db, over, atOnce)).rows.length;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await act();
  return (performance.now() - began) / 1000;
}
