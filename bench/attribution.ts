import type pg from 'pg';
import { attribution } from '#db/attribution.ts';
import { migrate } from '#db/migrate.ts';
import { ensureMonths } from '#db/partitions.ts';
import { attributionModels } from '#domain/attribution.ts';
import { onPostgres, type Result, round2 } from './lib.ts';

/**
 * The report of one month by each model, among half a year of orders, messages, clicks and visits; beside the last click of the same
 * orders by one statement, which knows no other model. `BENCH_ORDERS` sets how many orders there are in the half-year.
 */
export const name = 'attribution';

const orders = Number(process.env.BENCH_ORDERS ?? 300_000);
const customers = Math.round(orders / 3);
const messages = Math.round(orders * 3.3);
const events = orders * 10;
const begin = Date.parse('2026-01-01T00:00:00Z');
const from = new Date('2026-05-01T00:00:00Z');
const to = new Date('2026-06-01T00:00:00Z');
/** Seconds from the first to the last. */
const span = 180 * 86_400;

export async function run(): Promise<Result[]> {
  return onPostgres(async (db, pool) => {
    await migrate(db);
    for (let month = 0; month < 7; month++)
      await ensureMonths(db, ['events', 'message_events'], new Date(Date.UTC(2026, month, 2)));
    await seed(pool);
    const least = await fastest(() => pool.query(lastClicks, [from, to]));
    const results: Result[] = [];
    for (const model of attributionModels) {
      const asked = { model, by: 'message', profile: null, from, to, now: to } as const;
      const value = round2(await fastest(() => attribution(db, asked)));
      const baselineName = 'the last click of the same orders by one statement';
      const beside = { baseline: round2(least), baselineName, ratio: round2(value / least) };
      results.push({ name: `attribution-${model.replaceAll('_', '-')}`, value, unit: 's', ...beside });
    }
    return results;
  });
}

const lastClicks = `
  select count(*), sum(total), template from orders o left join lateral (
    select m.template from messages m join message_events e on e.message_id = m.id and e.kind = 'clicked' and e.by = 'human'
    where m.customer_id = o.customer_id and e.at >= o.placed_at - interval '5 days' and e.at < o.placed_at
    order by e.at desc, e.id desc limit 1) click on true
  where placed_at >= $1 and placed_at < $2 group by template`;

/** Evenly over the half-year. One message of five is clicked; of the pages one in ten is come to from elsewhere. */
async function seed(pool: pg.Pool): Promise<void> {
  const evenly = (count: number) =>
    `(select n, to_timestamp(${begin / 1000} + n * ${span / count}) as at from generate_series(1, ${count}) n) made`;
  const id = (number: string) => `lpad(to_hex(${number}), 32, '0')::uuid`;
  await pool.query(`
    alter table orders disable trigger all;
    insert into customers (id, created_at) select ${id('n')}, to_timestamp(${begin / 1000}) from generate_series(1, ${customers}) n;
    insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
      select n, ${id(`1 + n * 31 % ${customers}`)}, 'personal', case when n % 30 = 0 then 'cancelled' else 'placed' end, 100000, 'RUB', at, at
      from ${evenly(orders)};
    insert into messages (id, customer_id, journey, block, channel, template, locale, class, kind, counts, state, settings_version, links,
        due_at, reserved_at, accepted_at, clicked_at)
      select ${id('n')}, ${id(`1 + n * 7 % ${customers}`)}, 'abandonment', 'cart-1', 'email', 'cart-' || n % 4, 'ru', 'abandonment', 'marketing',
        true, 'delivered', 1, array['https://shop.example/cart?utm_source=vestnik&utm_content=cart-' || n % 4],
        at, at, at, case when n % 5 = 0 then at + interval '1 hour' end from ${evenly(messages)};
    insert into message_events (id, at, message_id, kind, by, link)
      select gen_random_uuid(), clicked_at, id, 'clicked', 'human', 0 from messages where clicked_at is not null;
    insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
      select gen_random_uuid(), at, at, ${id('1')}, n, case when n % 2 = 0 then 'page' else 'track' end, 'page',
        ${id(`1 + n * 7919::bigint % ${customers}`)}, 'personal', json_build_object('context', json_build_object('userAgent', repeat('x', 300),
          'page', json_build_object('url', 'https://shop.example/p/' || n,
            'referrer', case when n % 10 = 0 then 'https://www.google.com/' else 'https://shop.example/' end)))
      from ${evenly(events)};
    alter table orders enable trigger all;`);
  await pool.query('vacuum analyze');
}

/** Seconds; the best of three. */
async function fastest(act: () => Promise<unknown>): Promise<number> {
  const seconds: number[] = [];
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    await act();
    seconds.push((performance.now() - start) / 1000);
  }
  return Math.min(...seconds);
}

if (import.meta.main) for (const result of await run()) console.log(JSON.stringify(result));
