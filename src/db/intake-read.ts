import type { PoolClient, QueryConfig } from 'pg';
import type { CartState } from '#domain/cart.ts';
import type { KnownCustomer, KnownIdentity } from '#domain/identity.ts';
import type { OrderState } from '#domain/orders.ts';
import type { ConsentState, CustomerState, Known, ProfileState } from '#domain/projection.ts';
import type { Reach } from '#domain/reach.ts';
import type { LiveRun } from '#domain/triggers.ts';
import { inOrder } from './pipeline.ts';

/** What one flush asks the database about: everything that its events name. */
export interface Asked {
  identities: { kind: string; value: string; wants: number }[];
  /** Hex. */
  hashes: string[];
  orderIds: string[];
  emails: string[];
}

/** Bits of `wants`: what is large and only some events need. */
export const wantsTraits = 1;
export const wantsCart = 2;

/** What is known of all customers that the events name. Instants are epoch ms. */
export interface Found extends Known {
  /** What was read of each customer, by `wants`. */
  wanted: Map<string, number>;
  identities: KnownIdentity[];
  runs: LiveRun[];
  /** E-mail addresses that must not be written to, and why. */
  suppressed: Map<string, Suppression>;
  /** Hashes of events that were stored before. */
  seen: Set<string>;
}

type Suppression = NonNullable<Reach['suppressed']>;

const ms = (column: string) => `(date_part('epoch', ${column}) * 1000)::bigint`;

/** Rows of a table by its index, whatever the planner believes of the table: prepared while it was empty, a join would go
 *  through all of it for each customer, and still do so when it has grown, until statistics come. `offset 0` is the fence. */
const each = (table: string, condition: string) => `lateral (select * from ${table} where ${condition} offset 0)`;

/** In the order of ids, as all who lock several customers do, so that nobody waits in a circle. `no key update` excludes
 *  the same others as `update` does, but lets rows that refer to the customer be inserted meanwhile. */
const lockText = `
  select id from customers where id = any (array(
    select i.customer_id from unnest($1::text[], $2::text[]) as asked (kind, value),
      ${each('identities', 'kind = asked.kind and value = asked.value')} as i
    union select o.customer_id from unnest($3::text[]) as asked (id), ${each('orders', 'order_id = asked.id')} as o))
  order by id for no key update`;

const readText = `
  with held as (
    select i.kind, i.value, i.customer_id, i.since, asked.wants
    from unnest($1::text[], $2::text[], $3::int[]) as asked (kind, value, wants),
      ${each('identities', 'kind = asked.kind and value = asked.value')} as i),
  known_order as (select o.* from unnest($4::text[]) as asked (id), ${each('orders', 'order_id = asked.id')} as o),
  who as (
    select id, bit_or(wants) as wants
    from (select customer_id as id, wants from held union all select customer_id, 0 from known_order) named group by id),
  profile as (select p.* from who, ${each('profiles', 'customer_id = who.id')} as p)
  select
    (select json_agg(json_build_object('kind', kind, 'value', value, 'customerId', customer_id, 'since', ${ms('since')}))
      from held) as identities,
    (select json_agg(json_build_object('id', c.id, 'mergedInto', c.merged_into, 'lastSeenAt', ${ms('c.last_seen_at')},
      'wants', who.wants,
      'traits', case when who.wants & ${wantsTraits} > 0 then c.traits end,
      'traitsAt', case when who.wants & ${wantsTraits} > 0 then c.traits_at end))
      from who, ${each('customers', 'id = who.id')} as c) as customers,
    (select json_agg(json_build_object('customerId', customer_id, 'kind', kind, 'email', email, 'emailAt', ${ms('email_at')},
      'phone', phone, 'phoneAt', ${ms('phone_at')}, 'lastVisitAt', ${ms('last_visit_at')},
      'lastActivityAt', ${ms('last_activity_at')}, 'lastOrderAt', ${ms('last_order_at')}, 'activities', 0))
      from profile) as profiles,
    (select json_agg(json_build_object('customerId', customer_id, 'purpose', purpose, 'channel', channel, 'state', state,
      'at', ${ms('at')}))
      from who, ${each('consent_states', "customer_id = who.id and topic = '*'")} as c) as consents,
    (select json_agg(json_build_object('customerId', customer_id, 'profile', profile, 'product', product_id,
      'quantity', quantity, 'addedAt', ${ms('added_at')}, 'updatedAt', ${ms('updated_at')}))
      from who, ${each('cart_items', `customer_id = who.id and who.wants & ${wantsCart} > 0`)} as c) as cart,
    (select json_agg(json_build_object('orderId', order_id, 'customerId', customer_id, 'profile', profile, 'state', state,
      'total', total, 'currency', currency, 'placedAt', ${ms('placed_at')}, 'stateAt', ${ms('state_at')},
      'hasLines', exists (select from order_lines l where l.order_id = o.order_id), 'lines', null, 'isNew', false))
      from known_order o) as orders,
    (select json_agg(json_build_object('workflowId', workflow_id, 'journey', journey, 'customerId', customer_id, 'key', key,
      'dueAt', ${ms('due_at')}))
      from who, ${each('runs', 'customer_id = who.id and ended_at is null')} as r) as runs,
    (select json_agg(json_build_object('address', address, 'reason', reason))
      from (select email from profile where email is not null union select unnest($5::text[])) as asked,
        ${each('suppressions', "channel = 'email' and address = asked.email")} as s) as suppressed,
    (select json_agg(encode(hash, 'hex')) from event_keys where hash = any($6::bytea[])) as seen`;

