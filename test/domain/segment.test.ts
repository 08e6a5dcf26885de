import fc from 'fast-check';
import { expect, test } from 'vitest';
import { minorUnits } from '#domain/money.ts';
import { BadEvent, type CallContext, normalise } from '#domain/segment.ts';

const received = Date.UTC(2026, 4, 1, 12);
const context: CallContext = {
  receivedAt: new Date(received),
  wallNow: received,
  scale: 1,
  currency: 'RUB',
  phone: (value) => (value.startsWith('+') ? value : null),
  ip: (value) => (typeof value === 'string' ? value : null),
  fingerprint: (value) => `#${value.length}`,
};
const at = (minutes: number) => new Date(received + minutes * 60_000).toISOString();
const track = (event: string, properties: object = {}, more: object = {}) =>
  normalise({ userId: 'u', messageId: 'm', event, properties, ...more }, 'track', context);

test('what passed on the client’s clock counts, not what it says', () => {
  const ahead = track('X', {}, { timestamp: at(55), sentAt: at(60) });
  expect(ahead.occurredAt.toISOString()).toBe(at(-5));
  expect(track('X', {}, { originalTimestamp: at(-70), sentAt: at(-60) }).occurredAt.toISOString()).toBe(at(-10));
});

test('without sentAt the timestamp is taken at its word, but never in the future', () => {
  expect(track('X', {}, { timestamp: at(-30) }).occurredAt.toISOString()).toBe(at(-30));
  expect(track('X', {}, { timestamp: at(30) }).occurredAt.toISOString()).toBe(at(0));
  expect(track('X', {}, { timestamp: 'yesterday' }).occurredAt.toISOString()).toBe(at(0));
});

test('wall time that passed is business time times the scale', () => {
  const call = { userId: 'u', event: 'X', timestamp: at(-2), sentAt: at(-1) };
  const event = normalise(call, 'track', { ...context, scale: 60 });
  expect(event.occurredAt.toISOString()).toBe(at(-60));
});

test('ids may be numbers; what faulty integrations send for everybody is nobody', () => {
  expect(normalise({ userId: 42 }, 'page', context).who).toEqual({ userId: '42' });
  expect(normalise({ userId: 'null', anonymousId: 'a' }, 'page', context).who).toEqual({ anonymousId: 'a' });
  expect(() => normalise({ userId: 'undefined' }, 'page', context)).toThrow(BadEvent);
});

test.each([
  [{ userId: ['u'], event: 'X' }, 'track', 'userId'],
  [{ userId: 'u' }, 'track', 'event'],
  [{ userId: 'u', event: 'X'.repeat(201) }, 'track', 'event'],
  [{ userId: 'u', event: 'X', properties: 'red' }, 'track', 'properties'],
  [{ userId: 'u', traits: [] }, 'identify', 'traits'],
  [{ userId: 'u' }, 'delete', 'type'],
  [{ event: 'X' }, 'track', 'userId'],
  [{ userId: 'u', event: 'X', properties: { name: 'a\u0000b' } }, 'track', 'event'],
  [{ userId: 'u', event: 'X', properties: { name: 'a\ud800b' } }, 'track', 'event'],
  ['text', 'track', 'event'],
])('refuses %j as %s, naming %s', (call, type, field) => {
  expect(() => normalise(call, type, context)).toThrow(expect.objectContaining({ field }));
});

test('what only looks like an escape is stored', () => {
  const event = track('X', { path: 'C:\\u0000', emoji: '😀', text: '\\\\ud800' });
  expect(JSON.parse(event.payload).properties).toEqual({ path: 'C:\\u0000', emoji: '😀', text: '\\\\ud800' });
});

test('the write key is not stored with the event', () => {
  expect(track('X', {}, { writeKey: 'secret' }).payload).not.toContain('secret');
});

test('an event without an id gets the same one each time', () => {
  const call = { userId: 'u', event: 'X' };
  expect(normalise(call, 'track', context).messageId).toBe(normalise(call, 'track', context).messageId);
});

test('without an id and a time, the same content is another event an hour later', () => {
  const exact = { ...context, fingerprint: (value: string) => value };
  const idAt = (minutes: number, more: object = {}) => {
    const later = { ...exact, wallNow: received + minutes * 60_000 };
    return normalise({ userId: 'u', event: 'X', ...more }, 'track', later).messageId;
  };
  expect(idAt(61)).not.toBe(idAt(0));
  expect(idAt(61, { timestamp: at(0) })).toBe(idAt(0, { timestamp: at(0) }));
});

