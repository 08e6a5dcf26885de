import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '#db/connect.ts';
import type { ReplenishmentModel } from '#domain/replenishment.ts';

/** What the job goes by: the model, and where a customer says how many they are. */
export interface Counting {
  model: ReplenishmentModel;
  /** The trait with the number of people in the household. */
  householdTrait: string;
  now: Date;
}

/**
 * Makes the table `pairs`, of this transaction: of each customer (of all, or of those in `concerned`) and product the last purchase, and
 * how long one piece has lasted a usual household until the next (`own_days`, the median of `times`). Purchases of one day (UTC) are one.
 */
export async function readPairs(trx: Trx, { model, householdTrait, now }: Counting, all: boolean): Promise<void> {
  const whose = all ? sql`` : sql`join concerned using (customer_id)`;
  const lasted = sql`(day - lag(day) over same) / ${stretch(sql`lag(quantity) over same`, model, sql`household`)}`;
  await sql`
    create temporary table pairs on commit drop as
    with named as (
      select distinct on (ref) ref, id from (select id as ref, id, 0 as rank from products union all select sku, id, 1 from products) named
      where ref is not null order by ref, rank, id
    ), days as (
      select customer_id, named.id as product_id, (o.placed_at at time zone 'UTC')::date as day, max(o.placed_at) as at,
        greatest(1, sum(l.quantity))::int as quantity
      from orders o ${whose} join order_lines l using (order_id) join named on named.ref = l.product_id
      where o.state = 'placed' and o.placed_at <= ${now} group by 1, 2, 3
    ), timed as (
      select d.*, household, ${lasted} as lasted
      from days d join (select c.id, ${householdOf(householdTrait)} as household from customers c where merged_into is null and erased_at is null) c
        on c.id = d.customer_id
      window same as (partition by d.customer_id, product_id order by day)
    )
    select customer_id, product_id, max(at) as bought_at, (array_agg(quantity order by day desc))[1] as quantity,
      min(household) as household, count(lasted)::int as times, exp(percentile_cont(0.5) within group (order by ln(lasted))) as own_days
    from timed group by 1, 2`.execute(trx);
  await sql`analyze pairs`.execute(trx);
}

/** `stretchOf` in SQL. */
export function stretch(
  quantity: RawBuilder<unknown>,
  { stretch: by, usualHousehold }: ReplenishmentModel,
  household: RawBuilder<unknown>,
): RawBuilder<number> {
  const usual = sql`${usualHousehold}::float8`;
  return sql`(power(${quantity}::float8, ${by.quantity}::float8) / power(coalesce(${household}, ${usual}) / ${usual}, ${by.household}::float8))`;
}

/** A number from 1 to 99; anything else says nothing. */
const householdOf = (trait: string) =>
  sql`case when c.traits->>${trait}::text ~ '^[1-9][0-9]?$' then (c.traits->>${trait}::text)::float8 end`;
