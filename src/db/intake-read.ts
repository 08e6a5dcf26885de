import type { PoolClient, QueryConfig } from 'pg';
import type { CartState } from '#domain/cart.ts';
import {
  ByIdentity,
  type Holders,
  type IdentityKind,
  type KnownCustomer,
  type KnownIdentity,
} from '#domain/identity.ts';
import type { OrderState } from '#domain/orders.ts';
import type { ConsentState, CustomerState, Known, ProfileState } from '#domain/projection.ts';
import type { Reach } from '#domain/reach.ts';
import type { LiveRun } from '#domain/triggers.ts';
import { arrayOf } from './arrays.ts';
import type { Holding, Remembered } from './intake-memory.ts';
import { beginTransaction, inOrder } from './pipeline.ts';

/** What one flush asks the database about: everything that its events name and that is not remembered. */
export interface Asked {
  /** Remembered customers, whose version is compared, by id. `wants`: what else is to be read of them. */
  expected: Map<string, { customer: Remembered; wants: number }>;
  /** What they hold. */
  held: ByIdentity<Holding>;
  identities: ByIdentity<{ kind: IdentityKind; value: string; wants: number }>;
  orderIds: Set<string>;
  emails: Set<string>;
  /** Journeys that browsing starts. */
  browsing: readonly string[];
  /** Business time. */
  now: Date;
}

/** Bits of `wants`: what only some events need to be known of a customer. */
export const wantsTraits = 1;
export const wantsCart = 2;
/** Addresses and consents; read as well of customers who lack a live run, in time, of what browsing starts: it may start for them. */
export const wantsReach = 4;
export const wantsAll = 7;
/** Live runs, and when they were last seen: of everybody who is not remembered. */
const wantsRuns = 8;

/** What is known of all customers that the events name. Instants are epoch ms. */
export interface Found extends Known {
  holders: Holders;
  /** Those that were not remembered. */
  identities: KnownIdentity[];
  /** What was read of each customer, by `wants`. */
  wanted: Map<string, number>;
  runsOf(customerId: string): readonly LiveRun[];
  /** E-mail addresses that must not be written to, and why. */
  suppressed: Map<string, Suppression>;
  /** Who has a chat or a device: the customer's id and `telegram`, `web_push` or `app_push`. */
  elsewhere: ReadonlySet<string>;
}

type Suppression = NonNullable<Reach['suppressed']>;

const ms = (column: string) => `(date_part('epoch', ${column}) * 1000)::bigint`;

/** Rows of a table by its index, whatever the planner believes of the table: prepared while it was empty, a join would go
 *  through all of it for each customer, and still do so when it has grown, until statistics come. `offset 0` is the fence. For
 *  the same reason there is `(select true …)` here and not `exists`, which may become a join as well. */
const each = (table: string, condition: string) => `lateral (select * from ${table} where ${condition} offset 0)`;

/** In the order of ids, as all who lock several customers do, so that nobody waits in a circle. `no key update` excludes
 *  the same others as `update` does, but lets rows that refer to the customer be inserted meanwhile. */
const lockText = `
  select string_agg(id || ' ' || version, ',') as locked from (
    select id, version from customers where id = any ($1::uuid[] || array(
      select i.customer_id from unnest($2::text[], $3::text[]) as asked (kind, value),
        ${each('identities', 'kind = asked.kind and value = asked.value')} as i
      union all
      select o.customer_id from unnest($4::text[]) as asked (id), ${each('orders', 'order_id = asked.id')} as o))
    order by id for no key update) customer`;

