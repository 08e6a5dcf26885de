import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Effect, Event } from '#domain/events.ts';
import { type Known, Projection } from '#domain/projection.ts';

const nothing: Known = { customers: [], profiles: [], consents: [], cart: [], orders: [] };
const start = Date.UTC(2026, 0, 1);

function event(minute: number, ...effects: Effect[]): Event {
  const occurredAt = new Date(start + minute * 60_000);
  return {
    messageId: `${minute}`,
    type: 'track',
    name: 'X',
    occurredAt,
    receivedAt: occurredAt,
    profile: 'personal',
    who: { userId: 'u' },
    effects,
    payload: '{}',
  };
}

/** Each event in a flush of its own, in the order given; what one wrote the next reads. */
function arrive(events: readonly Event[]) {
  let known = nothing;
  const news: string[] = [];
  for (const one of events) {
    const projection = new Projection(known);
    projection.apply([{ event: one, customerId: 'c', refused: new Set() }]);
    if (projection.orderNews.size > 0) news.push(one.messageId);
    const merged = <Row>(before: Row[], changed: Row[], keyOf: (row: Row) => string) => [
      ...new Map([...before, ...changed].map((row) => [keyOf(row), row])).values(),
    ];
    known = {
      customers: merged(known.customers, projection.customers.changed(), (row) => row.id),
      profiles: merged(known.profiles, projection.profiles.changed(), (row) => row.kind),
      consents: merged(
        known.consents.filter((row) => !projection.consents.removed.includes(row)),
        projection.consents.changed(),
        (row) => row.purpose + row.channel,
      ),
      cart: merged(known.cart, projection.cartLines(), (row) => row.product),
      orders: merged(known.orders, projection.orders.changed(), (row) => row.orderId).map((order) => ({
        ...order,
        isNew: false,
        lines: null,
      })),
    };
  }
  const inCart = known.cart.filter((line) => line.quantity > 0).map((line) => line.product);
  return { ...known, inCart: inCart.sort(), traits: known.customers[0]?.traits ?? {}, news };
}

const order = (state: 'placed' | 'cancelled' | 'refunded', lines: string[] = ['p']): Effect => ({
  do: 'order',
  order: {
    orderId: 'o',
    state,
    total: lines.length * 100,
    currency: 'RUB',
    lines: lines.map((product) => ({ product, quantity: 1, price: 100 })),
  },
});

test('a late removal, order or trait does not undo what came after it, whatever the order of arrival', () => {
  const product = fc.constantFrom('p', 'q');
  const effect = fc.oneof(
    product.map((one): Effect => ({ do: 'cart_add', product: one, quantity: 1 })),
    product.map((one): Effect => ({ do: 'cart_remove', product: one })),
    fc.constant(order('placed')),
    fc
      .record({ name: fc.constantFrom('a', 'b'), value: fc.nat(5) })
      .map((trait): Effect => ({ do: 'trait', ...trait })),
    fc
      .constantFrom('ann@example.com', 'bob@example.com')
      .map((address): Effect => ({ do: 'contact', channel: 'email', address })),
    fc
      .constantFrom('granted' as const, 'denied' as const)
      .map((state): Effect => ({ do: 'consent', purpose: 'advertising', channel: 'email', state })),
    fc.constant<Effect>({ do: 'visit' }),
    fc.constant<Effect>({ do: 'activity' }),
  );
  const history = fc.array(effect, { minLength: 1, maxLength: 10 }).map((all) => all.map((one, at) => event(at, one)));
  const shuffled = history.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  const seen = (events: readonly Event[]) => {
    const { inCart, traits, profiles, consents } = arrive(events);
    return { inCart, traits, profiles, consents };
  };
  fc.assert(
    fc.property(shuffled, ([inTime, asArrived]) => {
      expect(seen(asArrived)).toEqual(seen(inTime));
    }),
    { numRuns: 300 },
  );
});

test('an order empties the cart of what was put in before it, also when the addition comes later', () => {
  const before = event(1, { do: 'cart_add', product: 'p', quantity: 1 });
  const after = event(3, { do: 'cart_add', product: 'q', quantity: 1 });
  const ordered = event(2, order('placed'));
  expect(arrive([before, ordered, after]).inCart).toEqual(['q']);
  expect(arrive([ordered, after, before]).inCart).toEqual(['q']);
});

test('the cart as it was seen replaces what was there', () => {
  const added = event(1, { do: 'cart_add', product: 'p', quantity: 1 });
  const seen = event(2, { do: 'cart_set', lines: [{ product: 'q', quantity: 2 }] });
  expect(arrive([added, seen]).inCart).toEqual(['q']);
  const later = event(3, { do: 'cart_add', product: 'r', quantity: 1 });
  expect(arrive([added, later, seen]).inCart).toEqual(['q', 'r']);
});

test('an order’s state only goes forward, and its goods are learnt from whoever names them', () => {
  const cancelled = event(5, order('cancelled', []));
  const placed = event(2, order('placed', ['p', 'q']));
  const result = arrive([cancelled, placed]);
  expect(result.orders).toMatchObject([{ state: 'cancelled', total: 200, hasLines: true, placedAt: start + 120_000 }]);
});

test('only a first sight of an order or a change of its state is news', () => {
  const again = event(2, order('placed'));
  expect(arrive([event(1, order('placed')), again, event(3, order('refunded'))]).news).toEqual(['1', '3']);
});

test('a grant for one channel narrows an earlier refusal of all', () => {
  const refused = event(1, { do: 'consent', purpose: 'advertising', channel: '*', state: 'denied' });
  const granted = event(2, { do: 'consent', purpose: 'advertising', channel: 'email', state: 'granted' });
  const projection = new Projection(nothing);
  const attributed = [refused, granted].map((one) => ({ event: one, customerId: 'c', refused: new Set<never>() }));
  projection.apply(attributed);
  expect(projection.consentOn('c', 'advertising', 'email')).toBe('granted');
  expect(projection.consentOn('c', 'advertising', 'sms')).toBe('denied');
});

test('an address of somebody else does not become this customer’s', () => {
  const projection = new Projection(nothing);
  const said = event(1, { do: 'contact', channel: 'email', address: 'x@example.com' });
  projection.apply([{ event: said, customerId: 'c', refused: new Set(['email']) }]);
  expect(projection.profile('c', 'personal').email).toBeNull();
});
