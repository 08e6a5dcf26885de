import { Failure } from '#domain/failure.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import { linesOf, type Placed } from '#scripts/files/lines.ts';
import type { OrderMapping } from '#scripts/files/mapping.ts';
import { type OrderLine, orderLines, type Refused } from '#scripts/files/orders.ts';
import type { Recorded } from './recorded.ts';

export const formats = ['export', 'segment', 'orders'] as const;
/** `export`: what `GET /api/v1/exports/events` gave. `segment`: calls of Segment's API, a line each. `orders`: CSV of order lines. */
export type Format = (typeof formats)[number];

export type Read = Placed<Recorded | Refused>;

/** By the first line: JSON of either kind, or a table. */
export async function formatOf(path: string): Promise<Format> {
  for await (const { value } of linesOf(path)) {
    if (!value.trimStart().startsWith('{')) return 'orders';
    const first = json(value);
    return isRecord(first) && isRecord(first.payload) && 'receivedAt' in first ? 'export' : 'segment';
  }
  throw new Failure(`${path} is empty: give a file of events.`);
}

export interface Reading {
  path: string;
  format: Format;
  mapping: OrderMapping;
  zone: string;
  currency: string;
}

/** Events as they stand in the file; those of one order may be in several pieces. */
export function readRecord({ path, format, mapping, ...otherwise }: Reading): AsyncGenerator<Read> {
  if (format === 'orders')
    return ordersOf(orderLines(path, mapping, otherwise), mapping.currency ?? otherwise.currency);
  return callsOf(path, format === 'export' ? exported : segmentCall);
}

async function* callsOf(path: string, read: (line: Properties) => Recorded | Refused): AsyncGenerator<Read> {
  for await (const { line, value } of linesOf(path)) {
    const parsed = json(value);
    yield { line, value: isRecord(parsed) ? read(parsed) : { refused: 'no JSON object' } };
  }
}

function json(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function exported({ receivedAt, occurredAt, type, name, payload, messageId, profile }: Properties): Recorded | Refused {
  const [at, happenedAt] = [instant(receivedAt), instant(occurredAt)];
  if (at === null || happenedAt === null || !isRecord(payload)) return { refused: 'not as the export writes it' };
  if (Object.keys(payload).length === 0) return { refused: 'of a customer who was erased' };
  const context = { ...(isRecord(payload.context) && payload.context), profile };
  // A call that came by a route of its own does not name its type.
  const call = { ...payload, type, messageId, context };
  return { at, happenedAt, name: text(name) ?? '', call };
}

function segmentCall(call: Properties): Recorded | Refused {
  const happenedAt = instant(call.timestamp) ?? instant(call.originalTimestamp);
  const at = instant(call.receivedAt) ?? happenedAt;
  if (at === null) return { refused: 'it says no time (timestamp, originalTimestamp, receivedAt)' };
  const name = call.type === 'track' ? text(call.event)?.trim() : text(call.type);
  return { at, happenedAt: happenedAt ?? at, name: name ?? '', call };
}

function instant(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Lines of one order that follow one another become one event. */
async function* ordersOf(lines: AsyncIterable<Placed<OrderLine | Refused>>, currency: string): AsyncGenerator<Read> {
  let together: OrderLine[] = [];
  let from = 0;
  for await (const { line, value } of lines) {
    if ('refused' in value) {
      yield { line, value };
      continue;
    }
    const [first] = together;
    if (first !== undefined && (first.order !== value.order || dayOf(first.at) !== dayOf(value.at))) {
      yield { line: from, value: orderOf(together, currency) };
      together = [];
    }
    if (together.length === 0) from = line;
    together.push(value);
  }
  if (together.length > 0) yield { line: from, value: orderOf(together, currency) };
}

const dayOf = (at: number) => Math.floor(at / 86_400_000);

function orderOf(lines: readonly OrderLine[], currency: string): Recorded {
  const [first] = lines as [OrderLine];
  const at = Math.min(...lines.map((line) => line.at));
  const products = lines.map(({ product, quantity, price, name, category }) => ({
    product_id: product,
    quantity,
    price,
    ...(name !== '' && { name }),
    ...(category !== '' && { category }),
  }));
  return { at, happenedAt: at, name: 'Order Completed', call: callOf(first, { currency, products }) };
}

function callOf({ order, customer, email, phone, region, isCorporate }: OrderLine, told: Properties): Properties {
  const traits = {
    ...(email !== '' && { email }),
    ...(phone !== '' && { phone }),
    ...(region !== '' && { region }),
  };
  const context = isCorporate ? { profile: 'corporate' } : {};
  const properties = { order_id: order, ...told };
  const messageId = `order ${order}`;
  return { type: 'track', event: 'Order Completed', messageId, userId: customer, properties, traits, context };
}
