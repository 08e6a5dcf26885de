import type { CartState } from '#domain/cart.ts';
import type { Event, OrderLine } from '#domain/events.ts';
import type { Conflict, KnownIdentity } from '#domain/identity.ts';
import type { InterestChange } from '#domain/interests.ts';
import type { OrderState } from '#domain/orders.ts';
import type { ConsentSaid, ConsentState, CustomerState, ProfileState } from '#domain/projection.ts';
import type { NotEntered, Signal } from '#domain/triggers.ts';
import type { ArrayType, Values } from './arrays.ts';
import { newId } from './ids.ts';
import { claimSeconds } from './outbox.ts';

/** One column of the rows that go into a table. */
export interface Column<Row> {
  type: ArrayType;
  /** Where the parameter is text and the column is not. */
  cast?: 'jsonb' | 'inet';
  of(row: Row): string | number | null;
}

/** What is written into one table. Rows come sorted by key: writers that lock in one order never wait in a circle
 *  (unordered, 822 of 12,000 flushes deadlocked). */
export interface Table<Row> {
  name: string;
  columns: Readonly<Record<string, Column<Row>>>;
  /** Uses `rows`, which has these columns. */
  text: string;
}

type Reader<Type extends ArrayType, Row> = (row: Row) => Values[Type] | null;

const text = <Row>(of: Reader<'text', Row>): Column<Row> => ({ type: 'text', of });
const uuid = <Row>(of: Reader<'uuid', Row>): Column<Row> => ({ type: 'uuid', of });
const time = <Row>(of: Reader<'timestamptz', Row>): Column<Row> => ({ type: 'timestamptz', of });
const int = <Row>(of: Reader<'int', Row>): Column<Row> => ({ type: 'int', of });
const bigint = <Row>(of: Reader<'bigint', Row>): Column<Row> => ({ type: 'bigint', of });
const json = <Row>(of: Reader<'json', Row>): Column<Row> => ({ type: 'json', of });
const jsonb = <Row>(of: Reader<'text', Row>): Column<Row> => ({ type: 'text', cast: 'jsonb', of });

/** Inserts all columns as they are. */
function inserting<Row>(name: string, columns: Table<Row>['columns'], onConflict = ''): Table<Row> {
  const names = Object.keys(columns).join(', ');
  return { name, columns, text: `insert into ${name} (${names}) select ${names} from rows ${onConflict}` };
}

export interface CustomerRow extends CustomerState {
  /** Epoch ms. */
  createdAt: number;
}

/** What was not read of a customer (`traits: null`) stays as it is. */
export const customers: Table<CustomerRow> = {
  name: 'customers',
  columns: {
    id: uuid((row) => row.id),
    traits: jsonb((row) => row.traits && JSON.stringify(row.traits)),
    traits_at: jsonb((row) => row.traits && JSON.stringify(row.traitsAt)),
    last_seen_at: time((row) => row.lastSeenAt),
    created_at: time((row) => row.createdAt),
  },
  text: `insert into customers as c (id, traits, traits_at, last_seen_at, created_at)
    select id, coalesce(traits, '{}'), coalesce(traits_at, '{}'), last_seen_at, created_at from rows
    on conflict (id) do update set last_seen_at = excluded.last_seen_at,
      traits = case when excluded.traits_at = '{}' then c.traits else excluded.traits end,
      traits_at = case when excluded.traits_at = '{}' then c.traits_at else excluded.traits_at end`,
};

export const identities = inserting<KnownIdentity>('identities', {
  kind: text((row) => row.kind),
  value: text((row) => row.value),
  customer_id: uuid((row) => row.customerId),
  since: time((row) => row.since),
});

export const conflicts = inserting<Conflict>(
  'identity_conflicts',
  {
    id: uuid((row) => newId(new Date(row.at))),
    at: time((row) => row.at),
    kind: text((row) => row.kind),
    value: text((row) => row.value),
    holder_id: uuid((row) => row.holderId),
    claimant_id: uuid((row) => row.claimantId),
    reason: text((row) => row.reason),
  },
  'on conflict (kind, value, claimant_id) do nothing',
);

export interface EventRow {
  event: Event;
  sourceId: string;
  customerId: string;
}

