import { z } from 'zod';
import { contextOf } from '#api/segment/calls.ts';
import { defaultShop } from '#domain/shop.ts';
import { storeItems } from './batch.ts';
import { asHistory, orderEvent } from './order-event.ts';
import { type Call, route } from './route.ts';
import { orderResults, ordersInput } from './schemas/order-input.ts';

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
  const read = items.map((item, index) => orderEvent(item, ['items', index], context));
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

/** As it was sent, so that its sender can tell which one was refused. */
function orderIdOf(item: unknown): string | null {
  const given = typeof item === 'object' && item !== null && 'orderId' in item ? item.orderId : null;
  return typeof given === 'string' ? given.slice(0, 255) : null;
}

export const putOrderRoutes = [put];