const known = `
  held as (
    select asked.place, i.customer_id, i.since, asked.wants
    from unnest($1::text[], $2::text[], $3::int[]) with ordinality as asked (kind, value, wants, place),
      ${each('identities', 'kind = asked.kind and value = asked.value')} as i),
  known_order as (select o.* from unnest($4::text[]) as asked (id), ${each('orders', 'order_id = asked.id')} as o),
  who as (
    select id, bit_or(wants) as wants
    from (select customer_id as id, wants | ${wantsRuns} as wants from held
      union all select customer_id, ${wantsRuns} from known_order
      union all select * from unnest($5::uuid[], $6::int[])) named group by id),
  live as (select r.* from who, ${each('runs', `customer_id = who.id and ended_at is null and who.wants & ${wantsRuns} > 0`)} as r),
  browsing as (
    select customer_id, count(distinct journey) as journeys from live
    where journey = any ($9) and (due_at is null or due_at > $8) group by customer_id),
  reach as (
    select id from who left join browsing on customer_id = id
    where wants & ${wantsReach} > 0 or (wants & ${wantsRuns} > 0 and coalesce(journeys, 0) < cardinality($9))),
  profile as (
    select p.* from who, ${each('profiles', 'customer_id = who.id')} as p
    where who.wants & ${wantsCart} > 0 or exists (select from reach where reach.id = who.id))
  select
    (select json_agg(json_build_array(place, customer_id, ${ms('since')})) from held) as identities,
    (select json_agg(json_build_array(id, wants)) from who) as wanted,
    (select json_agg(json_build_object('id', c.id, 'lastSeenAt', ${ms('last_seen_at')},
        'traits', case when who.wants & ${wantsTraits} > 0 then c.traits end,
        'traitsAt', case when who.wants & ${wantsTraits} > 0 then c.traits_at else '{}' end))
      from who, ${each('customers', `id = who.id and who.wants & ${wantsTraits | wantsRuns} > 0`)} as c) as customers,
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
      from (select email from profile where email is not null union select unnest($7::text[])) as asked,
        ${each('suppressions', "channel = 'email' and address = asked.email")} as s) as suppressed,
    (select json_agg(json_build_array(customer_id, kind)) from (
      select d.customer_id, d.channel as kind from reach, ${each('devices', 'customer_id = reach.id')} as d
      union select i.customer_id, i.kind from reach,
        ${each('identities', "customer_id = reach.id and kind || '' = 'telegram'")} as i) one) as elsewhere`;

/** Where another gateway is storing the same event, taking its key waits for how that ends. Null: all are new. */
const readText = `
  with fresh as (insert into event_keys (hash) select unnest($10::bytea[]) on conflict do nothing returning hash), ${known},
    (select case when count(*) < cardinality($10) then coalesce(json_agg(encode(hash, 'hex')), '[]') end from fresh) as fresh`;
const readAgainText = `with ${known}`;

type Nullable<T> = { [Key in keyof T]: T[Key] | null };

type Row = Nullable<{
  fresh: string[];
  identities: [place: number, customerId: string, since: number][];
  wanted: [customerId: string, wants: number][];
  customers: CustomerState[];
  profiles: ProfileState[];
  consents: ConsentState[];
  cart: CartState[];
  orders: OrderState[];
  runs: LiveRun[];
  suppressed: { address: string; reason: Suppression }[];
  elsewhere: [customerId: string, kind: string][];
}>;

/** Versions of the customers whose rows are locked, by id. */
export type Locked = ReadonlyMap<string, number>;

/** Whose customer changed between the lock and the read, or was not the one that was expected: the flush starts again. */
export class Stale extends Error {}

export interface Begun {
  /** Keys of the events that were not stored before; null: all of them. */
  fresh: Set<string> | null;
  locked: Locked;
  found: Found;
}

/**
 * Begins the transaction, locks the customers, takes the events' keys (in order, one character a byte) and reads what is not
 * remembered of the customers.
 *
 * The lock is a statement of its own, before the read: in READ COMMITTED a statement's snapshot is taken when it begins,
 * before it waits for a lock, so only a *later* statement sees what `finish` or an unsubscribe committed while holding it.
 * That is what makes lost wake-ups impossible: either we see the run ended and start another, or `finish` sees our activity.
 */
export async function begin(client: PoolClient, asked: Asked, keys: readonly string[]): Promise<Begun> {
  const [, { rows }, read] = await inOrder([
    client.query(beginTransaction),
    client.query<{ locked: string | null }>(lockStatement(asked)),
    client.query<Row>({ name: 'intake-read', text: readText, values: [...valuesOf(asked), arrayOf('bytea', keys)] }),
  ]);
  const locked = lockedIn(rows[0]?.locked ?? null);
  const fresh = read.rows[0]?.fresh?.map((hash) => Buffer.from(hash, 'hex').toString('latin1'));
  return { fresh: fresh ? new Set(fresh) : null, locked, found: foundIn(read.rows[0], asked, locked) };
}

