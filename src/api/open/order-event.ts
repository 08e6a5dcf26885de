import { randomUUID } from 'node:crypto';
import type { z } from 'zod';
import { readCalls } from '#api/segment/calls.ts';
import type { Event } from '#domain/events.ts';
import type { Money } from '#domain/money.ts';
import type { OrderStep, stepOfEvent } from '#domain/order-state.ts';
import type { CallContext } from '#domain/segment.ts';
import type { Item } from './batch.ts';
import { orderInput } from './schemas/order-input.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

const names = {
  placed: 'Order Completed',
  shipped: 'Order Shipped',
  ready: 'Order Ready for Pickup',
  delivered: 'Order Delivered',
  cancelled: 'Order Cancelled',
  refunded: 'Order Refunded',
} as const satisfies Record<OrderStep, keyof typeof stepOfEvent>;

/** Of a history: no journey hears of this name, and what the catalogue says today of reduced prices is not true of it. What it says of
 *  the order counts all the same. */
export function asHistory(event: Event): Event {
  const effects = event.effects.filter((effect) => effect.do !== 'order_step');
  return { ...event, name: 'Order Imported', effects: effects.map(priced) };
}

function priced(effect: Event['effects'][number]): Event['effects'][number] {
  if (effect.do !== 'order') return effect;
  const lines = effect.order.lines.map((line) => ({ oldPrice: line.price, ...line }));
  return { ...effect, order: { ...effect.order, lines } };
}

/** An order as the open API and imports tell it (`orderInput`), or what is wrong with it; `where` it stands goes before its fields. */
export function orderEvent(item: unknown, where: PropertyKey[], context: CallContext): Item {
  const bad = unstorable(item);
  if (bad) return { errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = orderInput.safeParse(item);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, true, where) };
  const { phone } = parsed.data;
  if (phone !== undefined && context.phone(phone) === null)
    return { errors: [fieldError([...where, 'phone'], 'must be a phone number', true)] };
  const { events, refused } = readCalls([{ call: callOf(parsed.data), type: 'track' }], context);
  const [event] = events;
  if (event)
    return {
      event: {
        ...event,
        occurredAt: momentOf(parsed.data, event),
        effects: [...withOrder(event, parsed.data), ...told(parsed.data)],
      },
    };
  return { errors: refused.map(({ field, reason }) => fieldError([...where, field], reason, true)) };
}

type Order = z.output<typeof orderInput>;

function callOf({ orderId, state, userId, anonymousId, email, phone, card, profile, at, total, lines, codes }: Order) {
  const currency = currencyOf({ total, lines });
  return {
    type: 'track',
    event: names[state],
    messageId: randomUUID(),
    userId,
    anonymousId,
    ...(at !== undefined && { timestamp: at.toISOString() }),
    traits: {
      ...(email !== undefined && { email }),
      ...(phone !== undefined && { phone }),
      ...(card !== undefined && { loyaltyCard: card }),
    },
    properties: {
      order_id: orderId,
      currency,
      amounts: 'minor units',
      total: total?.amount,
      products: lines,
      ...(codes.length > 0 && { coupons: codes }),
    },
    context: { profile },
  };
}

/** Business time, as all that this API tells; never in the future. */
function momentOf({ at }: Order, { receivedAt }: Event): Date {
  return at === undefined || at > receivedAt ? receivedAt : at;
}

function currencyOf({ total, lines }: Pick<Order, 'total' | 'lines'>): string | undefined {
  return (total ?? lines[0]?.price)?.currency;
}

/** Amounts come in minor units, so that they are taken as they are; the tracking API's are decimal. */
function withOrder({ effects }: Event, { total, lines }: Order): Event['effects'] {
  const sum = (prices: readonly { price: Money; quantity: number }[]) =>
    prices.reduce((all, { price, quantity }) => all + price.amount * quantity, 0);
  const byProduct = Map.groupBy(lines, ({ productId }) => productId);
  const merged = [...byProduct].map(([product, same]) => {
    const [first] = same as [Order['lines'][number]];
    const { price, cost, oldPrice } = first;
    return {
      product,
      quantity: same.reduce((all, { quantity }) => all + quantity, 0),
      price: price.amount,
      ...(cost !== undefined && { cost: cost.amount }),
      ...(oldPrice !== undefined && { oldPrice: oldPrice.amount }),
    };
  });
  const orders = effects.filter((effect) => effect.do !== 'order_step');
  return orders.map((effect) =>
    effect.do === 'order'
      ? { ...effect, order: { ...effect.order, total: total?.amount ?? sum(lines), lines: merged } }
      : effect,
  );
}

/** What its buyer is told; the amounts are in minor units already. */
function told({ orderId, state: step, number, url, discount, delivery, tracking, pickup, refund, lines }: Order) {
  const named = lines.flatMap(({ productId, name }) => (name === undefined ? [] : [[productId, name] as const]));
  const names = named.length === 0 ? undefined : Object.fromEntries(named);
  const given = { number, url, discount, delivery, tracking, pickup, refund, names };
  const details = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const isNews = Object.keys(details).length > 0 || step === 'shipped' || step === 'ready' || step === 'delivered';
  return isNews ? [{ do: 'order_step' as const, orderId, step, details }] : [];
}
