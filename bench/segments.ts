import type pg from 'pg';
import type { Db } from '#db/connect.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { migrate } from '#db/migrate.ts';
import { refreshSegments } from '#db/segments/refresh.ts';
import { insertSegment } from '#db/segments/segments.ts';
import { saveSettings } from '#db/settings.ts';
import type { Condition } from '#domain/segments.ts';
import { defaultShop } from '#domain/shop.ts';
import { onPostgres, type Result, round2 } from './lib.ts';

/**
 * Fifty segments: everybody looked at, beside one pass over the customers for each of them; an hour later (as often as the worker
 * looks), when one customer of a hundred has ordered or looked at something; and a day later, when time alone has carried a quarter
 * of the customers over an edge of some window. `BENCH_CUSTOMERS` sets how many there are.
 */
export const name = 'segments';

const customers = Number(process.env.BENCH_CUSTOMERS ?? 1_000_000);
const now = Date.parse('2026-05-04T03:30:00Z');
const hour = 3_600_000;
const at = (hours: number) => new Date(now + hours * hour);

export async function run(): Promise<Result[]> {
  return onPostgres(async (db, pool) => {
    await seed(db, pool);
    for (const [index, condition] of conditions().entries())
      await insertSegment(db, { name: `segment ${index}`, condition, expiresAt: null }, at(0));
    await refreshed(db, 0);
    // Other settings: everybody is looked at again.
    await saveSettings(db, 'shop', defaultShop, 'bench', at(0));
    const full = await refreshed(db, 1);
    const passes = await onePassEach(pool);
    await changeOneInAHundred(pool);
    await refreshMetrics(db, at(2));
    const changed = await refreshed(db, 2);
    await refreshMetrics(db, at(25));
    const nextDay = await refreshed(db, 25);
    return [
      result('segments-full', full, passes, '50 times a count over the customers'),
      result('segments-changed-1-percent', changed, full, 'segments-full'),
      result('segments-next-day', nextDay, full, 'segments-full'),
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

/** Ten of five kinds, each of a few per cent of the customers. */
function conditions(): Condition[] {
  return Array.from({ length: 10 }, (_, n) => n).flatMap((n): Condition[] => [
    {
      all: [
        { where: 'trait', name: 'industry', is: { in: [`i${n}`] } },
        { where: 'reachable', channels: ['email'] },
      ],
    },
    { where: 'metric', metric: 'average', is: { gte: 50_000 + n * 90_000, lt: 100_000 + n * 90_000 } },
    {
      all: [
        { where: 'orders', placed: { within: 'P90D', before: 'P45D' }, lines: { categories: [`c${n}`] } },
        { not: { where: 'orders', placed: { within: 'P45D' } } },
      ],
    },
    {
      any: [
        { where: 'rfm', codes: ['33x'] },
        { where: 'trait', name: 'vip', is: { in: [true] } },
      ],
    },
    {
      all: [
        { where: 'events', name: 'Product Viewed', occurred: { within: `P${n + 3}D` } },
        { where: 'stage', in: ['lost', 'gone'] },
      ],
    },
  ]);
}

async function seed(db: Db, pool: pg.Pool): Promise<void> {
  await migrate(db);
  for (const month of ['2026-04-01', '2026-05-01'])
    await pool.query(`select ensure_month('events', $1::date)`, [month]);
  await pool.query(`
    create table people as select n, gen_random_uuid() as id from generate_series(1, ${customers}) n;
    alter table people add primary key (n);
    insert into customers (id, created_at, traits) select id, timestamptz '2025-05-01',
      jsonb_build_object('industry', 'i' || n % 40, 'vip', n % 50 = 0, 'level', n % 7) from people;
    insert into profiles (customer_id, kind, email) select id, 'personal', 'c' || n || '@example.com' from people where n % 5 > 0;
    insert into consent_states (customer_id, purpose, channel, state, at)
      select id, 'advertising', 'email', 'denied', now() from people where n % 10 = 0;
    insert into products (id, name, url, category, published_at, updated_at)
      select 'p' || n, 'Product ' || n, 'https://shop.example/p' || n, 'c' || n % 50, now(), now() from generate_series(0, 4999) n;
    alter table orders disable trigger orders_changed;
    insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
      select 'o' || n || '-' || k, id, 'personal', 'placed', 50000 + floor(random() * 900000), 'RUB', placed, placed
      from (select n, id, k, to_timestamp(${now / 1000}) - random() * random() * interval '700 days' as placed
        from people, generate_series(1, 2) k where n % 5 > 0 offset 0) made;
    insert into order_lines (order_id, product_id, quantity, price)
      select order_id, 'p' || (random() * 4999)::int, 1, total from orders;
    alter table orders enable trigger orders_changed;
    insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
      select gen_random_uuid(), t, t, gen_random_uuid(), n::text, 'track', 'Product Viewed', id, 'personal', '{}'
      from (select n, id, to_timestamp(${now / 1000}) - random() * interval '20 days' as t from people where n % 2 = 0 offset 0) made;`);
  await pool.query('vacuum analyze');
  await refreshMetrics(db, at(0), { full: true });
}

async function changeOneInAHundred(pool: pg.Pool): Promise<void> {
  await pool.query(
    `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
     select 'new' || n, id, 'personal', 'placed', 250000, 'RUB', $1, $1 from people where n % 200 = 1`,
    [at(1.5)],
  );
  await pool.query(
    `insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
     select gen_random_uuid(), $1, $1, gen_random_uuid(), 'new' || n, 'track', case when n % 200 = 1 then 'Order Completed' else 'Product Viewed' end,
       id, 'personal', '{}' from people where n % 100 = 1`,
    [at(1.5)],
  );
}

/** The least that fifty questions about all customers cost. */
async function onePassEach(pool: pg.Pool): Promise<number> {
  return timed(async () => {
    for (let n = 0; n < 50; n++)
      await pool.query(`select count(*) from customers c where c.traits->>'industry' = $1`, [`i${n}`]);
  });
}

async function refreshed(db: Db, hours: number): Promise<number> {
  return timed(async () => console.error(JSON.stringify(await refreshSegments(db, at(hours)))));
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await act();
  return (performance.now() - start) / 1000;
}

if (import.meta.main) for (const result of await run()) console.log(JSON.stringify(result));
