import type { QueryConfig } from 'pg';
import { textArray } from './arrays.ts';
import { claimSeconds } from './outbox.ts';

/** What is written into one table. Rows come sorted by key: writers that lock in one order never wait in a circle
 *  (unordered, 822 of 12,000 flushes deadlocked). */
interface Table {
  /** Names and types of the rows. */
  columns: string;
  /** Uses `rows`. */
  text: string;
}

export type Row = Readonly<Record<string, string | number | null>>;

const tables = {
  customers: {
    columns: 'id uuid, traits jsonb, traits_at jsonb, last_seen_at timestamptz, created_at timestamptz',
    text: `insert into customers as c (id, traits, traits_at, last_seen_at, created_at)
      select id, coalesce(traits, '{}'), coalesce(traits_at, '{}'), last_seen_at, created_at from rows
      on conflict (id) do update set last_seen_at = excluded.last_seen_at,
        traits = case when excluded.traits_at = '{}' then c.traits else excluded.traits end,
        traits_at = case when excluded.traits_at = '{}' then c.traits_at else excluded.traits_at end`,
  },
  identities: {
    columns: 'kind text, value text, customer_id uuid, since timestamptz',
    text: 'insert into identities (kind, value, customer_id, since) select kind, value, customer_id, since from rows',
  },
  conflicts: {
    columns: 'id uuid, at timestamptz, kind text, value text, holder_id uuid, claimant_id uuid, reason text',
    text: `insert into identity_conflicts (id, at, kind, value, holder_id, claimant_id, reason)
      select id, at, kind, value, holder_id, claimant_id, reason from rows
      on conflict (kind, value, claimant_id) do nothing`,
  },
  events: {
    columns: `id uuid, received_at timestamptz, occurred_at timestamptz, source_id uuid, message_id text, type text, name text,
      customer_id uuid, profile text, payload json`,
    text: `insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
      select id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload from rows`,
  },
  // Not every flush reads the profile first: rows may hold only what is new.
  profiles: {
    columns: `customer_id uuid, kind text, email text, email_at timestamptz, phone text, phone_at timestamptz,
      last_visit_at timestamptz, last_activity_at timestamptz, last_order_at timestamptz, activities int`,
    text: `insert into profiles as p (customer_id, kind, email, email_at, phone, phone_at, last_visit_at, last_activity_at,
        last_order_at, activity_seq)
      select customer_id, kind, email, email_at, phone, phone_at, last_visit_at, last_activity_at, last_order_at, activities
      from rows
      on conflict (customer_id, kind) do update set
        email = case when excluded.email_at >= coalesce(p.email_at, '-infinity') then excluded.email else p.email end,
        email_at = greatest(p.email_at, excluded.email_at),
        phone = case when excluded.phone_at >= coalesce(p.phone_at, '-infinity') then excluded.phone else p.phone end,
        phone_at = greatest(p.phone_at, excluded.phone_at),
        last_visit_at = greatest(p.last_visit_at, excluded.last_visit_at),
        last_activity_at = greatest(p.last_activity_at, excluded.last_activity_at),
        last_order_at = greatest(p.last_order_at, excluded.last_order_at),
        activity_seq = p.activity_seq + excluded.activity_seq`,
  },
  consents: {
    columns: `id uuid, customer_id uuid, purpose text, channel text, state text, text_version text, source text, ip inet,
      at timestamptz`,
    text: `insert into consents (id, customer_id, purpose, channel, state, text_version, source, ip, at)
      select id, customer_id, purpose, channel, state, text_version, source, ip, at from rows`,
  },
  consentsNarrowed: {
    columns: 'customer_id uuid, purpose text, channel text',
    text: `delete from consent_states s using rows where s.customer_id = rows.customer_id and s.purpose = rows.purpose
      and s.channel = rows.channel and s.topic = '*'`,
  },
  consentStates: {
    columns: 'customer_id uuid, purpose text, channel text, state text, at timestamptz',
    text: `insert into consent_states (customer_id, purpose, channel, state, at)
      select customer_id, purpose, channel, state, at from rows
      on conflict (customer_id, purpose, channel, topic) do update set state = excluded.state, at = excluded.at`,
  },
  cart: {
    columns: `customer_id uuid, profile text, product_id text, quantity int, added_at timestamptz, updated_at timestamptz`,
    text: `insert into cart_items (customer_id, profile, product_id, quantity, added_at, updated_at)
      select customer_id, profile, product_id, quantity, added_at, updated_at from rows
      on conflict (customer_id, profile, product_id) do update set quantity = excluded.quantity,
        added_at = excluded.added_at, updated_at = excluded.updated_at`,
  },
  // A favourite that was removed has `removed_at`; `last_at` after it means it was added again.
  interests: {
    columns: `customer_id uuid, profile text, kind text, ref text, times int, first_at timestamptz, last_at timestamptz,
      removed_at timestamptz`,
    text: `insert into interests as i (customer_id, profile, kind, ref, times, first_at, last_at, removed_at)
      select customer_id, profile, kind, ref, times, first_at, last_at, removed_at from rows
      on conflict (customer_id, profile, kind, ref) do update set times = i.times + excluded.times,
        first_at = least(i.first_at, excluded.first_at), last_at = greatest(i.last_at, excluded.last_at),
        removed_at = case when greatest(i.removed_at, excluded.removed_at) >= greatest(i.last_at, excluded.last_at)
          then greatest(i.removed_at, excluded.removed_at) end`,
  },
  newOrders: {
    columns: `order_id text, customer_id uuid, profile text, state text, total bigint, currency text, placed_at timestamptz,
      state_at timestamptz`,
    text: `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
      select order_id, customer_id, profile, state, total, currency, placed_at, state_at from rows`,
  },
  orders: {
    columns: 'order_id text, state text, total bigint, currency text, placed_at timestamptz, state_at timestamptz',
    text: `update orders o set state = rows.state, total = rows.total, currency = rows.currency, placed_at = rows.placed_at,
      state_at = rows.state_at from rows where o.order_id = rows.order_id`,
  },
  orderLinesGone: {
    columns: 'order_id text',
    text: 'delete from order_lines l using rows where l.order_id = rows.order_id',
  },
  newOrderLines: {
    columns: 'order_id text, product_id text, quantity int, price bigint',
    text: `insert into order_lines (order_id, product_id, quantity, price)
      select order_id, product_id, quantity, price from rows`,
  },
  orderLines: {
    columns: 'order_id text, product_id text, quantity int, price bigint',
    text: `insert into order_lines (order_id, product_id, quantity, price)
      select order_id, product_id, quantity, price from rows`,
  },
  notEntered: {
    columns: 'journey text, key text, customer_id uuid, reason text, at timestamptz',
    text: `insert into not_entered as n (journey, key, customer_id, reason, first_at, last_at)
      select journey, key, customer_id, reason, at, at from rows
      on conflict (journey, key, customer_id, reason) do update set
        last_at = greatest(n.last_at, excluded.last_at), times = n.times + 1
      where n.last_at < excluded.last_at - interval '30 minutes'`,
  },
  outbox: {
    columns: `workflow_id text, signal text, journey text, customer_id uuid, key text, reason text, occurred_at timestamptz`,
    text: `insert into outbox (workflow_id, signal, journey, customer_id, key, reason, occurred_at, claimed_until)
      select workflow_id, signal, journey, customer_id, key, reason, occurred_at, now() + interval '${claimSeconds} s' from rows
      on conflict (workflow_id, signal) do update set seq = outbox.seq + 1, reason = excluded.reason,
        occurred_at = excluded.occurred_at, claimed_until = excluded.claimed_until, attempts = 0, last_error = null
      returning *`,
  },
} satisfies Record<string, Table>;