export const events = inserting<EventRow>('events', {
  id: uuid(({ event }) => newId(event.receivedAt)),
  received_at: time(({ event }) => event.receivedAt.getTime()),
  occurred_at: time(({ event }) => event.occurredAt.getTime()),
  source_id: uuid((row) => row.sourceId),
  message_id: text(({ event }) => event.messageId),
  type: text(({ event }) => event.type),
  name: text(({ event }) => event.name),
  customer_id: uuid((row) => row.customerId),
  profile: text(({ event }) => event.profile),
  payload: json(({ event }) => event.payload),
});

/** Not every flush reads the profile first: rows may hold only what is new. */
export const profiles = inserting<ProfileState>(
  'profiles',
  {
    customer_id: uuid((row) => row.customerId),
    kind: text((row) => row.kind),
    email: text((row) => row.email),
    email_at: time((row) => row.emailAt),
    phone: text((row) => row.phone),
    phone_at: time((row) => row.phoneAt),
    last_visit_at: time((row) => row.lastVisitAt),
    last_activity_at: time((row) => row.lastActivityAt),
    last_order_at: time((row) => row.lastOrderAt),
    activity_seq: int((row) => row.activities),
  },
  `on conflict (customer_id, kind) do update set
    email = case when excluded.email_at >= coalesce(profiles.email_at, '-infinity') then excluded.email else profiles.email end,
    email_at = greatest(profiles.email_at, excluded.email_at),
    phone = case when excluded.phone_at >= coalesce(profiles.phone_at, '-infinity') then excluded.phone else profiles.phone end,
    phone_at = greatest(profiles.phone_at, excluded.phone_at),
    last_visit_at = greatest(profiles.last_visit_at, excluded.last_visit_at),
    last_activity_at = greatest(profiles.last_activity_at, excluded.last_activity_at),
    last_order_at = greatest(profiles.last_order_at, excluded.last_order_at),
    activity_seq = profiles.activity_seq + excluded.activity_seq`,
);

export const consents = inserting<ConsentSaid>('consents', {
  id: uuid((row) => newId(new Date(row.at))),
  customer_id: uuid((row) => row.customerId),
  purpose: text((row) => row.purpose),
  channel: text((row) => row.channel),
  state: text((row) => row.state),
  text_version: text((row) => row.textVersion),
  source: text((row) => row.source),
  ip: { type: 'text', cast: 'inet', of: (row) => row.ip },
  at: time((row) => row.at),
});

export const consentsNarrowed: Table<ConsentState> = {
  name: 'consents_narrowed',
  columns: {
    customer_id: uuid((row) => row.customerId),
    purpose: text((row) => row.purpose),
    channel: text((row) => row.channel),
  },
  text: `delete from consent_states s using rows where s.customer_id = rows.customer_id and s.purpose = rows.purpose
    and s.channel = rows.channel and s.topic = '*'`,
};

export const consentStates = inserting<ConsentState>(
  'consent_states',
  {
    customer_id: uuid((row) => row.customerId),
    purpose: text((row) => row.purpose),
    channel: text((row) => row.channel),
    state: text((row) => row.state),
    at: time((row) => row.at),
  },
  'on conflict (customer_id, purpose, channel, topic) do update set state = excluded.state, at = excluded.at',
);

export const cart = inserting<CartState>(
  'cart_items',
  {
    customer_id: uuid((row) => row.customerId),
    profile: text((row) => row.profile),
    product_id: text((row) => row.product),
    quantity: int((row) => row.quantity),
    added_at: time((row) => row.addedAt),
    updated_at: time((row) => row.updatedAt),
  },
  `on conflict (customer_id, profile, product_id) do update set quantity = excluded.quantity,
    added_at = excluded.added_at, updated_at = excluded.updated_at`,
);

const lastOf = ({ lastAt, removedAt }: InterestChange) => lastAt ?? removedAt ?? 0;

/** A favourite that was removed has `removed_at`; `last_at` after it means it was added again. A removal of what was never seen
 *  as added leaves a row that says so: a late 'added' does not bring it back. */
export const interests = inserting<InterestChange>(
  'interests',
  {
    customer_id: uuid((row) => row.customerId),
    profile: text((row) => row.profile),
    kind: text((row) => row.kind),
    ref: text((row) => row.ref),
    times: int((row) => row.times ?? 0),
    first_at: time((row) => row.firstAt ?? row.removedAt ?? 0),
    last_at: time(lastOf),
    removed_at: time((row) => (row.removedAt !== undefined && row.removedAt >= lastOf(row) ? row.removedAt : null)),
  },
  `on conflict (customer_id, profile, kind, ref) do update set times = interests.times + excluded.times,
    first_at = least(interests.first_at, excluded.first_at), last_at = greatest(interests.last_at, excluded.last_at),
    removed_at = case when greatest(interests.removed_at, excluded.removed_at) >= greatest(interests.last_at, excluded.last_at)
      then greatest(interests.removed_at, excluded.removed_at) end`,
);