test('e-mail and phone are contacts in their normal form, the rest of the traits are traits', () => {
  const traits = { email: ' Ann@Example.COM ', phone: '+79161234567', city: 'Omsk' };
  const event = normalise({ userId: 'u', traits }, 'identify', context);
  expect(event.who).toEqual({ userId: 'u', email: 'ann@example.com', phone: '+79161234567' });
  expect(event.effects).toEqual([
    { do: 'contact', channel: 'email', address: 'ann@example.com' },
    { do: 'contact', channel: 'phone', address: '+79161234567' },
    { do: 'trait', name: 'city', value: 'Omsk' },
  ]);
  expect(normalise({ userId: 'u', traits: { email: 'no address' } }, 'identify', context).who).toEqual({ userId: 'u' });
});

test('an e-mail among the properties is the customer’s only where the event is about them', () => {
  expect(track('Invite Sent', { email: 'friend@example.com' }).who.email).toBeUndefined();
  expect(track('Order Completed', { email: 'ann@example.com' }).who.email).toBe('ann@example.com');
});

test('events of a company count for the corporate profile', () => {
  expect(track('X', {}, { context: { profile: 'b2b' } }).profile).toBe('corporate');
  expect(track('X').profile).toBe('personal');
});

test('goods go by product_id, else by sku', () => {
  expect(track('Product Viewed', { product_id: 1, sku: 's' }).effects).toContainEqual({ do: 'view', ref: '1' });
  expect(track('Product Viewed', { sku: 's' }).effects).toContainEqual({ do: 'view', ref: 's' });
  expect(track('Product Viewed', {}).effects).toEqual([{ do: 'activity' }]);
});

test('an order’s money is in minor units of its currency, and one product is one line', () => {
  const products = [
    { product_id: 'p', price: 10.1, quantity: 2 },
    { product_id: 'p', price: 10.1 },
    { sku: 's', price: '5' },
    'nonsense',
  ];
  const [effect] = track('Order Completed', { order_id: 7, products, currency: 'usd', total: 35.3 }).effects;
  expect(effect).toEqual({
    do: 'order',
    order: {
      orderId: '7',
      state: 'placed',
      total: 3530,
      currency: 'USD',
      lines: [
        { product: 'p', quantity: 3, price: 1010 },
        { product: 's', quantity: 1, price: 500 },
      ],
    },
  });
});

test('names that mean nothing here have no effect and are kept', () => {
  expect(track('constructor').effects).toEqual([]);
  expect(track('Song Played')).toMatchObject({ name: 'Song Played', effects: [] });
});

test('consent is said by Subscribed, Unsubscribed and Consent Changed', () => {
  const advertising = { do: 'consent', purpose: 'advertising', ip: null, textVersion: null };
  expect(track('Subscribed').effects).toEqual([{ ...advertising, channel: 'email', state: 'granted' }]);
  expect(track('Unsubscribed').effects).toEqual([{ ...advertising, channel: '*', state: 'denied' }]);
  const changed = track('Consent Changed', {
    purpose: 'personal_data',
    channel: 'sms',
    granted: false,
    text_version: 'v2',
  });
  expect(changed.effects).toEqual([
    { do: 'consent', purpose: 'personal_data', channel: 'sms', state: 'denied', ip: null, textVersion: 'v2' },
  ]);
});

test.each([
  ['1299.90', 'RUB', 129990],
  [1.005, 'USD', 101],
  ['1 299,9', 'RUB', 129990],
  [500, 'JPY', 500],
  ['1.2345', 'KWD', 1235],
  [-1, 'RUB', null],
  ['a lot', 'RUB', null],
  [1e300, 'RUB', null],
  [null, 'RUB', null],
])('%j %s is %j minor units', (value, currency, minor) => {
  expect(minorUnits(value, currency)).toBe(minor);
});

test('whatever JSON a client sends is an event or a refusal, never a failure', () => {
  const known = ['Product Added', 'Cart Viewed', 'Order Completed', 'Consent Changed', 'Product List Viewed'];
  const call = fc.record({
    userId: fc.oneof(fc.string(), fc.jsonValue()),
    event: fc.oneof(fc.constantFrom(...known), fc.jsonValue()),
    properties: fc.oneof(
      fc.jsonValue(),
      fc.dictionary(
        fc.constantFrom('products', 'product_id', 'quantity', 'total', 'order_id', 'currency'),
        fc.jsonValue(),
      ),
    ),
    traits: fc.jsonValue(),
    context: fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom('traits', 'locale', 'ip'), fc.jsonValue())),
    timestamp: fc.jsonValue(),
    sentAt: fc.jsonValue(),
    messageId: fc.jsonValue(),
  });
  fc.assert(
    fc.property(call, fc.constantFrom('track', 'identify', 'page', 'group', 'alias'), (value, type) => {
      try {
        const event = normalise(value, type, context);
        expect(event.occurredAt.getTime()).toBeLessThanOrEqual(received);
      } catch (error) {
        expect(error).toBeInstanceOf(BadEvent);
      }
    }),
    { numRuns: 1_000 },
  );
});
