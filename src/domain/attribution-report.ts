import { type AttributionRule, creditedTouch, type Touch, type TouchedMessage } from './attribution.ts';

/** What orders come to by what they are credited to (V2). Pure but for the sums that it keeps. */

export const attributionDimensions = ['message', 'block', 'journey', 'channel', 'campaign', 'segment'] as const;
export type AttributionDimension = (typeof attributionDimensions)[number];

export interface CreditedOrder {
  placedAt: Date;
  state: 'placed' | 'cancelled' | 'refunded';
  /** Minor units. */
  total: number;
  currency: string;
  /** Of the customer, by id. Asked for `segment` alone. */
  segments: readonly string[];
}

/** Orders that stand, and those cancelled or refunded since. Revenue by currency, minor units. */
export interface Figures {
  orders: number;
  revenue: Map<string, number>;
  cancelled: { orders: number; revenue: Map<string, number> };
}

/** A row of the report: `journey` says whose message or block `key` is. */
export interface Place {
  journey: string | null;
  key: string | null;
}

/** `sent`: messages. */
export interface ReportItem extends Place, Figures {
  sent: number;
}

export interface AttributionReport {
  total: Figures;
  /** Credited to messages of ours, to visits from elsewhere, to nothing: together the total. */
  messages: Figures;
  visits: Figures;
  untouched: Figures;
  sent: number;
  /** Their sums less `overlap` are `messages`. */
  items: Map<string, ReportItem>;
  /** What is counted once more because a customer is in more than one segment; of other dimensions nothing. */
  overlap: Figures;
}

export function noFigures(): Figures {
  return { orders: 0, revenue: new Map(), cancelled: { orders: 0, revenue: new Map() } };
}

export function emptyReport(): AttributionReport {
  const [total, messages, visits, untouched, overlap] = [
    noFigures(),
    noFigures(),
    noFigures(),
    noFigures(),
    noFigures(),
  ];
  return { total, messages, visits, untouched, overlap, sent: 0, items: new Map() };
}

/** Adds an order with the touches before it. */
export function addOrder(
  report: AttributionReport,
  by: AttributionDimension,
  { order, touches, rule }: { order: CreditedOrder; touches: readonly Touch[]; rule: AttributionRule },
): void {
  const touch = creditedTouch(order.placedAt, touches, rule);
  count(report.total, order);
  if (touch?.kind !== 'click') {
    count(touch === null ? report.untouched : report.visits, order);
    return;
  }
  count(report.messages, order);
  const places = placesOf(by, touch.message, order.segments);
  for (const place of places) count(itemAt(report, place), order);
  for (const _ of places.slice(1)) count(report.overlap, order);
}

/** Adds messages that were sent. `segments`: those of their customers. */
export function addSent(
  report: AttributionReport,
  by: AttributionDimension,
  { message, segments, sent }: { message: TouchedMessage; segments: readonly string[]; sent: number },
): void {
  report.sent += sent;
  for (const place of placesOf(by, message, segments)) itemAt(report, place).sent += sent;
}

function placesOf(by: AttributionDimension, message: TouchedMessage, segments: readonly string[]): Place[] {
  const { journey, block, template, channel, campaign } = message;
  if (by === 'segment') {
    const keys = segments.length === 0 ? [null] : segments;
    return keys.map((key) => ({ journey: null, key }));
  }
  const places: Record<Exclude<AttributionDimension, 'segment'>, Place> = {
    message: { journey, key: template },
    block: { journey, key: block },
    journey: { journey, key: journey },
    channel: { journey: null, key: channel },
    campaign: { journey: null, key: campaign },
  };
  return [places[by]];
}

function itemAt({ items }: AttributionReport, place: Place): ReportItem {
  const name = JSON.stringify([place.journey, place.key]);
  const known = items.get(name);
  if (known) return known;
  const item = { ...place, sent: 0, ...noFigures() };
  items.set(name, item);
  return item;
}

function count(figures: Figures, { state, total, currency }: CreditedOrder): void {
  const part = state === 'placed' ? figures : figures.cancelled;
  part.orders += 1;
  part.revenue.set(currency, (part.revenue.get(currency) ?? 0) + total);
}
