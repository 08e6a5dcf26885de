import { randomUUID } from 'node:crypto';
import { readCalls } from '#api/segment/calls.ts';
import type { CallContext } from '#domain/segment.ts';
import type { Item } from './batch.ts';
import { customerInput } from './schemas/customer-input.ts';
import { fieldError, fieldErrors, unstorable } from './validate.ts';

/** What is told of a customer, as the open API and imports tell it (`customerInput`), or what is wrong with it. */
export function customerEvent(item: unknown, where: PropertyKey[], context: CallContext): Item {
  const bad = unstorable(item);
  if (bad) return { errors: [fieldError([...where, ...bad.path], bad.message, true)] };
  const parsed = customerInput.safeParse(item);
  if (!parsed.success) return { errors: fieldErrors(parsed.error, true, where) };
  const { userId, anonymousId, email, phone, card, profile, traits } = parsed.data;
  if (phone !== undefined && context.phone(phone) === null)
    return { errors: [fieldError([...where, 'phone'], 'must be a phone number', true)] };
  const call = {
    type: 'identify',
    messageId: randomUUID(),
    userId,
    anonymousId,
    traits: {
      ...traits,
      ...(email !== undefined && { email }),
      ...(phone !== undefined && { phone }),
      ...(card !== undefined && { loyaltyCard: card }),
    },
    context: { profile },
  };
  const { events, refused } = readCalls([{ call, type: 'identify' }], context);
  const [event] = events;
  if (event) return { event };
  return { errors: refused.map(({ field, reason }) => fieldError([...where, field], reason, true)) };
}
