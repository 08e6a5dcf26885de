import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import { type CustomerRef, type CustomerSummary, summaries, suppressionsOf } from './customers.ts';
import { type DecisionView, listDecisions } from './decisions.ts';
import { devicesOfCustomers } from './devices.ts';
import { type MessageRow, selectMessages } from './messages.ts';
import { metricsOfCustomer, transitionsOf } from './metrics/customer.ts';
import { type CodeRow, codesOfCustomers } from './promo-list.ts';
import { runOutsOf } from './replenishment/due.ts';
import type { DB } from './schema.ts';
import { type EventView, eventsOf } from './timeline.ts';
import { wishNewsOf } from './wish-news/read.ts';

type Any = Db | Transaction<DB>;
type Before = readonly [at: Date, id: string] | null;

/** All that is kept of a customer, and of those who were merged into them, but for what may be long. */
export type CustomerRecord = CustomerSummary & Parts & { mergedIds: string[] };

type Parts = { [Part in keyof typeof parts]: Awaited<ReturnType<(typeof parts)[Part]>> };

/** Each is read for the customer, with all who were merged into them. */
const parts = {
  whatsappAt: (db: Any, { id }: CustomerRef) => whatsappAtOf(db, id),
  consents: (db: Any, { ids }: CustomerRef) => consentsOf(db, ids),
  optIns: (db: Any, { ids }: CustomerRef) => optInsOf(db, ids),
  suppressions: (db: Any, { id }: CustomerRef) => suppressionsOf(db, id),
  devices: (db: Any, { ids }: CustomerRef) => devicesOfCustomers(db, ids),
  conflicts: (db: Any, { ids }: CustomerRef) => conflictsOf(db, ids),
  cart: (db: Any, { ids }: CustomerRef) => cartOf(db, ids),
  interests: (db: Any, { ids }: CustomerRef) => interestsOf(db, ids),
  orders: (db: Any, { ids }: CustomerRef) => ordersOf(db, ids),
  /** What the shop told of orders: delivery, parcels. */
  orderSteps: (db: Any, { ids }: CustomerRef) => orderStepsOf(db, ids),
  metrics: (db: Any, { id }: CustomerRef) => metricsOfCustomer(db, id),
  stages: (db: Any, { ids }: CustomerRef) => transitionsOf(db, ids),
  segments: (db: Any, { ids }: CustomerRef) => segmentsOf(db, ids),
  queuePlaces: (db: Any, { ids }: CustomerRef) => queuePlacesOf(db, ids),
  runOuts: (db: Any, { ids }: CustomerRef) => runOutsOf(db, ids),
  wishNews: (db: Any, { ids }: CustomerRef) => wishNewsOf(db, ids),
  runs: (db: Any, { ids }: CustomerRef) => runsOf(db, ids),
  notEntered: (db: Any, { ids }: CustomerRef) => notEnteredOf(db, ids),
  promoCodes: (db: Any, { ids }: CustomerRef): Promise<CodeRow[]> => codesOfCustomers(db, ids),
  /** Transactional sends, as they were asked for; what they were filled with is nobody's to read. */
  messageRequests: (db: Any, { ids }: CustomerRef) => requestsOf(db, ids),
};

/** Null where nothing is kept under that id any more. */
export async function customerRecord(db: Any, ref: CustomerRef): Promise<CustomerRecord | null> {
  const [summary] = await summaries(db, [ref.id]);
  if (!summary) return null;
  const reading = Object.entries(parts).map(
    async ([name, part]): Promise<[string, unknown]> => [name, await part(db, ref)],
  );
  const found = Object.fromEntries(await Promise.all(reading)) as Parts;
  return { ...summary, ...found, mergedIds: ref.ids.filter((one) => one !== ref.id) };
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

/** Channels on which a yes waits to be confirmed. */
function optInsOf(db: Any, ids: readonly string[]) {
  const query = db.selectFrom('opt_ins').select(['channel', 'asked_at as askedAt']).where('customer_id', 'in', ids);
  return query.orderBy('channel').execute();
}

function conflictsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('identity_conflicts')
    .select(['id', 'at', 'kind', 'value', 'holder_id as holderId', 'claimant_id as claimantId', 'reason'])
    .select(['resolved_at as resolvedAt', 'decision'])
    .where((eb) => eb.or([eb('holder_id', 'in', ids), eb('claimant_id', 'in', ids)]))
    .orderBy('at')
    .execute();
}

/** Those they are in, and since when. */
function segmentsOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('segment_members as m')
    .innerJoin('segments as s', 's.id', 'm.segment_id')
    .select(['s.id', 's.name', 'm.since'])
    .where('m.customer_id', 'in', ids)
    .orderBy('m.since')
    .orderBy('s.name')
    .execute();
}

interface Hold {
  offeredAt: string;
  until: string | null;
  endedAt: string | null;
  outcome: string | null;
}

/** In queues of items (J9), with what was held for them. */
function queuePlacesOf(db: Any, ids: readonly string[]) {
  return db
    .selectFrom('queue_places as p')
    .select(['p.item_id as itemId', 'p.number', 'p.joined_at as joinedAt', 'p.ended_at as endedAt', 'p.outcome'])
    .select(
      sql<
        Hold[]
      >`coalesce((select json_agg(json_build_object('offeredAt', ${utc('h.offered_at')}, 'until', ${utc('h.until')},
        'endedAt', ${utc('h.ended_at')}, 'outcome', h.outcome) order by h.number) from holds h where h.place_id = p.id), '[]')`.as(
        'holds',
      ),
    )
    .where('p.customer_id', 'in', ids)
    .orderBy('p.joined_at')
    .execute();
}

/** ISO 8601, as all instants of the open API. */
const utc = (column: string) => sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

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
