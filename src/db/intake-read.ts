import type { PoolClient, QueryConfig } from 'pg';
import type { CartState } from '#domain/cart.ts';
import type { IdentityKind, KnownCustomer, KnownIdentity } from '#domain/identity.ts';
import type { OrderState } from '#domain/orders.ts';
import type { ConsentState, Known, ProfileState } from '#domain/projection.ts';
import type { Reach } from '#domain/reach.ts';
import type { LiveRun } from '#domain/triggers.ts';
import { textArray } from './arrays.ts';
import { beginTransaction, inOrder } from './pipeline.ts';

/** What one flush asks the database about: everything that its events name. */
export interface Asked {
  identities: { kind: IdentityKind; value: string; wants: number }[];
  /** Hex. */
  hashes: string[];
  orderIds: string[];
  emails: string[];
  /** Business time. */
  now: Date;
}

/** Bits of `wants`: what only some events need to be known of a customer. */
export const wantsTraits = 1;
export const wantsCart = 2;
/** Addresses and consents; read as well of customers without a live run that is in time: a journey may start for them. */
export const wantsReach = 4;
export const wantsAll = 7;

/** What is known of all customers that the events name. Instants are epoch ms. */
export interface Found extends Known {
  identities: KnownIdentity[];
  /** What was read of each customer, by `wants`. */
  wanted: Map<string, number>;
  runs: LiveRun[];
  /** E-mail addresses that must not be written to, and why. */
  suppressed: Map<string, Suppression>;
}

type Suppression = NonNullable<Reach['suppressed']>;

const ms = (column: string) => `(date_part('epoch', ${column}) * 1000)::bigint`;

/** Rows of a table by its index, whatever the planner believes of the table: prepared while it was empty, a join would go
 *  through all of it for each customer, and still do so when it has grown, until statistics come. `offset 0` is the fence. */
const each = (table: string, condition: string) => `lateral (select * from ${table} where ${condition} offset 0)`;

/** In the order of ids, as all who lock several customers do, so that nobody waits in a circle. `no key update` excludes
 *  the same others as `update` does, but lets rows that refer to the customer be inserted meanwhile. */
const lockText = `
  select id, ${ms('last_seen_at')} as "lastSeenAt" from customers where id = any ($1::uuid[] || array(
    select i.customer_id from unnest($2::text[], $3::text[]) as asked (kind, value),
      ${each('identities', 'kind = asked.kind and value = asked.value')} as i
    union all
    select o.customer_id from unnest($4::text[]) as asked (id), ${each('orders', 'order_id = asked.id')} as o))
  order by id for no key update`;

/** Where another gateway is storing the same event, taking its key waits for how that ends. */
const readText = (isFirst: boolean) => `
  with fresh as (${
    isFirst
      ? `insert into event_keys (hash) select decode(hash, 'hex') from unnest($7::text[]) as hash
    on conflict do nothing returning encode(hash, 'hex') as hash`
      : 'select hash from unnest($7::text[]) as hash'
  }),
  held as (
    select asked.place, i.customer_id, i.since, asked.wants
    from unnest($1::text[], $2::text[], $3::int[]) with ordinality as asked (kind, value, wants, place),
      ${each('identities', 'kind = asked.kind and value = asked.value')} as i),
  known_order as (select o.* from unnest($4::text[]) as asked (id), ${each('orders', 'order_id = asked.id')} as o),
  who as (
    select id, bit_or(wants) as wants
    from (select customer_id as id, wants from held union all select customer_id, 0 from known_order) named group by id),
  live as (select r.* from who, ${each('runs', 'customer_id = who.id and ended_at is null')} as r),
  reach as (
    select id from who where wants & ${wantsReach} > 0
      or not exists (select from live where live.customer_id = who.id and (due_at is null or due_at > $6))),
  profile as (
    select p.* from who, ${each('profiles', 'customer_id = who.id')} as p
    where who.wants & ${wantsCart} > 0 or exists (select from reach where reach.id = who.id))
  select
    (select json_agg(hash) from fresh) as fresh,
    (select json_agg(json_build_array(place, customer_id, ${ms('since')})) from held) as identities,
    (select json_agg(json_build_array(id, wants)) from who) as wanted,
    (select json_agg(json_build_object('id', c.id, 'traits', c.traits, 'traitsAt', c.traits_at))
      from who, ${each('customers', `id = who.id and who.wants & ${wantsTraits} > 0`)} as c) as traits,
    (select json_agg(json_build_object('customerId', customer_id, 'kind', kind, 'email', email, 'emailAt', ${ms('email_at')},
      'phone', phone, 'phoneAt', ${ms('phone_at')}, 'lastVisitAt', ${ms('last_visit_at')},
      'lastActivityAt', ${ms('last_activity_at')}, 'lastOrderAt', ${ms('last_order_at')}, 'activities', 0))
      from profile) as profiles,
    (select json_agg(json_build_object('customerId', customer_id, 'purpose', purpose, 'channel', channel, 'state', state,
      'at', ${ms('at')}))
      from reach, ${each('consent_states', "customer_id = reach.id and topic = '*'")} as c) as consents,
    (select json_agg(json_build_object('customerId', customer_id, 'profile', profile, 'product', product_id,
      'quantity', quantity, 'addedAt', ${ms('added_at')}, 'updatedAt', ${ms('updated_at')}))
      from who, ${each('cart_items', `customer_id = who.id and who.wants & ${wantsCart} > 0`)} as c) as cart,
    (select json_agg(json_build_object('orderId', order_id, 'customerId', customer_id, 'profile', profile, 'state', state,
      'total', total, 'currency', currency, 'placedAt', ${ms('placed_at')}, 'stateAt', ${ms('state_at')},
      'hasLines', exists (select from order_lines l where l.order_id = o.order_id), 'lines', null, 'isNew', false))
      from known_order o) as orders,
    (select json_agg(json_build_object('workflowId', workflow_id, 'journey', journey, 'customerId', customer_id, 'key', key,
      'dueAt', ${ms('due_at')}))
      from live) as runs,
    (select json_agg(json_build_object('address', address, 'reason', reason))
      from (select email from profile where email is not null union select unnest($5::text[])) as asked,
        ${each('suppressions', "channel = 'email' and address = asked.email")} as s) as suppressed`;

