import type { OrderChange } from './events.ts';
import type { ProfileKind } from './journey.ts';

export interface OrderState extends Omit<OrderChange, 'lines'> {
  customerId: string;
  profile: ProfileKind;
  placedAt: number;
  stateAt: number;
  /** Whether its goods are known; a cancellation may come first and name none. */
  hasLines: boolean;
  /** Lines to write in place of the stored ones; null leaves them. */
  lines: OrderChange['lines'] | null;
  isNew: boolean;
}

interface Incoming extends OrderChange {
  customerId: string;
  profile: ProfileKind;
  at: number;
}

/** States only go forward, whatever order they come in. */
const ranks = { placed: 0, cancelled: 1, refunded: 2 } as const;

/** What an event makes of an order, and whether it is news: a first sight, or a change of state. */
export function changeOrder(
  order: OrderState | undefined,
  said: Incoming,
): { row: OrderState | null; isNews: boolean } {
  if (!order) {
    const { at, ...rest } = said;
    return { row: { ...rest, placedAt: at, stateAt: at, hasLines: said.lines.length > 0, isNew: true }, isNews: true };
  }
  const isForward = ranks[said.state] > ranks[order.state];
  const tellsGoods = said.lines.length > 0 && (said.at > order.stateAt || !order.hasLines);
  const placedAt = said.state === 'placed' ? Math.min(order.placedAt, said.at) : order.placedAt;
  if (!isForward && !tellsGoods && placedAt === order.placedAt) return { row: null, isNews: false };
  const goods = tellsGoods ? { total: said.total, currency: said.currency, lines: said.lines, hasLines: true } : {};
  const state = isForward ? said.state : order.state;
  const stateAt = isForward || state === said.state ? Math.max(order.stateAt, said.at) : order.stateAt;
  return { row: { ...order, ...goods, state, stateAt, placedAt }, isNews: isForward };
}
