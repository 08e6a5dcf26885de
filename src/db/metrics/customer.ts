import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import type { ProfileKind } from '#domain/journey.ts';
import type { Stage } from '#domain/stages.ts';

/** What one profile's orders say. Money in minor units of the shop's currency. */
export interface CustomerMetrics {
  profile: ProfileKind;
  orders: number;
  turnover: number;
  average: number;
  profit: number | null;
  discounted: number;
  firstOrderAt: Date;
  lastOrderAt: Date;
  intervalDays: number | null;
  /** Of the last order, what was paid most for first. */
  lastGoods: string[];
  lastCategories: string[];
  /** 3 and 5 are the best, however they are shown. */
  code: number;
  score: number;
  segment: string;
  stage: Stage;
  stageAt: Date;
}

/** Of one customer, as of the last recompute; goods are looked up. */
export async function metricsOfCustomer(db: Db, customerId: string): Promise<CustomerMetrics[]> {
  const { rows } = await sql<CustomerMetrics>`
    select profile, orders, turnover, average, profit, discounted, first_order_at as "firstOrderAt", last_order_at as "lastOrderAt",
      interval_days as "intervalDays", coalesce(goods, '{}') as "lastGoods", coalesce(categories, '{}') as "lastCategories",
      code, score, segment, stage, stage_at as "stageAt"
    from customer_metrics m, lateral (
      select array_agg(l.product_id order by l.price * l.quantity desc, l.product_id) as goods,
        array_agg(distinct p.category) filter (where p.category is not null) as categories
      from orders o join order_lines l using (order_id) left join products p on p.id = l.product_id
      where o.customer_id = m.customer_id and o.profile = m.profile and o.placed_at = m.last_order_at and o.state = 'placed') last
    where customer_id = ${customerId} order by profile desc`.execute(db);
  return rows;
}

export interface Transition {
  /** Grows: the order in which they were noticed. */
  seq: number;
  customerId: string;
  profile: ProfileKind;
  /** Null: the first of this profile. */
  from: Stage | null;
  /** Null: no order is left. */
  to: Stage | null;
  at: Date;
}

/** Of one customer, newest first. */
export async function transitionsOf(db: Db, ids: readonly string[]): Promise<Transition[]> {
  const { rows } = await sql<Transition>`
    select seq, customer_id as "customerId", profile, from_stage as "from", to_stage as "to", at
    from stage_transitions where customer_id = any(${[...ids]}::uuid[]) order by at desc, seq desc`.execute(db);
  return rows;
}