/** Without the keys, under the same locks: where something remembered is out of date, after customers were joined, or where
 *  more is wanted of them. */
export async function readAgain(client: PoolClient, asked: Asked, locked: Locked): Promise<Found> {
  const read = await client.query<Row>({ name: 'intake-read-again', text: readAgainText, values: valuesOf(asked) });
  return foundIn(read.rows[0], asked, locked);
}

function lockStatement({ expected, identities, orderIds }: Asked): QueryConfig {
  const ids = [...expected.keys()];
  const unknown = identities.all();
  const kinds = unknown.map(({ kind }) => kind);
  const values = unknown.map(({ value }) => value);
  return {
    name: 'intake-lock',
    text: lockText,
    values: [arrayOf('uuid', ids), arrayOf('text', kinds), arrayOf('text', values), arrayOf('text', [...orderIds])],
  };
}

/** `id version,id version` */
function lockedIn(text: string | null): Map<string, number> {
  const rows = text?.split(',') ?? [];
  return new Map(rows.map((row) => [row.slice(0, 36), Number(row.slice(37))]));
}

function valuesOf({ expected, identities, orderIds, emails, now, browsing }: Asked) {
  const unknown = identities.all();
  const wanting = [...expected].filter(([, { wants }]) => wants > 0);
  return [
    arrayOf(
      'text',
      unknown.map(({ kind }) => kind),
    ),
    arrayOf(
      'text',
      unknown.map(({ value }) => value),
    ),
    arrayOf(
      'int',
      unknown.map(({ wants }) => wants),
    ),
    arrayOf('text', [...orderIds]),
    arrayOf(
      'uuid',
      wanting.map(([id]) => id),
    ),
    arrayOf(
      'int',
      wanting.map(([, { wants }]) => wants),
    ),
    arrayOf('text', [...emails]),
    now,
    arrayOf('text', [...browsing]),
  ];
}

const partiesText = `
  select id, (select true from identities i where i.customer_id = id and i.kind = 'user_id' limit 1) is true as "hasUserId",
    (select true from orders o where o.customer_id = id limit 1) is true as "hasOrders"
  from unnest($1::uuid[]) as asked (id)`;

/** What decides whether customers may be joined. */
export async function readParties(client: PoolClient, ids: string[]): Promise<KnownCustomer[]> {
  if (ids.length === 0) return [];
  return (await client.query<KnownCustomer>({ name: 'intake-parties', text: partiesText, values: [ids] })).rows;
}

/** Throws Stale where that does not fit what is locked: who holds an identity, and what is remembered of a customer, is changed
 *  under the customer's lock only, so what we hold can be relied on. */
function foundIn(row: Row | undefined, { expected, held, identities }: Asked, locked: Locked): Found {
  const asked = identities.all();
  const read = new ByIdentity<KnownIdentity>();
  for (const [place, customerId, since] of row?.identities ?? []) {
    const { kind, value } = asked[place - 1] ?? {};
    if (!locked.has(customerId)) throw new Stale();
    if (kind !== undefined && value !== undefined) read.set(kind, value, { kind, value, customerId, since });
  }
  const customers = row?.customers ?? [];
  const isRead = new Set(customers.map(({ id }) => id));
  for (const { customer } of expected.values()) {
    const { id, lastSeenAt } = customer;
    if (!isRead.has(id)) customers.push({ id, traits: null, traitsAt: {}, lastSeenAt });
  }
  const runs = Map.groupBy(row?.runs ?? [], ({ customerId }) => customerId);
  return {
    holders(kind, value) {
      const holding = held.get(kind, value);
      return holding ? { customerId: holding.holder.id, since: holding.since } : read.get(kind, value);
    },
    identities: read.all(),
    wanted: new Map(row?.wanted),
    customers,
    profiles: row?.profiles ?? [],
    consents: row?.consents ?? [],
    cart: row?.cart ?? [],
    orders: row?.orders ?? [],
    runsOf: (customerId) => runs.get(customerId) ?? expected.get(customerId)?.customer.runs ?? [],
    suppressed: new Map(row?.suppressed?.map(({ address, reason }) => [address, reason])),
    elsewhere: new Set(row?.elsewhere?.map(([customerId, kind]) => `${customerId} ${kind}`)),
  };
}
