import type { PoolClient, QueryConfig } from 'pg';
import type { Resolution } from '#domain/identity.ts';
import type { ItemSaid } from '#domain/item-said.ts';
import type { OrderState } from '#domain/orders.ts';
import type { Projection } from '#domain/projection.ts';
import type { NotEntered, Signal } from '#domain/triggers.ts';
import { arrayOf, empty, type Values } from './arrays.ts';
import { codesRedeemed, orderCodes } from './intake-codes.ts';
import { itemNews } from './intake-items.ts';
import { orderStates } from './intake-orders.ts';
import type { Column, Table } from './intake-tables.ts';
import * as tables from './intake-tables.ts';
import { passStatements } from './merge.ts';
import type { OutboxRow } from './outbox.ts';
import { commitTransaction, inOrder } from './pipeline.ts';

/** All that one flush writes. */
export interface Writes {
  events: tables.EventRow[];
  identities: Resolution;
  projection: Projection;
  signals: Signal[];
  notEntered: NotEntered[];
  /** Of items and their queues. */
  said: readonly ItemSaid[];
}

/** Sends everything that one flush writes, and the commit. Statements do not wait for one another; what fails aborts the
 *  transaction, and the commit behind it is then a rollback. Returns the outbox rows, for the relay. */
export async function writeAndCommit(client: PoolClient, writes: Writes): Promise<OutboxRow[]> {
  const [usual, rare] = putsOf(writes);
  const outbox = client.query<OutboxRow>(usualStatement(usual));
  const missed = put(
    tables.outboxOfMissed,
    writes.signals.filter(({ ifMissed }) => ifMissed),
  );
  const ofMissed = missed.isEmpty ? noRows : client.query<OutboxRow>(statementOf(missed));
  const items = put(itemNews, writes.said);
  const ofItems = items.isEmpty ? noRows : client.query<OutboxRow>(statementOf(items));
  const others = rare.filter(({ isEmpty }) => !isEmpty).map(statementOf);
  const sent = [...others, ...writes.identities.passed.flatMap(passStatements), commitTransaction].map((one) =>
    client.query(one),
  );
  await inOrder([outbox, ofMissed, ofItems, ...sent]);
  return [...(await outbox).rows, ...(await ofMissed).rows, ...(await ofItems).rows];
}

const noRows = Promise.resolve({ rows: [] });

/** Rows for a table. */
interface Put {
  table: Table<never>;
  isEmpty: boolean;
  /** The parameters: one for each column. */
  values(): Buffer[];
}

function put<Row>(table: Table<Row>, rows: readonly Row[]): Put {
  const values = () => Object.values(table.columns).map((column) => valuesOf(column, rows));
  return { table, isEmpty: rows.length === 0, values };
}

function valuesOf<Row>({ type, of }: Column<Row>, rows: readonly Row[]): Buffer {
  return rows.length === 0 ? empty[type] : arrayOf(type, rows.map(of) as (Values[typeof type] | null)[]);
}

/** What most flushes write, and what few do. */
function putsOf({ events, identities, projection, signals, notEntered }: Writes): [usual: Put[], rare: Put[]] {
  const created = new Map(identities.created.map(({ id, at }) => [id, at]));
  const changed = projection.customers.changed();
  const customers = changed.map((row) => ({ ...row, createdAt: created.get(row.id) ?? row.lastSeenAt ?? 0 }));
  const orders = Object.groupBy(projection.orders.changed(), ({ isNew }) => (isNew ? 'fresh' : 'known'));
  const { fresh = [], known = [] } = orders;
  const replaced = known.filter(({ lines }) => lines !== null);
  const codes = projection.orderCodes();
  const byKey = identities.attached.toSorted((a, b) => (a.kind + a.value < b.kind + b.value ? -1 : 1));
  return [
    [
      put(tables.customers, customers),
      put(tables.events, events),
      put(tables.profiles, projection.profiles.changed()),
      put(tables.cart, projection.cartLines()),
      put(tables.interests, projection.interests.changed()),
      put(tables.newOrders, fresh),
      put(
        tables.outbox,
        signals.filter(({ ifMissed }) => !ifMissed),
      ),
    ],
    [
      put(tables.orderLinesGone, replaced),
      put(tables.orderLines, [...fresh, ...replaced].flatMap(linesOf)),
      put(tables.orders, known),
      put(orderStates, projection.orderSteps()),
      put(orderCodes, codes),
      put(
        codesRedeemed,
        codes.filter(({ isPlaced }) => isPlaced),
      ),
      put(tables.identities, byKey),
      put(tables.conflicts, identities.conflicts),
      put(tables.consents, projection.consentsSaid),
      put(tables.consentsNarrowed, projection.consents.removed),
      put(tables.consentStates, projection.consents.changed()),
      put(tables.notEntered, notEntered),
    ],
  ];
}

function linesOf({ orderId, lines }: OrderState): tables.OrderLineRow[] {
  return (lines ?? []).map((line) => ({ orderId, ...line }));
}

let usualText = '';

/** In one statement, since each has a price of its own. Returns the outbox rows. */
function usualStatement(puts: readonly Put[]): QueryConfig {
  usualText ||= textOf(puts.map(({ table }) => table));
  return { name: 'intake-write', text: usualText, values: puts.flatMap(({ values }) => values()) };
}

/** Reads all tables but the last from `with`. */
function textOf(all: readonly Table<never>[]): string {
  let parameters = 0;
  const parts = all.map(({ name, columns, text }) => {
    const rows = `${name}_rows as (${rowsText(columns, parameters)})`;
    parameters += Object.keys(columns).length;
    return `${rows}, ${name}_written as (${text.replaceAll(/\brows\b/g, `${name}_rows`)})`;
  });
  return `with ${parts.join(', ')} select * from ${all.at(-1)?.name}_written`;
}

function statementOf({ table: { name, columns, text }, values }: Put): QueryConfig {
  return { name: `intake-${name}`, text: `with rows as (${rowsText(columns, 0)}) ${text}`, values: values() };
}

function rowsText(columns: Table<never>['columns'], before: number): string {
  const given = Object.entries(columns).map(([name, { type, cast }], index) => {
    const one = `unnest($${before + index + 1}::${type}[])`;
    return `${cast ? `${one}::${cast}` : one} as ${name}`;
  });
  return `select ${given.join(', ')}`;
}
