import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import { type CustomerRef, type CustomerSummary, summaries, suppressionsOf } from './customers.ts';
import { type DecisionView, listDecisions } from './decisions.ts';
import { devicesOfCustomers } from './devices.ts';
import { type MessageRow, selectMessages } from './messages.ts';
import { metricsOfCustomer, transitionsOf } from './metrics/customer.ts';
import { type CodeRow, codesOfCustomers } from './promo-list.ts';
import type { DB } from './schema.ts';
import { type EventView, eventsOf } from './timeline.ts';

type Any = Db | Transaction<DB>;
type Before = readonly [at: Date, id: string] | null;

/** All that is kept of a customer, and of those who were merged into them, but for what may be long. */
export interface CustomerRecord extends CustomerSummary {
  mergedIds: string[];
  whatsappAt: Date | null;
  consents: Awaited<ReturnType<typeof consentsOf>>;
  suppressions: Awaited<ReturnType<typeof suppressionsOf>>;
  optIns: Awaited<ReturnType<typeof optInsOf>>;
  /** Transactional sends, as they were asked for; what they were filled with is nobody's to read. */
  messageRequests: Awaited<ReturnType<typeof requestsOf>>;
  orderSteps: Awaited<ReturnType<typeof orderStepsOf>>;
  devices: Awaited<ReturnType<typeof devicesOfCustomers>>;
  conflicts: Awaited<ReturnType<typeof conflictsOf>>;
  cart: Awaited<ReturnType<typeof cartOf>>;
  interests: Awaited<ReturnType<typeof interestsOf>>;
  orders: Awaited<ReturnType<typeof ordersOf>>;
  metrics: Awaited<ReturnType<typeof metricsOfCustomer>>;
  stages: Awaited<ReturnType<typeof transitionsOf>>;
  runs: Awaited<ReturnType<typeof runsOf>>;
  notEntered: Awaited<ReturnType<typeof notEnteredOf>>;
  promoCodes: CodeRow[];
}

/** Null where nothing is kept under that id any more. */
export async function customerRecord(db: Any, { id, ids }: CustomerRef): Promise<CustomerRecord | null> {
  const [summary] = await summaries(db, [id]);
  if (!summary) return null;
  const [
    whatsappAt,
    consents,
    optIns,
    suppressions,
    devices,
    conflicts,
    cart,
    interests,
    orders,
    runs,
    notEntered,
    promoCodes,
    metrics,
    stages,
    messageRequests,
    orderSteps,
  ] = await Promise.all([
    whatsappAtOf(db, id),
    consentsOf(db, ids),
    optInsOf(db, ids),
    suppressionsOf(db, id),
    devicesOfCustomers(db, ids),
    conflictsOf(db, ids),
    cartOf(db, ids),
    interestsOf(db, ids),
    ordersOf(db, ids),
    runsOf(db, ids),
    notEnteredOf(db, ids),
    codesOfCustomers(db, ids),
    metricsOfCustomer(db, id),
    transitionsOf(db, ids),
    requestsOf(db, ids),
    orderStepsOf(db, ids),
  ]);
  const mergedIds = ids.filter((one) => one !== id);
  return {
    ...summary,
    mergedIds,
    whatsappAt,
    consents,
    optIns,
    suppressions,
    devices,
    conflicts,
    cart,
    interests,
    orders,
    runs,
    notEntered,
    promoCodes,
    metrics,
    stages,
    messageRequests,
    orderSteps,
  };
}

/** What happened, page by page and newest first, so that a long history is never in memory as a whole. */
export interface CustomerHistory {
  events: AsyncIterable<(EventView & Moment)[]>;
  messages: AsyncIterable<(MessageRow & { address: string | null })[]>;
  decisions: AsyncIterable<DecisionView[]>;
  engagements: AsyncIterable<EngagementRow[]>;
}

interface Moment {
  at: Date;
  id: string;
}

/** Opened, clicked, unsubscribed … */
export interface EngagementRow extends Moment {
  messageId: string;
  kind: string;
  by: string | null;
  link: number | null;
  userAgent: string | null;
}

const pageSize = 500;

export function customerHistory(db: Any, { ids }: CustomerRef): CustomerHistory {
  const at = (row: Moment) => row.at;
  return {
    events: pages((before) => eventsOf(db, ids, before, pageSize), at),
    messages: pages(
      (before) => messagesOf(db, ids, before),
      (row) => row.reservedAt,
    ),
    decisions: pages((before) => listDecisions(db, ids, before, pageSize), at),
    engagements: pages((before) => engagementsOf(db, ids, before), at),
  };
}

async function* pages<T extends { id: string }>(
  read: (before: Before) => Promise<T[]>,
  at: (row: T) => Date,
): AsyncGenerator<T[]> {
  let before: Before = null;
  for (;;) {
    const rows: T[] = await read(before);
    yield rows;
    const last = rows.at(-1);
    if (rows.length < pageSize || last === undefined) return;
    before = [at(last), last.id];
  }
}

