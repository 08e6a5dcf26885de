import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { contextOf, phoneNumber, readCalls } from '#api/segment/calls.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { type Item, storeItems } from './batch.ts';
import { type Call, route } from './route.ts';
import { customerInput, customerResults, customersInput } from './schemas/customer-input.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

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
  const read = items.map((item, index) => readItem(item, index, shop, context));
  const refused = await storeItems(read, (events) => deps.intake.submit(caller.id, events));
  return {
    items: items.map((item, index) => {
      const errors = refused.get(index);
      const answer = { index, userId: userIdOf(item) };
      return errors ? { ...answer, status: 'refused', errors } : { ...answer, status: 'stored' };
    }),
  };
}

function readItem(item: unknown, index: number, shop: ShopSettings, context: ReturnType<typeof contextOf>): Item {
  const where = ['items', index];
  const bad = unstorable(item);
  if (bad) return { errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = customerInput.safeParse(item);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, true, where) };
  const { userId, anonymousId, email, phone, profile, traits } = parsed.data;
  if (phone !== undefined && phoneNumber(phone, shop.currency) === null)
    return { errors: [fieldError([...where, 'phone'], 'must be a phone number', true)] };
  const call = {
    type: 'identify',
    messageId: randomUUID(),
    userId,
    anonymousId,
    traits: { ...traits, ...(email !== undefined && { email }), ...(phone !== undefined && { phone }) },
    context: { profile },
  };
  const { events, refused } = readCalls([{ call, type: 'identify' }], context);
  const [event] = events;
  if (event) return { event };
  return { errors: refused.map(({ field, reason }) => fieldError([...where, field], reason, true)) };
}

/** As it was sent, so that its sender can tell which one was refused. */
function userIdOf(item: unknown): string | null {
  const given = typeof item === 'object' && item !== null && 'userId' in item ? item.userId : null;
  return typeof given === 'string' ? given.slice(0, 255) : null;
}

export const putCustomerRoutes = [put];
