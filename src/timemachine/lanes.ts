import type { Contract, RunRequest } from '#domain/journey.ts';
import { contracts } from '#workflows/catalogue.ts';
import type { Lanes } from './engine.ts';

const known: Readonly<Record<string, Contract>> = contracts;
const giving = new Set(
  Object.values(known)
    .filter(({ messages }) => Object.values(messages).some(({ promo }) => promo === 'gives'))
    .map(({ name }) => name),
);

/** Which activities are done in the queue's order: those about one customer, those about one item, and where codes are given
 *  (`hasPools`) those that may take the next one of a pool. What names no customer (a regular job, a queue's look) is about all. */
export function lanesOf(request: unknown, hasPools: boolean): Lanes {
  const { customerId, journey = '', key = '' } = (request ?? {}) as Partial<RunRequest>;
  if (customerId === undefined) return 'alone';
  const item = known[journey]?.key === 'item' ? [`${journey}:${key}`] : [];
  const codes = hasPools && giving.has(journey) ? ['promo codes'] : [];
  return [customerId, ...item, ...codes];
}
