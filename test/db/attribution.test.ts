import { expect, test } from 'vitest';
import { attribution } from '#db/attribution.ts';
import { connect, createPool } from '#db/connect.ts';
import type { AttributionModel } from '#domain/attribution.ts';
import { newMessage } from '#test/api/tracking/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { day, plantCustomers, plantOrders } from './metrics/support.ts';

const { db, pool, url } = await freshDatabase();
const start = new Date('2026-05-01T00:00:00Z');
const end = new Date(start.getTime() + 31 * day);
const ask = (model: AttributionModel) =>
  attribution(db, { model, by: 'block', profile: null, from: start, to: end, now: end });

test('V2 of more orders than are read at a time each is counted once, also where many are of one instant', async () => {
  const [one = '', other = ''] = await plantCustomers(pool, 2, start);
  const { id } = await newMessage(db, one, { clicked_at: new Date(start.getTime() + 1) });
  await pool.query(`select ensure_month('message_events', $1)`, [start]);
  await db
    .insertInto('message_events')
    .values({ id, message_id: id, kind: 'clicked', by: 'human', link: 0, at: new Date(start.getTime() + 1) })
    .execute();
  const count = 5_001;
  const orders = Array.from({ length: count }, (_, n) => ({
    customer: n % 3 === 0 ? one : other,
    at: new Date(start.getTime() + day * (n < 3_000 ? 1 : 2)),
    total: n,
  }));
  await plantOrders(pool, orders);
  for (const model of ['last_click', 'first_interaction'] as const) {
    const { total, messages, untouched } = await ask(model);
    expect(total).toMatchObject({ orders: count, revenue: new Map([['RUB', (count * (count - 1)) / 2]]) });
    expect([messages.orders, untouched.orders]).toEqual([count / 3, (2 * count) / 3]);
  }
});

/** Others who have bought, clicked and come, a month before and in the same month's partitions. */
async function grow(from: number, to: number): Promise<void> {
  await pool.query(
    `with other as materialized (select n, uuidv7() as id, uuidv7() as message, $3::timestamptz - n * interval '1 second' as at from generate_series($1::int, $2) n),
    people as (insert into customers (id, created_at) select id, at from other),
    bought as (insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
      select 'other' || n, id, 'personal', 'placed', 5, 'RUB', at, at from other),
    told as (insert into messages (id, customer_id, journey, block, channel, template, locale, class, kind, counts, state, settings_version, due_at, reserved_at, accepted_at, clicked_at)
      select message, id, 'abandonment', 'cart-1', 'email', 'cart-reminder', 'en', 'abandonment', 'marketing', true, 'accepted', 1, at, at, at, at from other),
    clicked as (insert into message_events (id, at, message_id, kind, by) select uuidv7(), at, message, 'clicked', 'human' from other)
    insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
      select uuidv7(), at, at, uuidv7(), n::text, 'page', 'page', id, 'personal', '{}' from other`,
    [from, to, start],
  );
  await pool.query(`select brin_summarize_new_values('messages_times')`);
  await pool.query('analyze');
}

/** Pages of each table, months together, and of its indexes that a report reads. */
async function pagesOfReport(): Promise<Record<string, number>> {
  // Forty thousand messages are so few that walks along a whole index seem as cheap as the summary by time: until what is in
  // memory is priced as such.
  const alone = createPool(url, 1, '-c TimeZone=UTC -c random_page_cost=1.1');
  const seen = async () => {
    await alone.query('select pg_stat_force_next_flush()');
    const { rows } = await alone.query<{ name: string; pages: number }>(`
      select regexp_replace(relname, '_\\d{4}_\\d\\d$', '') as name,
        sum(heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0))::int as pages
      from pg_statio_user_tables where relname ~ '^(orders|messages|message_events|events)(_\\d{4}_\\d\\d)?$' group by 1`);
    return Object.fromEntries(rows.map(({ name, pages }) => [name, pages]));
  };
  const asked = {
    model: 'first_interaction',
    by: 'block',
    profile: null,
    from: end,
    to: new Date(end.getTime() + day),
    now: end,
  } as const;
  const before = await seen();
  const { total } = await attribution(connect(alone), asked);
  const after = await seen();
  await alone.end();
  expect(total.orders).toBe(5);
  return Object.fromEntries(Object.entries(after).map(([name, pages]) => [name, pages - (before[name] ?? 0)]));
}

test('V2 what a report reads does not grow with the orders, messages, clicks and visits of others', async () => {
  const people = await plantCustomers(pool, 5, start);
  await plantOrders(
    pool,
    people.map((customer) => ({ customer, at: end, total: 1 })),
  );
  await pool.query(`select ensure_month('events', $1), ensure_month('message_events', $1)`, [
    new Date(start.getTime() - day),
  ]);
  await grow(1, 2_000);
  const few = await pagesOfReport();
  await grow(2_001, 40_000);
  const many = await pagesOfReport();
  expect(Object.keys(many).toSorted()).toEqual(['events', 'message_events', 'messages', 'orders']);
  for (const [name, pages] of Object.entries(many)) expect(pages, name).toBeLessThan(2 * (few[name] ?? 0) + 50);
});
