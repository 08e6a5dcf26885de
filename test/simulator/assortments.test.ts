import { describe, expect, test } from 'vitest';
import type { ProductItem, ShopEvent, TrackingBody } from '#simulator/calls.ts';
import { createShop } from '#simulator/shop.ts';

/** What retailers sell that is used up, where it is sold, and for whom it is. */

const start = new Date('2026-03-01T00:00:00Z');
const dayMs = 86_400_000;
const rates = { visitsAWeek: 0.5, cartVisits: 0.5, abandons: 0.3, returns: 0 };

interface Line {
  product_id: string;
  price: number;
  quantity: number;
}

function story(assortment: 'cosmetics' | 'office', more: object = {}) {
  const shop = createShop({ seed: 6, customers: 60, start, rates: { ...rates, ...more }, assortment });
  const events = [...shop.until(new Date(start.getTime() + 300 * dayMs))];
  const items = new Map<string, ProductItem>();
  for (const { call } of events) if (call.to === 'catalogue') for (const item of call.items) items.set(item.id, item);
  return { shop, events, items, orders: ordersIn(events) };
}

function ordersIn(events: readonly ShopEvent[]) {
  return events.flatMap(({ at, call }) => {
    if (call.to !== 'tracking' || call.body.event !== 'Order Completed') return [];
    const { userId = '', context, properties } = call.body;
    return [{ at, userId, profile: context.profile, lines: properties?.products as Line[] }];
  });
}

const traitsIn = (events: readonly ShopEvent[]): NonNullable<TrackingBody['traits']>[] =>
  events.flatMap(({ call }) => (call.to === 'tracking' && call.body.traits ? [call.body.traits] : []));

describe('cosmetics', () => {
  const { events, items, orders } = story('cosmetics');

  test('what is used up is bought again by the same customer, about when it has run out', () => {
    const last = new Map<string, Date>();
    const gaps: number[] = [];
    for (const { at, userId, lines } of orders)
      for (const { product_id } of lines) {
        const before = last.get(`${userId} ${product_id}`);
        last.set(`${userId} ${product_id}`, at);
        if (before && items.get(product_id)?.category === 'Гигиена') gaps.push((+at - +before) / dayMs);
      }
    const middle = gaps.toSorted((a, b) => a - b)[gaps.length >> 1] ?? 0;
    expect(gaps.length).toBeGreaterThan(20);
    // 40 days alone; households are of one to four.
    expect(middle).toBeGreaterThan(20);
    expect(middle).toBeLessThan(80);
  });

  test('goods say what they are against, and people what concerns them', () => {
    const against = [...items.values()].flatMap(
      ({ attributes }) => (attributes.concerns as string[] | undefined) ?? [],
    );
    expect(against).toContain('couperose');
    const concerned = traitsIn(events).filter(({ skinConcerns }) => skinConcerns);
    expect(concerned.some(({ skinConcerns }) => (skinConcerns as string[]).includes('couperose'))).toBe(true);
    const signedIn = traitsIn(events).filter(({ firstName }) => firstName);
    expect(signedIn.every(({ householdSize }) => Number(householdSize) >= 1)).toBe(true);
  });

  test('who is silent buys once, and neither comes nor reads ever after', () => {
    const quiet = story('cosmetics', { silent: 1 });
    const customers = new Set(quiet.orders.map(({ userId }) => userId));
    expect(customers.size).toBe(60);
    expect(quiet.orders).toHaveLength(60);
    const latest = Math.max(...quiet.events.flatMap(({ at, call }) => (call.to === 'tracking' ? [+at] : [])));
    expect(latest).toBeLessThan(+start + 23 * dayMs);
    const [to = ''] = quiet.shop.people.flatMap(({ emails }) => emails.personal ?? []);
    quiet.shop.react({ id: 'm', channel: 'email', to, at: new Date(+start + 300 * dayMs) });
    const did = [...quiet.shop.until(new Date(+start + 310 * dayMs))].flatMap(({ call }) =>
      call.to === 'message' && call.userAgent !== 'Mozilla/5.0' ? [call.did] : [],
    );
    expect(did).toEqual(['delivered']);
  });
});

describe('office supplies', () => {
  const { shop, events, items, orders } = story('office');

  test('companies of all industries buy as much as their people use up', () => {
    const industries = new Set(traitsIn(events).flatMap(({ kind, industry }) => (kind === 'b2b' ? [industry] : [])));
    expect(industries.size).toBe(5);
    const quantities = (profile: string) =>
      orders.filter((order) => order.profile === profile).flatMap(({ lines }) => lines.map(({ quantity }) => quantity));
    expect(Math.max(...quantities('personal'))).toBeLessThan(5);
    expect(Math.max(...quantities('corporate'))).toBeGreaterThan(10);
  });

  test('both profiles of one login buy', () => {
    const profiles = (userId: string) =>
      new Set(orders.filter((one) => one.userId === userId).map((one) => one.profile));
    expect(shop.people.some(({ userId }) => profiles(userId).size === 2)).toBe(true);
  });

  test('each region has its prices, and what it does not have is bought by nobody there', () => {
    const regionOf = new Map(shop.people.map(({ userId, region }) => [userId, region]));
    const places = new Set([...items.values()].flatMap(({ offers }) => offers.map(({ region }) => region)));
    expect([...places].sort()).toEqual(['ekb', 'msk', 'nsk', 'spb', 'vvo']);
    expect([...items.values()].some(({ offers }) => offers.length < 5)).toBe(true);
    for (const { userId, lines } of orders)
      for (const { product_id } of lines) {
        const regions = items.get(product_id)?.offers.map(({ region }) => region);
        expect(regions, product_id).toContain(regionOf.get(userId));
      }
    const priceIn = ({ offers }: ProductItem, place: string) =>
      offers.find(({ region }) => region === place)?.price.amount ?? Number.NaN;
    const both = [...items.values()].filter((item) => priceIn(item, 'msk') && priceIn(item, 'nsk'));
    expect(both.length).toBeGreaterThan(10);
    for (const item of both) expect(priceIn(item, 'nsk')).toBeGreaterThan(priceIn(item, 'msk'));
  });
});