function messagesOf(db: Any, ids: readonly string[], before: Before) {
  let query = selectMessages(db).select('address').where('customer_id', 'in', ids);
  if (before) query = query.where(sql<boolean>`(reserved_at, id) < (${before[0]}, ${before[1]}::uuid)`);
  return query.orderBy('reserved_at', 'desc').orderBy('id', 'desc').limit(pageSize).execute();
}

function engagementsOf(db: Any, ids: readonly string[], before: Before): Promise<EngagementRow[]> {
  let query = db
    .selectFrom('message_events as e')
    .innerJoin('messages as m', 'm.id', 'e.message_id')
    .select(['e.id', 'e.at', 'e.message_id as messageId', 'e.kind', 'e.by', 'e.link', 'e.user_agent as userAgent'])
    .where('m.customer_id', 'in', ids);
  if (before) query = query.where(sql<boolean>`(e.at, e.id) < (${before[0]}, ${before[1]}::uuid)`);
  return query.orderBy('e.at', 'desc').orderBy('e.id', 'desc').limit(pageSize).execute();
}

async function whatsappAtOf(db: Any, id: string): Promise<Date | null> {
  const row = await db.selectFrom('customers').select('whatsapp_at').where('id', '=', id).executeTakeFirst();
  return row?.whatsapp_at ?? null;
}

/** Every word that was said, not only what holds now. */
function consentsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('consents')
    .select(['purpose', 'channel', 'topic', 'state', 'text_version as textVersion', 'source', 'at'])
    .select(sql<string | null>`host(ip)`.as('ip'))
    .where('customer_id', 'in', ids)
    .orderBy('at')
    .orderBy('id')
    .execute();
}

/** Channels on which a yes waits to be confirmed. */
function requestsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('message_requests')
    .select(['id', 'requested_at as requestedAt', 'template', 'address'])
    .where('customer_id', 'in', ids)
    .orderBy('id')
    .execute();
}

function orderStepsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('order_states')
    .select(['order_id as orderId', 'state as step', 'at', 'details'])
    .where('customer_id', 'in', ids)
    .orderBy('at')
    .orderBy('order_id')
    .execute();
}

function optInsOf(db: Any, ids: readonly string[]) {
  const query = db.selectFrom('opt_ins').select(['channel', 'asked_at as askedAt']).where('customer_id', 'in', ids);
  return query.orderBy('channel').execute();
}

function conflictsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('identity_conflicts')
    .select(['id', 'at', 'kind', 'value', 'holder_id as holderId', 'claimant_id as claimantId', 'reason'])
    .select('resolved_at as resolvedAt')
    .where((eb) => eb.or([eb('holder_id', 'in', ids), eb('claimant_id', 'in', ids)]))
    .orderBy('at')
    .execute();
}

/** A quantity of 0 was removed, or bought. */
function cartOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('cart_items')
    .select(['profile', 'product_id as productId', 'quantity', 'added_at as addedAt', 'updated_at as updatedAt'])
    .where('customer_id', 'in', ids)
    .orderBy('updated_at')
    .execute();
}

function interestsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('interests')
    .select(['profile', 'kind', 'ref', 'times', 'first_at as firstAt', 'last_at as lastAt', 'removed_at as removedAt'])
    .where('customer_id', 'in', ids)
    .orderBy('last_at')
    .execute();
}

interface OrderLine {
  productId: string;
  quantity: number;
  price: number;
}

function ordersOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('orders as o')
    .select(['o.order_id as orderId', 'o.profile', 'o.state', 'o.total', 'o.currency'])
    .select(['o.placed_at as placedAt', 'o.state_at as stateAt'])
    .select(sql<string[]>`coalesce(o.codes, '{}')`.as('codes'))
    .select(
      sql<OrderLine[]>`coalesce((select json_agg(json_build_object('productId', l.product_id, 'quantity', l.quantity,
        'price', l.price) order by l.product_id) from order_lines l where l.order_id = o.order_id), '[]')`.as('lines'),
    )
    .where('o.customer_id', 'in', ids)
    .orderBy('o.placed_at')
    .execute();
}

function runsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('runs')
    .select(['id', 'workflow_id as workflowId', 'journey', 'key', 'settings_version as settingsVersion'])
    .select(['trigger_at as triggerAt', 'entered_at as enteredAt', 'block', 'due_at as dueAt'])
    .select(['ended_at as endedAt', 'outcome'])
    .where('customer_id', 'in', ids)
    .orderBy('entered_at')
    .execute();
}

function notEnteredOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('not_entered')
    .select(['journey', 'key', 'reason', 'first_at as firstAt', 'last_at as lastAt', 'times'])
    .where('customer_id', 'in', ids)
    .orderBy('first_at')
    .execute();
}
