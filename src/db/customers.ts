import { sql, type Transaction } from 'kysely';
import type { ProfileKind } from '#domain/journey.ts';
import type { Db } from './connect.ts';
import { contactabilityOf } from './contactability.ts';
import type { DB } from './schema.ts';

type Any = Db | Transaction<DB>;

/** Where an id leads: to itself, or to the customer that it was merged into. */
export interface CustomerRef {
  id: string;
  /** The id that was asked for, where another customer lives on in its place. */
  mergedFrom: string | null;
  /** The customer and all that were merged into it: whose history it is. */
  ids: string[];
  erasedAt: Date | null;
}

/** Null where there was never such a customer. */
export async function resolveCustomer(db: Any, id: string): Promise<CustomerRef | null> {
  const { rows } = await sql<{ id: string; ids: string[]; erasedAt: Date | null }>`
    with recursive up as (
      select id, merged_into, erased_at from customers where id = ${id}
      union select c.id, c.merged_into, c.erased_at from customers c join up on c.id = up.merged_into
    ), survivor as (select id, erased_at from up where merged_into is null), family as (
      select id from survivor union select c.id from customers c join family on c.merged_into = family.id
    )
    select s.id, s.erased_at as "erasedAt", (select array_agg(id) from family) as ids from survivor s`.execute(db);
  const row = rows[0];
  return row ? { ...row, mergedFrom: row.id === id ? null : id } : null;
}

export interface CustomerFilter {
  email?: string;
  phone?: string;
  userId?: string;
  card?: string;
}

export interface CustomerSummary {
  id: string;
  kind: string;
  traits: Record<string, unknown>;
  locale: string | null;
  zone: string | null;
  region: string | null;
  createdAt: Date;
  lastSeenAt: Date | null;
  profiles: ProfileRow[];
  identities: IdentityRow[];
}

export interface ProfileRow {
  kind: ProfileKind;
  email: string | null;
  phone: string | null;
  lastVisitAt: Date | null;
  lastActivityAt: Date | null;
  lastOrderAt: Date | null;
}

export interface IdentityRow {
  kind: string;
  value: string;
  since: Date;
}

