import { z } from 'zod';
import { contextOf } from '#api/segment/calls.ts';
import { defaultShop } from '#domain/shop.ts';
import { storeItems } from './batch.ts';
import { customerEvent } from './customer-event.ts';
import { type Call, route } from './route.ts';
import { customerResults, customersInput } from './schemas/customer-input.ts';

const body = z.strictObject({ items: z.array(z.unknown()).min(1).max(1000) });

const put = route({
  method: 'put',
  path: '/customers',
  tag: 'Customers',
  summary: 'Adds to what is known of up to 1,000 customers, or makes them',
  description:
    'Each item is answered on its own, in order. It is an `identify` event of the key that sends it, so that who is who is ' +
    'decided by the same rules as everywhere, and it shows in the timeline.',
  body,
  bodyInDocument: customersInput,
  answer: customerResults,
  example: {
    items: [{ userId: 'anna', email: 'anna@example.com', phone: '+7 916 123-45-67', traits: { firstName: 'Anna' } }],
  },
  problems: ['overloaded'],
  handle: putAll,
});

async function putAll({ body: { items }, caller, deps }: Call<undefined, undefined, z.output<typeof body>>) {
  const shop = deps.shop?.() ?? defaultShop;
  const context = contextOf(deps.clock, shop, {});
  const read = items.map((item, index) => customerEvent(item, ['items', index], context));
  const refused = await storeItems(read, (events) => deps.intake.submit(caller.id, events));
  return {
    items: items.map((item, index) => {
      const errors = refused.get(index);
      const answer = { index, userId: userIdOf(item) };
      return errors ? { ...answer, status: 'refused', errors } : { ...answer, status: 'stored' };
    }),
  };
}

/** As it was sent, so that its sender can tell which one was refused. */
function userIdOf(item: unknown): string | null {
  const given = typeof item === 'object' && item !== null && 'userId' in item ? item.userId : null;
  return typeof given === 'string' ? given.slice(0, 255) : null;
}

export const putCustomerRoutes = [put];
