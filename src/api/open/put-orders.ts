import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { contextOf, phoneNumber, readCalls } from '#api/segment/calls.ts';
import type { Event } from '#domain/events.ts';
import type { Money } from '#domain/money.ts';
import type { OrderStep, stepOfEvent } from '#domain/order-state.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { type Item, storeItems } from './batch.ts';
import { type Call, route } from './route.ts';
import { orderInput, orderResults, ordersInput } from './schemas/order-input.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

const body = z.strictObject({ items: z.array(z.unknown()).min(1).max(1000) });
const query = z.strictObject({
  live: z
    .enum(['true', 'false'])
    .default('true')
    .meta({ description: '`false`: a history is told; it starts and ends no journey' }),
});

const put = route({
  method: 'put',
  path: '/orders',
  tag: 'Orders',
  summary: 'Tells of up to 1,000 orders, or of what became of them',
  description:
    'Each item is answered on its own, in order. It is an event of the key that sends it, as `Order Completed` of the tracking ' +
    'API is: the same order told twice, or by a webhook too, is one order. Only a first sight or a change of state reaches journeys.',
  query,
  body,
  bodyInDocument: ordersInput,
  answer: orderResults,
  example: {
    items: [
      {
        orderId: '1001',
        userId: 'anna',
        total: { amount: 249900, currency: 'RUB' },
        lines: [{ productId: 'kettle', quantity: 1, price: { amount: 249900, currency: 'RUB' } }],
      },
    ],
  },
  problems: ['overloaded'],
  handle: putAll,
});

async function putAll({
  body: { items },
  query: { live },
  caller,
  deps,
}: Call<undefined, z.output<typeof query>, z.output<typeof body>>) {
  const shop = deps.shop?.() ?? defaultShop;
  const context = contextOf(deps.clock, shop, {});
  const read = items.map((item, index) => readItem(item, index, shop, context));
  const told = live === 'true' ? read : read.map((item) => ('event' in item ? { event: asHistory(item.event) } : item));
  const errors = await storeItems(told, (events) => deps.intake.submit(caller.id, events));
  return {
    items: items.map((item, index) => {
      const found = errors.get(index);
      const answer = { index, orderId: orderIdOf(item) };
      return found ? { ...answer, status: 'refused', errors: found } : { ...answer, status: 'stored' };
    }),
  };
}

const names = {
  placed: 'Order Completed',
  shipped: 'Order Shipped',
  ready: 'Order Ready for Pickup',
  delivered: 'Order Delivered',
  cancelled: 'Order Cancelled',
  refunded: 'Order Refunded',
} as const satisfies Record<OrderStep, keyof typeof stepOfEvent>;

/** No journey hears of this name; what it says of the order counts all the same. */
function asHistory(event: Event): Event {
  return { ...event, name: 'Order Imported', effects: event.effects.filter((effect) => effect.do !== 'order_step') };
}

function readItem(item: unknown, index: number, shop: ShopSettings, context: ReturnType<typeof contextOf>): Item {
  const where = ['items', index];
  const bad = unstorable(item);
  if (bad) return { errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = orderInput.safeParse(item);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, true, where) };
  const { phone } = parsed.data;
  if (phone !== undefined && phoneNumber(phone, shop.currency) === null)
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

function callOf({ orderId, state, userId, anonymousId, email, phone, profile, at, total, lines, codes }: Order) {
  const currency = currencyOf({ total, lines });
  return {
    type: 'track',
    event: names[state],
    messageId: randomUUID(),
    userId,
    anonymousId,
    ...(at !== undefined && { timestamp: at.toISOString() }),
    traits: { ...(email !== undefined && { email }), ...(phone !== undefined && { phone }) },
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
  const merged = [...byProduct].map(([product, same]) => ({
    product,
    quantity: same.reduce((all, { quantity }) => all + quantity, 0),
    price: same[0]?.price.amount ?? 0,
  }));
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

/** As it was sent, so that its sender can tell which one was refused. */
function orderIdOf(item: unknown): string | null {
  const given = typeof item === 'object' && item !== null && 'orderId' in item ? item.orderId : null;
  return typeof given === 'string' ? given.slice(0, 255) : null;
}

export const putOrderRoutes = [put];
