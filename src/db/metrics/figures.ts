import { sql } from 'kysely';
import type { Trx } from '#db/connect.ts';

/** What up to `most` changed orders are worth, kept with them, and whose metrics and run-outs they concern: of `order_changes` they go
 *  to `metrics_changed` and `replenishment_changed`. Answers how many there were. */
export async function takeOrderChanges(trx: Trx, most: number): Promise<number> {
  const { rows } = await sql<{ taken: number }>`
    with taken as (
      delete from order_changes where id <= (
        select max(id) from (select id from order_changes order by id limit ${most}) first)
      returning order_id, customer_id, profile
    ), concerned as (
      insert into metrics_changed (customer_id, profile) select distinct customer_id, profile from taken order by 1, 2
      on conflict do nothing
    ), replenished as (
      insert into replenishment_changed (customer_id) select distinct customer_id from taken order by 1 on conflict do nothing
    ), lines as (
      select order_id, sum(cost * quantity) as cost, bool_and(cost is not null) as is_known,
        sum(price * quantity) as price, bool_or(old_price > price) as is_reduced
      from order_lines where order_id in (select order_id from taken) group by 1
    ), worth as (
      update orders o set margin = case when l.is_known then o.total - l.cost end, discounted = l.is_reduced is true or o.total < l.price
      from lines l where l.order_id = o.order_id and (o.margin, o.discounted) is distinct from
        (case when l.is_known then o.total - l.cost end, l.is_reduced is true or o.total < l.price)
    )
    select count(*) as taken from taken`.execute(trx);
  return rows[0]?.taken ?? 0;
}

/**
 * Makes the table `figures`, of this transaction: what the orders of everybody (`full`), or of those in `metrics_changed`, come
 * to. Who has none left is not in it.
 */
export async function countFigures(trx: Trx, currency: string, full: boolean): Promise<void> {
  const whose = full ? sql`` : sql`join metrics_changed using (customer_id, profile)`;
  if (!full) await sql`analyze metrics_changed`.execute(trx);
  // A million customers in one hash table, not in pieces on the disk: at night, by one process.
  const before = full ? await setWorkMem(trx, '192MB') : null;
  await sql`
    create temporary table figures on commit drop as
    select customer_id, profile, count(*)::int as orders,
      coalesce(sum(total) filter (where currency = ${currency}), 0)::bigint as turnover,
      (sum(margin) filter (where currency = ${currency}))::bigint as profit, (count(*) filter (where discounted))::int as discounted,
      min(placed_at) as first_order_at, max(placed_at) as last_order_at
    from orders ${whose} where state = 'placed' group by customer_id, profile`.execute(trx);
  if (before !== null) await setWorkMem(trx, before);
  await sql`analyze figures`.execute(trx);
}

/** Until the transaction ends. Answers what it was. */
async function setWorkMem(trx: Trx, size: string): Promise<string> {
  const { rows } = await sql<{ before: string }>`
    with was as materialized (select current_setting('work_mem') as before)
    select before, set_config('work_mem', ${size}, true) from was`.execute(trx);
  return rows[0]?.before ?? size;
}
