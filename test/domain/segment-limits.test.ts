import { expect, test } from 'vitest';
import { Projection } from '#domain/projection.ts';
import { BadEvent, type CallContext, normalise } from '#domain/segment.ts';

const received = Date.UTC(2026, 4, 1, 12);
const context: CallContext = {
  receivedAt: new Date(received),
  wallNow: received,
  scale: 1,
  currency: 'RUB',
  phone: () => null,
  ip: () => null,
  fingerprint: (value) => value,
};

/** A customer of whom nothing is known, after these calls. */
function after(...calls: { type: string; call: object }[]) {
  const projection = new Projection({ customers: [], profiles: [], consents: [], cart: [], orders: [] });
  const events = calls.map(({ type, call }) => normalise({ userId: 'u', ...call }, type, context));
  projection.apply(events.map((event) => ({ event, customerId: 'c', refused: new Set<never>() })));
  return projection;
}

test.each([4_000, 16_000])('an event of %i levels is refused, whatever else could be done with it', (levels) => {
  const deep: unknown = JSON.parse('['.repeat(levels) + ']'.repeat(levels));
  expect(() => normalise({ userId: 'u', event: 'X', properties: { deep } }, 'track', context)).toThrow(BadEvent);
});

test('on a fast clock, long ago is no earlier than what is a date', () => {
  const call = { userId: 'u', event: 'X', timestamp: '1999-01-01T00:00:00Z' };
  const { occurredAt } = normalise(call, 'track', { ...context, scale: 1_000_000 });
  expect(occurredAt.toISOString()).toBe('1990-01-01T00:00:00.000Z');
});

test('a customer does not grow without end: traits', () => {
  const traits = (from: number) => Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`trait-${from + i}`, i]));
  const calls = [0, 400, 800].map((from) => ({ type: 'identify', call: { traits: traits(from) } }));
  const kept =
    after(...calls, { type: 'identify', call: { traits: { 'trait-1': 'new' } } }).customers.all()[0]?.traits ?? {};
  expect(Object.keys(kept)).toHaveLength(500);
  expect(kept['trait-1']).toBe('new');
});

test('a trait that is a book is no trait', () => {
  const traits = { bio: 'x'.repeat(5_000), company: { name: 'ok' } };
  const kept = after({ type: 'identify', call: { traits } }).customers.all()[0]?.traits;
  expect(kept).toEqual({ company: { name: 'ok' } });
});

test('a customer does not grow without end: the cart', () => {
  const added = (from: number) => {
    const products = Array.from({ length: 400 }, (_, i) => ({ product_id: `p-${from + i}` }));
    return [
      { type: 'track', call: { event: 'Cart Viewed', properties: { products } } },
      { type: 'track', call: { event: 'Product Added', properties: { product_id: `q-${from}` } } },
    ];
  };
  const projection = after(...added(0), ...added(400), ...added(800));
  expect(projection.cartLines().length).toBeLessThanOrEqual(500);
  const again = after(...added(0), ...added(400), {
    type: 'track',
    call: { event: 'Product Removed', properties: { product_id: 'q-0' } },
  });
  expect(again.cartLines().find(({ product }) => product === 'q-0')?.quantity).toBe(0);
});