type Nullable<T> = { [Key in keyof T]: T[Key] | null };

type Row = Nullable<{
  identities: KnownIdentity[];
  customers: (CustomerState & { mergedInto: string | null; wants: number })[];
  profiles: ProfileState[];
  consents: ConsentState[];
  cart: CartState[];
  orders: OrderState[];
  runs: LiveRun[];
  suppressed: { address: string; reason: Suppression }[];
  seen: string[];
}>;

/** Somebody changed an identity between the lock and the read: the flush starts again. */
export class Stale extends Error {}

/**
 * Begins the transaction, locks the customers and reads what is known of them. The lock is a statement of its own, before
 * the read: in READ COMMITTED a statement's snapshot is taken when it begins, before it waits for a lock, so only a
 * *later* statement sees what `finish` or an unsubscribe committed while holding it. That is what makes lost wake-ups
 * impossible: either we see the run ended and start another, or `finish` sees our activity.
 */
export async function lockAndRead(client: PoolClient, asked: Asked): Promise<Found> {
  const kinds = asked.identities.map(({ kind }) => kind);
  const values = asked.identities.map(({ value }) => value);
  const [, locked, read] = await inOrder([
    client.query('begin'),
    client.query<{ id: string }>({ name: 'intake-lock', text: lockText, values: [kinds, values, asked.orderIds] }),
    client.query<Row>(readStatement(asked, kinds, values)),
  ]);
  const found = foundIn(read.rows[0]);
  const held = new Set(locked.rows.map((row) => row.id));
  // Who owns an identity is changed under its owner's lock only; what we hold can be relied on.
  const isStale = read.rows[0]?.customers?.some(({ id, mergedInto }) => !held.has(id) || mergedInto !== null) ?? false;
  if (isStale) throw new Stale();
  return found;
}

/** The same again, under the same locks: after customers were joined, or where more is wanted of them. */
export async function readAgain(client: PoolClient, asked: Asked): Promise<Found> {
  const kinds = asked.identities.map(({ kind }) => kind);
  const values = asked.identities.map(({ value }) => value);
  const read = await client.query<Row>(readStatement(asked, kinds, values));
  return foundIn(read.rows[0]);
}

function readStatement(asked: Asked, kinds: string[], values: string[]): QueryConfig {
  const wants = asked.identities.map((identity) => identity.wants);
  const hashes = asked.hashes.map((hash) => `\\x${hash}`);
  return { name: 'intake-read', text: readText, values: [kinds, values, wants, asked.orderIds, asked.emails, hashes] };
}

const partiesText = `
  select id, exists (select from identities i where i.customer_id = id and i.kind = 'user_id') as "hasUserId",
    exists (select from orders o where o.customer_id = id) as "hasOrders"
  from unnest($1::uuid[]) as asked (id)`;

/** What decides whether customers may be joined. */
export async function readParties(client: PoolClient, ids: string[]): Promise<KnownCustomer[]> {
  if (ids.length === 0) return [];
  return (await client.query<KnownCustomer>({ name: 'intake-parties', text: partiesText, values: [ids] })).rows;
}

function foundIn(row: Row | undefined): Found {
  return {
    wanted: new Map(row?.customers?.map(({ id, wants }) => [id, wants])),
    identities: row?.identities ?? [],
    customers: row?.customers?.map((customer) => ({ ...customer, traitsAt: customer.traitsAt ?? {} })) ?? [],
    profiles: row?.profiles ?? [],
    consents: row?.consents ?? [],
    cart: row?.cart ?? [],
    orders: row?.orders ?? [],
    runs: row?.runs ?? [],
    suppressed: new Map(row?.suppressed?.map(({ address, reason }) => [address, reason])),
    seen: new Set(row?.seen),
  };
}
