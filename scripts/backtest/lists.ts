import { createWriteStream } from 'node:fs';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import {
  analyse,
  heldDecisions,
  missedEntries,
  type OrderRow,
  playedCounts,
  playedRuns,
  recordedOrders,
  type SentRow,
  sentMessages,
} from '#db/backtest.ts';
import type { Db } from '#db/connect.ts';

/** What stands behind the numbers: one JSON document a line, no address in it. Of each line `customerId` is ours, and `customer` the
 *  shop's own id where that is no address. */
export interface Lists {
  messages: MessageLine[];
  held: HeldLine[];
  missed: MissedLine[];
  runs: RunLine[];
  orders: OrderLine[];
}

export const listNames = ['messages', 'held', 'missed', 'runs', 'orders'] as const satisfies (keyof Lists)[];

interface Who {
  customer: string | null;
  customerId: string;
}

export interface MessageLine extends Who {
  week: string;
  journey: string;
  block: string;
  class: string;
  channel: string;
  template: string;
  at: string;
  /** The customer's next real order came within so many days, of `spans`; null: none did. */
  orderWithin: number | null;
  /** The same for the one before. */
  orderedBefore: number | null;
  runId: string | null;
  messageId: string;
}

export interface HeldLine extends Who {
  week: string;
  journey: string;
  block: string;
  decision: string;
  reason: string;
  by: string | null;
  channel: string | null;
  at: string;
  until: string | null;
  runId: string | null;
  decisionId: string;
}

export interface MissedLine extends Who {
  journey: string;
  reason: string;
  key: string;
  times: number;
  firstAt: string;
  lastAt: string;
}

export interface RunLine extends Who {
  week: string;
  journey: string;
  /** `waiting` where the record ended first. */
  outcome: string;
  key: string;
  enteredAt: string;
  endedAt: string | null;
  runId: string;
}

export interface OrderLine extends Who {
  week: string;
  /** A marketing message of the backtest would have come before it, at most so many days, of `spans`. */
  messagedWithin: number | null;
  at: string;
  state: string;
  total: number;
  currency: string;
  orderId: string;
}

/** How many customers and events there were in all. */
export interface Counts {
  customers: number;
  events: number;
}

/** Days within which an order is looked for. */
export const spans = [1, 3, 7, 14, 30] as const;
const dayMs = 86_400_000;

/** The Monday (UTC) of an instant's week. */
export function weekOf(at: Date): string {
  const day = Math.floor(at.getTime() / dayMs);
  // 1 January 1970 was a Thursday.
  return new Date((day - ((day + 3) % 7)) * dayMs).toISOString().slice(0, 10);
}

/** The smallest of `spans` that holds what lies between; null where none does. */
export function spanOf(from: Date | null, to: Date | null): number | null {
  if (from === null || to === null) return null;
  return spans.find((days) => to.getTime() - from.getTime() <= days * dayMs) ?? null;
}

/** Reads everything that came of a side, and writes it into `folder`, a file for each list. Orders before `from` are history. */
export async function writeLists(db: Db, folder: string, from: Date | null): Promise<Counts> {
  await analyse(db);
  await mkdir(folder, { recursive: true });
  const messaged = new Map<string, Date[]>();
  await write(folder, 'messages', messageLines(db, messaged));
  await write(folder, 'held', heldLines(db));
  await write(folder, 'runs', one((await playedRuns(db)).map(runLine)));
  await write(folder, 'missed', one((await missedEntries(db)).map(missedLine)));
  await write(folder, 'orders', one((await recordedOrders(db, from)).map((order) => orderLine(order, messaged))));
  return playedCounts(db);
}

export async function readLists(folder: string): Promise<Lists> {
  const read = async (name: keyof Lists) => {
    const text = await readFile(join(folder, `${name}.jsonl`), 'utf8');
    return text === ''
      ? []
      : text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line));
  };
  const [messages = [], held = [], missed = [], runs = [], orders = []] = await Promise.all(listNames.map(read));
  return { messages, held, missed, runs, orders };
}

async function write(folder: string, name: keyof Lists, pages: AsyncIterable<object[]>): Promise<void> {
  const stream = createWriteStream(join(folder, `${name}.jsonl`));
  for await (const lines of pages) stream.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  stream.end();
  await finished(stream);
}

async function* one<T>(page: T[]): AsyncGenerator<T[]> {
  yield page;
}

/** An e-mail address may be a shop's id of a customer; then ours has to do. */
function who({ customer, customerId }: Who): Who {
  return { customer: customer?.includes('@') ? null : customer, customerId };
}

async function* messageLines(db: Db, messaged: Map<string, Date[]>): AsyncGenerator<MessageLine[]> {
  for await (const rows of sentMessages(db)) {
    for (const { customerId, kind, at } of rows) {
      if (kind !== 'marketing') continue;
      const known = messaged.get(customerId);
      if (known) known.push(at);
      else messaged.set(customerId, [at]);
    }
    yield rows.map(messageLine);
  }
}

function messageLine(row: SentRow): MessageLine {
  const { journey, block, class: its, channel, template, at, runId, messageId } = row;
  return {
    ...{ week: weekOf(at), journey, block, class: its, channel, template, at: at.toISOString() },
    orderWithin: spanOf(at, row.orderAfter),
    orderedBefore: spanOf(row.orderBefore, at),
    ...who(row),
    ...{ runId, messageId },
  };
}

async function* heldLines(db: Db): AsyncGenerator<HeldLine[]> {
  for await (const rows of heldDecisions(db))
    yield rows.map(({ at, until, journey, block, decision, reason, by, channel, runId, decisionId, ...customer }) => ({
      ...{ week: weekOf(at), journey, block, decision, reason, by, channel },
      ...{ at: at.toISOString(), until: until?.toISOString() ?? null },
      ...who(customer),
      ...{ runId, decisionId },
    }));
}

function runLine({
  enteredAt,
  endedAt,
  outcome,
  journey,
  key,
  runId,
  ...customer
}: Awaited<ReturnType<typeof playedRuns>>[number]): RunLine {
  return {
    ...{ week: weekOf(enteredAt), journey, outcome: outcome ?? 'waiting', key },
    ...{ enteredAt: enteredAt.toISOString(), endedAt: endedAt?.toISOString() ?? null },
    ...who(customer),
    runId,
  };
}

function missedLine({
  firstAt,
  lastAt,
  journey,
  reason,
  key,
  times,
  ...customer
}: Awaited<ReturnType<typeof missedEntries>>[number]): MissedLine {
  const seen = { firstAt: firstAt.toISOString(), lastAt: lastAt.toISOString() };
  return { journey, reason, key, times, ...seen, ...who(customer) };
}

function orderLine(
  { placedAt, state, total, currency, orderId, ...customer }: OrderRow,
  messaged: ReadonlyMap<string, Date[]>,
): OrderLine {
  const last = messaged.get(customer.customerId)?.findLast((at) => at < placedAt) ?? null;
  return {
    ...{
      week: weekOf(placedAt),
      messagedWithin: spanOf(last, placedAt),
      at: placedAt.toISOString(),
      state,
      total,
      currency,
    },
    ...who(customer),
    orderId,
  };
}
