import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** What a backtest's lists are made of. Instants are ISO 8601; `customer` is the shop's own id where it has one. */

export interface SentRow {
  messageId: string;
  customerId: string;
  customer: string | null;
  runId: string | null;
  journey: string;
  block: string;
  class: string;
  kind: string;
  channel: string;
  template: string;
  state: string;
  at: Date;
  /** The customer's real orders next to it. */
  orderBefore: Date | null;
  orderAfter: Date | null;
}

const shopId = sql<string | null>`(select i.value from identities i
  where i.customer_id = c.id and i.kind = 'user_id' order by i.value limit 1)`.as('customer');

const pageSize = 20_000;

/** Messages that were handed to the recording channel, as they went, page by page. */
export async function* sentMessages(db: Db): AsyncGenerator<SentRow[]> {
  let after = '00000000-0000-0000-0000-000000000000';
  for (;;) {
    const rows = await db
      .selectFrom('messages as m')
      .innerJoin('customers as c', 'c.id', 'm.customer_id')
      .select(['m.id as messageId', 'c.id as customerId', shopId, 'm.run_id as runId', 'm.journey', 'm.block'])
      .select(['m.class', 'm.kind', 'm.channel', 'm.template', 'm.state'])
      .select(sql<Date>`coalesce(m.accepted_at, m.reserved_at)`.as('at'))
      .select(orderNear('before').as('orderBefore'))
      .select(orderNear('after').as('orderAfter'))
      .where('m.state', '<>', 'dropped')
      .where('m.id', '>', after)
      .orderBy('m.id')
      .limit(pageSize)
      .execute();
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = last.messageId;
  }
}

function orderNear(side: 'before' | 'after') {
  const [relation, direction] = side === 'before' ? [sql`<=`, sql`desc`] : [sql`>`, sql`asc`];
  return sql<Date | null>`(select o.placed_at from orders o where o.customer_id = m.customer_id
    and o.placed_at ${relation} coalesce(m.accepted_at, m.reserved_at) order by o.placed_at ${direction} limit 1)`;
}

export interface HeldRow {
  decisionId: string;
  customerId: string;
  customer: string | null;
  runId: string | null;
  journey: string;
  block: string;
  channel: string | null;
  decision: string;
  reason: string;
  /** The journey whose planned message was in the way. */
  by: string | null;
  at: Date;
  until: Date | null;
}

/** Decisions that did not let a message go, in their order, page by page. */
export async function* heldDecisions(db: Db): AsyncGenerator<HeldRow[]> {
  let after: readonly [Date, string] = [new Date(0), '00000000-0000-0000-0000-000000000000'];
  for (;;) {
    const rows = await db
      .selectFrom('decisions as d')
      .innerJoin('customers as c', 'c.id', 'd.customer_id')
      .select(['d.id as decisionId', 'c.id as customerId', shopId, 'd.run_id as runId', 'd.journey', 'd.block'])
      .select(['d.channel', 'd.decision', 'd.reason', 'd.at', 'd.until'])
      .select(sql<string | null>`d.details -> 'blockedBy' ->> 'journey'`.as('by'))
      .where('d.decision', '<>', 'send')
      .where(sql<boolean>`(d.at, d.id) > (${after[0]}, ${after[1]}::uuid)`)
      .orderBy('d.at')
      .orderBy('d.id')
      .limit(pageSize)
      .execute();
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    after = [last.at, last.decisionId];
  }
}

export interface RunRow {
  runId: string;
  customerId: string;
  customer: string | null;
  journey: string;
  key: string;
  enteredAt: Date;
  endedAt: Date | null;
  /** Null while it waits. */
  outcome: string | null;
}

export function playedRuns(db: Db): Promise<RunRow[]> {
  return db
    .selectFrom('runs as r')
    .innerJoin('customers as c', 'c.id', 'r.customer_id')
    .select(['r.id as runId', 'c.id as customerId', shopId, 'r.journey', 'r.key'])
    .select(['r.entered_at as enteredAt', 'r.ended_at as endedAt', 'r.outcome'])
    .orderBy('r.id')
    .execute();
}

export interface NotEnteredRow {
  customerId: string;
  customer: string | null;
  journey: string;
  key: string;
  reason: string;
  firstAt: Date;
  lastAt: Date;
  times: number;
}

export function missedEntries(db: Db): Promise<NotEnteredRow[]> {
  return db
    .selectFrom('not_entered as n')
    .innerJoin('customers as c', 'c.id', 'n.customer_id')
    .select(['n.customer_id as customerId', shopId, 'n.journey', 'n.key', 'n.reason'])
    .select(['n.first_at as firstAt', 'n.last_at as lastAt', 'n.times'])
    .orderBy('n.first_at')
    .orderBy('n.journey')
    .orderBy('n.customer_id')
    .orderBy('n.key')
    .orderBy('n.reason')
    .execute();
}

export interface OrderRow {
  orderId: string;
  customerId: string;
  customer: string | null;
  placedAt: Date;
  state: string;
  /** Minor units. */
  total: number;
  currency: string;
}

/** The record's own orders, from that instant on. */
export function recordedOrders(db: Db, from: Date | null): Promise<OrderRow[]> {
  return db
    .selectFrom('orders as o')
    .innerJoin('customers as c', 'c.id', 'o.customer_id')
    .select(['o.order_id as orderId', 'o.customer_id as customerId', shopId, 'o.placed_at as placedAt', 'o.state'])
    .select(['o.total', 'o.currency'])
    .where(sql<boolean>`(${from}::timestamptz is null or o.placed_at >= ${from})`)
    .orderBy('o.placed_at')
    .orderBy('o.order_id')
    .execute();
}

/** Customers who are there at the end, and events that were kept (each once). */
export async function playedCounts(db: Db): Promise<{ customers: number; events: number }> {
  const { rows } = await sql<{ customers: number; events: number }>`
    select (select count(*) from customers where merged_into is null)::int as customers,
      (select count(*) from events)::int as events`.execute(db);
  return rows[0] ?? { customers: 0, events: 0 };
}

/** Before lists are made: the planner knows nothing of a young database. */
export async function analyse(db: Db): Promise<void> {
  await sql`analyze`.execute(db);
}
