import { type RawBuilder, sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import type { ProfileKind } from '#domain/journey.ts';

/** What a cohort has in common, and what its columns count from. */
export type CohortRows = 'sign_up' | 'first_order' | 'days_to_first_order';
/** `customers`: who ordered in a month; `activity`: who did anything at all. */
export type CohortValue = 'customers' | 'orders' | 'revenue' | 'activity';
/** `sale`: whose first order was at a reduced price. */
export type CohortGroup = 'all' | 'sale' | 'discount_hunters' | 'fanatics';

export interface CohortsAsked {
  rows: CohortRows;
  value: CohortValue;
  group: CohortGroup;
  /** Null: both together. */
  profile: ProfileKind | null;
  /** Of the sign-up or the first order. */
  from: Date;
  to: Date;
  zone: string;
  currency: string;
  /** Discount hunters: at least this share of their orders at reduced prices, and two of them. */
  share: number;
  /** Fanatics: at least so many orders. */
  orders: number;
}

export interface Cohort {
  /** `2026-05`, or the first day of a band: `0`, `1`, `8` … */
  cohort: string;
  customers: number;
  /** By months since its own, from 0 up; nothing where nothing was. */
  values: { months: number; value: number }[];
}

/** Where bands of days to the first order begin. */
export const firstOrderDays = [0, 1, 8, 31, 91];

/** Cohorts, oldest first. As of the last recompute of metrics as far as first orders go. */
export async function cohorts(db: Db, asked: CohortsAsked): Promise<Cohort[]> {
  const { rows } = await sql<Cohort>`
    with firsts as (
      select customer_id, min(first_order_at) as first_order_at, sum(orders) as orders, sum(discounted) as discounted
      from customer_metrics where ${ofProfile(asked)} group by 1
    ), members as materialized (
      select c.id as customer_id, ${cohortOf(asked)} as cohort, ${monthOf(startOf(asked), asked.zone)} as start
      from customers c left join firsts f on f.customer_id = c.id
      where c.merged_into is null and ${startOf(asked)} >= ${asked.from} and ${startOf(asked)} < ${asked.to} and ${inGroup(asked)}
    ), deeds as (${deedsOf(asked)}),
    cells as (
      select cohort, month - start as months, ${cellOf(asked.value)} as value
      from members join deeds using (customer_id) where month >= start group by 1, 2
    )
    select cohort, count(*)::int as customers, coalesce((
      select json_agg(json_build_object('months', months, 'value', value) order by months) from cells where cells.cohort = members.cohort), '[]') as values
    from members group by cohort order by ${asked.rows === 'days_to_first_order' ? sql`cohort::int` : sql`cohort`}`.execute(
    db,
  );
  return rows;
}

function ofProfile({ profile }: CohortsAsked): RawBuilder<boolean> {
  return profile === null ? sql`true` : sql`profile = ${profile}`;
}

function startOf({ rows }: CohortsAsked): RawBuilder<Date> {
  return rows === 'sign_up' ? sql`c.created_at` : sql`f.first_order_at`;
}

/** Months since the year 0, on the shop's clock. */
function monthOf(instant: RawBuilder<unknown>, zone: string): RawBuilder<number> {
  const local = sql`(${instant} at time zone ${zone})`;
  return sql`(extract(year from ${local}) * 12 + extract(month from ${local}) - 1)::int`;
}

function cohortOf(asked: CohortsAsked): RawBuilder<string> {
  if (asked.rows !== 'days_to_first_order')
    return sql`to_char(${startOf(asked)} at time zone ${asked.zone}, 'YYYY-MM')`;
  const days = sql`floor(date_part('epoch', f.first_order_at - c.created_at) / 86400)`;
  // Orders from before the sign-up come from imports: they count as the first day's.
  return sql`((${firstOrderDays}::int[])[greatest(1, width_bucket(${days}, ${firstOrderDays}::float8[]))])::text`;
}

function inGroup({ group, share, orders }: CohortsAsked): RawBuilder<boolean> {
  if (group === 'fanatics') return sql`f.orders >= ${orders}`;
  if (group === 'discount_hunters') return sql`f.discounted >= 2 and f.discounted >= f.orders * ${share}::float8`;
  if (group === 'all') return sql`true`;
  return sql`exists (select from orders o where o.customer_id = c.id and o.placed_at = f.first_order_at and o.discounted and o.state = 'placed')`;
}

function deedsOf(asked: CohortsAsked): RawBuilder<unknown> {
  if (asked.value === 'activity')
    return sql`select customer_id, ${monthOf(sql`occurred_at`, asked.zone)} as month, 0 as orders, 0 as revenue
      from events where customer_id in (select customer_id from members) group by 1, 2`;
  return sql`select customer_id, ${monthOf(sql`placed_at`, asked.zone)} as month, count(*) as orders,
      coalesce(sum(total) filter (where currency = ${asked.currency}), 0) as revenue
    from orders where state = 'placed' and ${ofProfile(asked)} group by 1, 2`;
}

function cellOf(value: CohortValue): RawBuilder<number> {
  if (value === 'orders') return sql`sum(orders)::bigint`;
  if (value === 'revenue') return sql`sum(revenue)::bigint`;
  return sql`count(*)::bigint`;
}