export type TableName = keyof typeof tables;

/** Rows for a table. */
export type Put = readonly [table: TableName, rows: readonly Row[]];

/** What most flushes write goes in one statement: each statement costs a round of system calls on both sides. */
const usual = [
  'customers',
  'identities',
  'events',
  'profiles',
  'cart',
  'interests',
  'newOrders',
  'newOrderLines',
  'notEntered',
  'outbox',
] as const satisfies TableName[];

interface Column {
  table: TableName;
  name: string;
}

const usualColumns: Column[] = usual.flatMap(columnsOf);
const usualText = `with ${usual.map(writing).join(', ')} select * from outbox_written`;

function columnsOf(table: TableName): Column[] {
  return tables[table].columns.split(',').map((column) => ({ table, name: column.trim().split(' ')[0] ?? '' }));
}

/** Two names of a `with`: the table's rows out of parameters, and what is done with them. */
function writing(table: TableName): string {
  const first = Math.max(
    0,
    usualColumns.findIndex((column) => column.table === table),
  );
  return `${rowsText(table, first)}, ${table}_written as (${textOf(table)})`;
}

function textOf(table: TableName): string {
  return tables[table].text.replaceAll(/\brows\b/g, `${table}_rows`);
}

function rowsText(table: TableName, firstParameter: number): string {
  const named = tables[table].columns.split(',').map((column) => column.trim().split(' '));
  const parameters = named.map((_, index) => `$${firstParameter + index + 1}::text[]`).join(', ');
  const cast = named.map(([name, type]) => (type === 'text' ? name : `${name}::${type}`)).join(', ');
  const names = named.map(([name]) => name).join(', ');
  return `${table}_rows as (select ${cast} from unnest(${parameters}) as given (${names}))`;
}

const none = textArray([]);

/** The statements that write all this, the first of which returns the outbox rows. */
export function statementsFor(puts: readonly Put[]): [QueryConfig, ...QueryConfig[]] {
  const rows = new Map(puts);
  const valuesOf = ({ table, name }: Column) => columnOf(rows.get(table) ?? [], name);
  const others = puts.filter(([table, given]) => given.length > 0 && !isUsual(table));
  return [
    { name: 'intake-write', text: usualText, values: usualColumns.map(valuesOf) },
    ...others.map(([table, given]) => ({
      name: `intake-${table}`,
      text: `with ${rowsText(table, 0)} ${textOf(table)}`,
      values: columnsOf(table).map(({ name }) => columnOf(given, name)),
    })),
  ];
}

function isUsual(table: TableName): boolean {
  return usual.some((one) => one === table);
}

function columnOf(rows: readonly Row[], name: string): Buffer {
  return rows.length === 0 ? none : textArray(rows.map((row) => textOrNull(row[name])));
}

function textOrNull(value: string | number | null | undefined): string | null {
  return value === null || value === undefined ? null : String(value);
}
