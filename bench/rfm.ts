import type pg from 'pg';
import type { Db } from '#db/connect.ts';
import { type Refreshed, type RefreshOptions, refreshMetrics } from '#db/metrics/refresh.ts';
import { migrate } from '#db/migrate.ts';
import { median, onPostgres, type Result, round2 } from './lib.ts';

/**
 * Metrics, RFM and stages of all customers, beside one `group by` over the same orders; and of a day on which one customer of a hundred
 * ordered, beside the whole. `BENCH_ORDERS` sets how many orders there are, a sixth of it customers.
 */
export const name = 'rfm';

const orders = Number(process.env.BENCH_ORDERS ?? 5_000_000);
const customers = Math.round(orders / 6.25);
const days = 3;
const now = Date.parse('2026-05-04T03:00:00Z');
const day = 86_400_000;

export async function run(): Promise<Result[]> {
  return onPostgres(async (db, pool) => {
    await seed(db, pool);
    const grouped = await grouping(pool);
    const first = await refreshing(db, 0, { full: true });
    const full = await refreshing(db, 0, { full: true });
    const changes: number[] = [];
    for (let after = 1; after <= days; after++) {
      await aDay(pool, after);
      changes.push(await refreshing(db, after, {}));
    }
    const baselineName = `group by over ${orders.toLocaleString('en')} orders`;
    return [
      result('rfm-full-empty', first, grouped, baselineName),
      result('rfm-full', full, grouped, baselineName),
      result('rfm-changed-1-percent', median(changes), full, 'rfm-full'),
    ];
  });
}

function result(of: string, value: number, baseline: number, baselineName: string): Result {
  return {
    name: of,
    value: round2(value),
    unit: 's',
    baseline: round2(baseline),
    baselineName,
    ratio: round2(value / baseline),
  };
}

/** Orders over three years, most customers with few of them; a line each. */
async function seed(db: Db, pool: pg.Pool): Promise<void> {
  await migrate(db);
  await pool.query(`
    alter table orders disable trigger orders_changed;
    insert into products (id, name, url, category, published_at, updated_at)
      select 'p' || n, 'Product ' || n, 'https://shop.example/p' || n, 'c' || n % 50, now(), now() from generate_series(0, 4999) n;
    create table people as select n, gen_random_uuid() as id from generate_series(1, ${customers}) n;
    insert into customers (id, created_at) select id, timestamptz '2023-05-01' from people;
    alter table people add primary key (n);
    create table made as select n, 1 + floor(power(random(), 1.5) * ${customers})::int as person, random() as age, random() as sum
      from generate_series(1, ${orders}) n;
    insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at, margin)
      select 'o' || made.n, id, case when made.person % 10 = 0 then 'corporate' else 'personal' end,
        case when sum < 0.03 then 'cancelled' else 'placed' end, 50000 + floor(sum * 900000), 'RUB',
        at, at, floor(sum * 200000) from made join people on people.n = person,
        lateral (select to_timestamp(${now / 1000}) - age * age * interval '1100 days' as at) moment;
    insert into order_lines (order_id, product_id, quantity, price)
      select 'o' || n, 'p' || n % 5000, 1, 50000 + floor(sum * 900000) from made;
    drop table made;
    alter table orders enable trigger orders_changed;`);
  await pool.query('vacuum analyze');
  await pool.query('checkpoint');
}

/** The seconds of the least that any recompute must do; the best of three. */
async function grouping(pool: pg.Pool): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < 3; round++)
    seconds.push(
      await timed(() =>
        pool.query(`select sum(orders), sum(turnover), min(first), max(last) from (
          select customer_id, profile, count(*) as orders, sum(total) as turnover, min(placed_at) as first, max(placed_at) as last
          from orders where state = 'placed' group by customer_id, profile) grouped`),
      ),
    );
  return Math.min(...seconds);
}

/** One customer of a hundred orders once more, and time goes on for all. */
async function aDay(pool: pg.Pool, after: number): Promise<void> {
  const at = new Date(now + after * day - day / 2);
  await pool.query(
    `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
     select 'day' || ${after} || '-' || n, id, 'personal', 'placed', 250000, 'RUB', $1, $1 from people where n % 100 = ${after}`,
    [at],
  );
  await pool.query(`insert into order_lines (order_id, product_id, quantity, price)
    select 'day' || ${after} || '-' || n, 'p' || n % 5000, 1, 250000 from people where n % 100 = ${after}`);
}

async function refreshing(db: Db, after: number, options: RefreshOptions): Promise<number> {
  const seconds = await timed(async () => {
    const done: Refreshed | null = await refreshMetrics(db, new Date(now + after * day), options);
    if (done === null) throw new Error('another recompute is under way');
    console.error(JSON.stringify(done));
  });
  return seconds;
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}

if (import.meta.main) for (const result of await run()) console.log(JSON.stringify(result));