/** Those who live, newest first: ids grow with time. Filters are AND-ed; addresses are compared as intake keeps them. */
export async function findCustomers(
  db: Any,
  filter: CustomerFilter,
  before: string | null,
  limit: number,
): Promise<CustomerSummary[]> {
  let query = db
    .selectFrom('customers as c')
    .select('c.id')
    .where('merged_into', 'is', null)
    .where('erased_at', 'is', null);
  if (before !== null) query = query.where('c.id', '<', before);
  const wanted = { email: filter.email, phone: filter.phone, user_id: filter.userId, card: filter.card };
  for (const [kind, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    const owner = sql<string>`(select customer_id from identities where kind = ${kind} and value = ${value})`;
    query = query.where('c.id', '=', owner);
  }
  const ids = await query.orderBy('c.id', 'desc').limit(limit).execute();
  const rows = await summaries(
    db,
    ids.map((row) => row.id),
  );
  return rows.toSorted((a, b) => (a.id < b.id ? 1 : -1));
}

/** Customers with profiles and identities, in no order. */
export async function summaries(db: Any, ids: readonly string[]): Promise<CustomerSummary[]> {
  if (ids.length === 0) return [];
  const [customers, profiles, identities] = await Promise.all([
    db
      .selectFrom('customers')
      .select(['id', 'kind', 'locale', 'zone', 'region'])
      .select(sql<Record<string, unknown>>`traits`.as('traits'))
      .select(['created_at as createdAt', 'last_seen_at as lastSeenAt'])
      .where('id', 'in', ids)
      .execute(),
    db
      .selectFrom('profiles')
      .select(['customer_id as customerId', 'kind', 'email', 'phone'])
      .select(['last_visit_at as lastVisitAt', 'last_activity_at as lastActivityAt', 'last_order_at as lastOrderAt'])
      .where('customer_id', 'in', ids)
      .orderBy('kind', 'desc')
      .execute(),
    db
      .selectFrom('identities')
      .select(['customer_id as customerId', 'kind', 'value', 'since'])
      .where('customer_id', 'in', ids)
      .orderBy('since')
      .orderBy('kind')
      .orderBy('value')
      .execute(),
  ]);
  const profilesOf = Map.groupBy(profiles, (row) => row.customerId);
  const identitiesOf = Map.groupBy(identities, (row) => row.customerId);
  return customers.map((customer) => ({
    ...customer,
    profiles: (profilesOf.get(customer.id) ?? []).map(({ customerId: _, kind, ...row }) => ({
      kind: kind as ProfileKind,
      ...row,
    })),
    identities: (identitiesOf.get(customer.id) ?? []).map(({ customerId: _, ...row }) => row),
  }));
}

/** The rest of what is known of one customer. */
export interface CustomerDetails {
  consents: { purpose: string; channel: string; topic: string; state: string; at: Date }[];
  suppressions: { channel: string; address: string; reason: string; at: Date }[];
  contactability: Awaited<ReturnType<typeof contactabilityOf>>;
  cart: CartRow[];
  interests: InterestRow[];
  orders: OrderRow[];
  runs: RunRow[];
  conflicts: ConflictRow[];
}

export interface CartRow {
  profile: string;
  productId: string;
  quantity: number;
  addedAt: Date;
  updatedAt: Date;
}

export interface InterestRow {
  profile: string;
  kind: string;
  ref: string;
  times: number;
  firstAt: Date;
  lastAt: Date;
}

export interface OrderRow {
  orderId: string;
  profile: string;
  state: string;
  total: number;
  currency: string;
  placedAt: Date;
}

export interface RunRow {
  id: string;
  workflowId: string;
  journey: string;
  key: string;
  settingsVersion: number;
  triggerAt: Date;
  enteredAt: Date;
  block: string | null;
  dueAt: Date | null;
}

export interface ConflictRow {
  id: string;
  at: Date;
  kind: string;
  value: string;
  holderId: string;
  claimantId: string;
  reason: string;
}

/** The newest hundred of what may grow long; the timeline has the rest. */
const most = 100;

export async function customerDetails(db: Any, id: string): Promise<CustomerDetails> {
  const [consents, suppressions, contactability, cart, interests, orders, runs, conflicts] = await Promise.all([
    consentsOf(db, id),
    suppressionsOf(db, id),
    contactabilityOf(db, id),
    cartOf(db, id),
    interestsOf(db, id),
    ordersOf(db, id),
    liveRunsOf(db, id),
    conflictsOf(db, id),
  ]);
  return { consents, suppressions, contactability, cart, interests, orders, runs, conflicts };
}

function consentsOf(db: Any, id: string) {
  return db
    .selectFrom('consent_states')
    .select(['purpose', 'channel', 'topic', 'state', 'at'])
    .where('customer_id', '=', id)
    .orderBy('purpose')
    .orderBy('channel')
    .orderBy('topic')
    .execute();
}

export function suppressionsOf(db: Any, id: string) {
  return db
    .selectFrom('suppressions as s')
    .select(['s.channel', 's.address', 's.reason', 's.at'])
    .where(
      sql<boolean>`s.address in (
        select unnest(array[email, phone]) from profiles where customer_id = ${id}
        union all select value from identities where customer_id = ${id} and kind = 'telegram')`,
    )
    .execute();
}

function cartOf(db: Any, id: string): Promise<CartRow[]> {
  return db
    .selectFrom('cart_items')
    .select(['profile', 'product_id as productId', 'quantity', 'added_at as addedAt', 'updated_at as updatedAt'])
    .where('customer_id', '=', id)
    .where('quantity', '>', 0)
    .orderBy('updated_at', 'desc')
    .limit(most)
    .execute();
}

function interestsOf(db: Any, id: string): Promise<InterestRow[]> {
  return db
    .selectFrom('interests')
    .select(['profile', 'kind', 'ref', 'times', 'first_at as firstAt', 'last_at as lastAt'])
    .where('customer_id', '=', id)
    .where('removed_at', 'is', null)
    .orderBy('last_at', 'desc')
    .limit(most)
    .execute();
}

function ordersOf(db: Any, id: string): Promise<OrderRow[]> {
  return db
    .selectFrom('orders')
    .select(['order_id as orderId', 'profile', 'state', 'total', 'currency', 'placed_at as placedAt'])
    .where('customer_id', '=', id)
    .orderBy('placed_at', 'desc')
    .limit(most)
    .execute();
}

function liveRunsOf(db: Any, id: string): Promise<RunRow[]> {
  return db
    .selectFrom('runs')
    .select(['id', 'workflow_id as workflowId', 'journey', 'key', 'settings_version as settingsVersion'])
    .select(['trigger_at as triggerAt', 'entered_at as enteredAt', 'block', 'due_at as dueAt'])
    .where('customer_id', '=', id)
    .where('ended_at', 'is', null)
    .orderBy('entered_at', 'desc')
    .execute();
}

function conflictsOf(db: Any, id: string): Promise<ConflictRow[]> {
  return db
    .selectFrom('identity_conflicts')
    .select(['id', 'at', 'kind', 'value', 'holder_id as holderId', 'claimant_id as claimantId', 'reason'])
    .where((eb) => eb.or([eb('holder_id', '=', id), eb('claimant_id', '=', id)]))
    .where('resolved_at', 'is', null)
    .orderBy('at', 'desc')
    .limit(most)
    .execute();
}