const orderStates = {
  state: text<OrderState>((row) => row.state),
  total: bigint<OrderState>((row) => row.total),
  currency: text<OrderState>((row) => row.currency),
  placed_at: time<OrderState>((row) => row.placedAt),
  state_at: time<OrderState>((row) => row.stateAt),
};

export const newOrders = inserting<OrderState>('orders', {
  order_id: text((row) => row.orderId),
  customer_id: uuid((row) => row.customerId),
  profile: text((row) => row.profile),
  ...orderStates,
});

export const orders: Table<OrderState> = {
  name: 'orders_changed',
  columns: { order_id: text((row) => row.orderId), ...orderStates },
  text: `update orders o set state = rows.state, total = rows.total, currency = rows.currency, placed_at = rows.placed_at,
    state_at = rows.state_at from rows where o.order_id = rows.order_id`,
};

export const orderLinesGone: Table<OrderState> = {
  name: 'order_lines_gone',
  columns: { order_id: text((row) => row.orderId) },
  text: 'delete from order_lines l using rows where l.order_id = rows.order_id',
};

export interface OrderLineRow extends OrderLine {
  orderId: string;
}

/** With what its goods cost and were reduced from, as the shop tells or as the catalogue has it when it comes: that changes. */
export const orderLines: Table<OrderLineRow> = {
  name: 'order_lines',
  columns: {
    order_id: text((row) => row.orderId),
    product_id: text((row) => row.product),
    quantity: int((row) => row.quantity),
    price: bigint((row) => row.price),
    cost: bigint((row) => row.cost ?? null),
    old_price: bigint((row) => row.oldPrice ?? null),
  },
  text: `insert into order_lines (order_id, product_id, quantity, price, cost, old_price)
    select order_id, product_id, quantity, rows.price, coalesce(rows.cost, offer.cost), coalesce(rows.old_price, offer.old_price)
    from rows left join lateral (
      select cost, old_price from offers o where o.product_id = rows.product_id order by o.region <> '*', o.region limit 1) offer on true`,
};

export const notEntered = inserting<NotEntered>(
  'not_entered',
  {
    journey: text((row) => row.journey),
    key: text((row) => row.key),
    customer_id: uuid((row) => row.customerId),
    reason: text((row) => row.reason),
    first_at: time((row) => row.at),
    last_at: time((row) => row.at),
  },
  `on conflict (journey, key, customer_id, reason) do update set
    last_at = greatest(not_entered.last_at, excluded.last_at), times = not_entered.times + 1
    where not_entered.last_at < excluded.last_at - interval '30 minutes'`,
);

const bumped = `on conflict (workflow_id, signal) do update set seq = outbox.seq + 1, reason = excluded.reason,
      occurred_at = excluded.occurred_at, claimed_until = excluded.claimed_until, attempts = 0, last_error = null
    returning *`;

export const outbox: Table<Signal> = {
  name: 'outbox',
  columns: {
    workflow_id: text((row) => row.workflowId),
    signal: text((row) => row.signal),
    journey: text((row) => row.journey),
    customer_id: uuid((row) => row.customerId),
    key: text((row) => row.key),
    reason: text((row) => row.reason),
    occurred_at: time((row) => row.at),
  },
  text: `insert into outbox (workflow_id, signal, journey, customer_id, key, reason, occurred_at, claimed_until)
    select workflow_id, signal, journey, customer_id, key, reason, occurred_at, now() + interval '${claimSeconds} s' from rows
    ${bumped}`,
};

/** Those of `ifMissed`: who was unreachable when the journey's trigger came. No `exists`: as a join it read all of not_entered for
 *  each flush, once that had grown. */
export const outboxOfMissed: Table<Signal> = {
  ...outbox,
  name: 'outbox_of_missed',
  text: `insert into outbox (workflow_id, signal, journey, customer_id, key, reason, occurred_at, claimed_until)
    select workflow_id, signal, journey, customer_id, key, reason, occurred_at, now() + interval '${claimSeconds} s' from rows
    where (select true from not_entered n where n.journey = rows.journey and n.key = rows.key
      and n.customer_id = rows.customer_id and n.reason = 'unreachable')
    ${bumped}`,
};