const firstText = readText(true);
const againText = readText(false);

type Nullable<T> = { [Key in keyof T]: T[Key] | null };

type Row = Nullable<{
  fresh: string[];
  identities: [place: number, customerId: string, since: number][];
  wanted: [customerId: string, wants: number][];
  traits: { id: string; traits: Record<string, unknown>; traitsAt: Record<string, string> }[];
  profiles: ProfileState[];
  consents: ConsentState[];
  cart: CartState[];
  orders: OrderState[];
  runs: LiveRun[];
  suppressed: { address: string; reason: Suppression }[];
}>;

interface Locked {
  id: string;
  lastSeenAt: number | null;
}

/** Whose customer changed between the lock and the read, or was not the one that was expected: the flush starts again. */
export class Stale extends Error {}

export interface Begun {
  /** Hashes of the events that were not stored before. */
  fresh: Set<string>;
  locked: Locked[];
  found: Found;
}

/**
 * Begins the transaction, locks the customers, takes the events' keys and reads what is known of the customers. `holders` may tell
 * beforehand who holds an identity; a wrong guess is found out here.
 *
 * The lock is a statement of its own, before the read: in READ COMMITTED a statement's snapshot is taken when it begins,
 * before it waits for a lock, so only a *later* statement sees what `finish` or an unsubscribe committed while holding it.
 * That is what makes lost wake-ups impossible: either we see the run ended and start another, or `finish` sees our activity.
 */
export async function begin(client: PoolClient, asked: Asked, holders: ReadonlyMap<string, string>): Promise<Begun> {
  const [, { rows: locked }, read] = await inOrder([
    client.query(beginTransaction),
    client.query<Locked>(lockStatement(asked, holders)),
    client.query<Row>(readStatement(asked, true)),
  ]);
  const found = foundIn(read.rows[0], asked, locked);
  const ids = new Set(locked.map(({ id }) => id));
  // Who holds an identity is changed under its holder's lock only: what we hold can be relied on.
  if ([...found.wanted.keys()].some((id) => !ids.has(id))) throw new Stale();
  return { fresh: new Set(read.rows[0]?.fresh), locked, found };
}

/** The same again, under the same locks: after customers were joined, or where more is wanted of them. */
export async function readAgain(client: PoolClient, asked: Asked, locked: Locked[]): Promise<Found> {
  const read = await client.query<Row>(readStatement(asked, false));
  return foundIn(read.rows[0], asked, locked);
}

export function identityKey({ kind, value }: { kind: string; value: string }): string {
  return `${kind} ${value}`;
}

function lockStatement({ identities, orderIds }: Asked, holders: ReadonlyMap<string, string>): QueryConfig {
  const expected = new Set<string>();
  const unknown: Asked['identities'] = [];
  for (const identity of identities) {
    const holder = holders.get(identityKey(identity));
    if (holder === undefined) unknown.push(identity);
    else expected.add(holder);
  }
  const kinds = textArray(unknown.map(({ kind }) => kind));
  const values = textArray(unknown.map(({ value }) => value));
  return { name: 'intake-lock', text: lockText, values: [[...expected], kinds, values, orderIds] };
}

function readStatement({ identities, orderIds, emails, now, hashes }: Asked, isFirst: boolean): QueryConfig {
  const kinds = textArray(identities.map(({ kind }) => kind));
  const values = textArray(identities.map(({ value }) => value));
  const wants = identities.map((identity) => identity.wants);
  const given = [kinds, values, wants, orderIds, emails, now, textArray(hashes)];
  return { name: isFirst ? 'intake-read' : 'intake-read-again', text: isFirst ? firstText : againText, values: given };
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

function foundIn(row: Row | undefined, asked: Asked, locked: readonly Locked[]): Found {
  const said = new Map(row?.traits?.map((customer) => [customer.id, customer]));
  return {
    wanted: new Map(row?.wanted),
    identities: (row?.identities ?? []).flatMap(([place, customerId, since]) => {
      const identity = asked.identities[place - 1];
      return identity === undefined ? [] : [{ kind: identity.kind, value: identity.value, customerId, since }];
    }),
    customers: locked.map(({ id, lastSeenAt }) => {
      const { traits = null, traitsAt = {} } = said.get(id) ?? {};
      return { id, traits, traitsAt, lastSeenAt };
    }),
    profiles: row?.profiles ?? [],
    consents: row?.consents ?? [],
    cart: row?.cart ?? [],
    orders: row?.orders ?? [],
    runs: row?.runs ?? [],
    suppressed: new Map(row?.suppressed?.map(({ address, reason }) => [address, reason])),
  };
}
