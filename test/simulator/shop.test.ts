import { describe, expect, test } from 'vitest';
import { normalise } from '#domain/segment.ts';
import type { MessageCall, ShopEvent, TrackingBody } from '#simulator/calls.ts';
import type { Rates } from '#simulator/rates.ts';
import { usualRates } from '#simulator/rates.ts';
import { createShop, type Shop } from '#simulator/shop.ts';

const start = new Date('2026-03-01T00:00:00Z');
const after = (days: number) => new Date(start.getTime() + days * 86_400_000);
/** More goes on than usual, so that short stories tell much. */
const lively: Partial<Rates> = { cartVisits: 0.5, favouriteVisits: 0.3, returns: 0.5 };

function story(options: { seed?: number; customers?: number; days?: number; rates?: Partial<Rates> } = {}) {
  const { seed = 1, customers = 40, days = 30, rates = lively } = options;
  return [...createShop({ seed, customers, start, rates }).until(after(days))];
}

const bodies = (events: readonly ShopEvent[]): TrackingBody[] =>
  events.flatMap(({ call }) => (call.to === 'tracking' ? [call.body] : []));
const named = (events: readonly ShopEvent[], name: string) => bodies(events).filter(({ event }) => event === name);

describe('the simulated shop', () => {
  test('tells the same story for the same seed, to the byte, however it is asked', () => {
    const whole = JSON.stringify(story());
    expect(JSON.stringify(story())).toBe(whole);
    const shop = createShop({ seed: 1, customers: 40, start, rates: lively });
    const piecewise = Array.from({ length: 30 * 24 }, (_, hour) => [...shop.until(after((hour + 1) / 24))]).flat();
    expect(JSON.stringify(piecewise)).toBe(whole);
    expect(JSON.stringify(story({ seed: 2 }))).not.toBe(whole);
  });

  test('in the order of time, each call with an id of its own, all of which intake takes', () => {
    const events = story();
    const times = events.map(({ at }) => at.getTime());
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    const context = { receivedAt: after(30), wallNow: after(30).getTime(), scale: 1, currency: 'RUB' };
    const read = bodies(events).map((body) =>
      normalise(body, body.type, { ...context, phone: (text) => text, ip: () => null, fingerprint: () => '' }),
    );
    expect(new Set(read.map(({ messageId }) => messageId)).size).toBe(read.length);
    const effects = new Set(read.flatMap((event) => event.effects.map((effect) => effect.do)));
    const expected = ['trait', 'contact', 'consent', 'visit', 'activity', 'view', 'category', 'favourite', 'cart_add'];
    expect([...effects]).toEqual(expect.arrayContaining([...expected, 'cart_remove', 'order']));
  });

  test('customers come as strangers, sign in, buy, send back; companies buy beside people', () => {
    const events = story({ customers: 100 });
    const isStranger = ({ userId }: TrackingBody) => userId === undefined;
    const strangers = new Set(
      bodies(events)
        .filter(isStranger)
        .map(({ anonymousId }) => anonymousId),
    );
    const signed = bodies(events).filter(({ type, anonymousId }) => type === 'identify' && strangers.has(anonymousId));
    expect(signed.length).toBeGreaterThan(5);
    const orders = named(events, 'Order Completed');
    expect(new Set(orders.map(({ context }) => context.profile))).toEqual(new Set(['personal', 'corporate']));
    expect(new Set(orders.map(({ properties }) => properties?.channel))).toEqual(new Set(['web', 'offline']));
    expect(orders.every((order) => !isStranger(order))).toBe(true);
    const placed = new Set(orders.map(({ properties }) => properties?.order_id));
    const undone = [...named(events, 'Order Refunded'), ...named(events, 'Order Cancelled')];
    expect(undone.length).toBeGreaterThan(5);
    expect(undone.every(({ properties }) => placed.has(properties?.order_id))).toBe(true);
  });

  test('what sells out is sold to nobody else; what exists once is sold once, unless it comes back', () => {
    const stock = new Map<string, number>();
    let soldOut = 0;
    for (const { call } of story({ customers: 200, days: 60 })) {
      if (call.to === 'catalogue') for (const { id, offers } of call.items) stock.set(id, offers[0]?.stock ?? -1);
      if (call.to !== 'tracking' || call.body.event !== 'Order Completed') continue;
      const lines = call.body.properties?.products as { product_id: string; quantity: number }[];
      expect(lines.length).toBeGreaterThan(0);
      for (const { product_id, quantity } of lines) {
        const left = (stock.get(product_id) ?? 0) - quantity;
        expect(left).toBeGreaterThanOrEqual(0);
        if (left === 0) soldOut += 1;
      }
    }
    expect(soldOut).toBeGreaterThan(10);
  });
});

/** What becomes of one letter to each of so many people, by what they do. */
function reactions(rates: Partial<Rates>, customers = 3000, more: object = {}) {
  const shop = createShop({ seed: 7, customers, start, rates });
  const mails = shop.people.flatMap(({ emails }, index) => (emails.personal ? [{ to: emails.personal, index }] : []));
  for (const { to, index } of mails)
    shop.react({ id: `m-${index}`, channel: 'email', to, at: new Date(start.getTime() + 6 * 3_600_000), ...more });
  const did = messageCalls(shop, 4);
  const share = (which: (call: MessageCall) => boolean) =>
    new Set(did.filter(which).map(({ message }) => message.id)).size / mails.length;
  return { did, share };
}

function messageCalls(shop: Shop, days: number): MessageCall[] {
  return [...shop.until(after(days))].flatMap(({ call }) => (call.to === 'message' ? [call] : []));
}

describe('what customers do about a letter', () => {
  test('is as often as the table of rates says', () => {
    const { share } = reactions({});
    const byApple = share(({ userAgent }) => userAgent === 'Mozilla/5.0');
    const byPeople = share(({ did, userAgent }) => did === 'opened' && userAgent !== 'Mozilla/5.0');
    expect(byApple).toBeCloseTo(usualRates.appleMail * (1 - usualRates.bounces), 1);
    expect(byPeople).toBeCloseTo(usualRates.opens * (1 - usualRates.appleMail), 1);
    expect(share(({ did }) => did === 'clicked')).toBeCloseTo(usualRates.clicks, 1);
    expect(share(({ did }) => did === 'bounced')).toBeLessThan(0.02);
    expect(reactions({}, 3000, { isBulk: true }).share(({ did }) => did === 'clicked')).toBeLessThan(0.06);
  });

  test('of what bounces nothing more; of what is not opened no click, no unsubscribing', () => {
    const { did, share } = reactions({ bounces: 0.3, unsubscribes: 0.1, complains: 0.1 });
    const of = (what: MessageCall['did']) =>
      new Set(did.filter((one) => one.did === what).map((one) => one.message.id));
    expect(share((one) => one.did === 'bounced')).toBeCloseTo(0.3, 1);
    expect([...of('bounced')].filter((id) => of('delivered').has(id))).toEqual([]);
    expect(of('unsubscribed').size).toBeGreaterThan(50);
    expect(of('complained').size).toBeGreaterThan(50);
    const untold = [...of('clicked'), ...of('unsubscribed')].filter((id) => !of('delivered').has(id));
    expect(untold).toEqual([]);
  });

  test('a click leads into the shop, and often to an order', () => {
    const shop = createShop({ seed: 3, customers: 300, start, rates: { opens: 1, clicks: 0.99, cartVisits: 0 } });
    const buyers = new Set<string>();
    for (const { index, emails } of shop.people)
      if (emails.personal) shop.react({ id: `m-${index}`, channel: 'email', to: emails.personal, at: start });
    for (const { call } of shop.until(after(3)))
      if (call.to === 'tracking' && call.body.event === 'Order Completed') buyers.add(call.body.userId ?? '');
    expect(buyers.size / 300).toBeGreaterThan(0.25);
  });

  test('is nothing where it is nobody’s, or was given before', () => {
    const shop = createShop({ seed: 1, customers: 5, start });
    const [to = ''] = shop.people.flatMap(({ emails }) => emails.personal ?? []);
    const message = { id: 'm', channel: 'email', at: start };
    expect(shop.react({ ...message, to: 'somebody@example.org' })).toBe(false);
    expect(shop.react({ ...message, to })).toBe(true);
    expect(shop.react({ ...message, to })).toBe(false);
  });

  test('happens on their own clock: seldom in the night, around an hour of theirs', () => {
    const shop = createShop({ seed: 5, customers: 2000, start, rates: { opens: 1, appleMail: 0, clicks: 0 } });
    const byAddress = new Map(shop.people.map((person) => [person.emails.personal, person]));
    for (const { emails, index } of shop.people)
      if (emails.personal) shop.react({ id: `m-${index}`, channel: 'email', to: emails.personal, at: start });
    let [opens, atNight, near] = [0, 0, 0];
    for (const { at, call } of shop.until(after(3))) {
      if (call.to !== 'message' || call.did !== 'opened') continue;
      const { zone = 'UTC', readingHour = 0 } = byAddress.get(call.message.to) ?? {};
      const format = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: 'numeric', hourCycle: 'h23' });
      const hour = Number(format.format(at));
      opens += 1;
      if (hour < 6) atNight += 1;
      if (Math.abs(hour - readingHour) <= 3) near += 1;
    }
    expect(opens).toBeGreaterThan(1000);
    expect(atNight / opens).toBeLessThan(0.1);
    expect(near / opens).toBeGreaterThan(0.5);
  });
});

describe('a shop whose items exist once', () => {
  const told = [
    ...createShop({ seed: 11, customers: 120, start, rates: { cartVisits: 0.5 }, assortment: 'resale' }).until(
      after(60),
    ),
  ];
  const ofItem = [
    'Item Sent To Fitting',
    'Item Returned',
    'Item Sold',
    'Queue Joined',
    'Queue Left',
    'Order Completed',
  ];
  const stories = new Map<string, { event: string; who: string | undefined }[]>();
  for (const { call } of told) {
    if (call.to !== 'tracking' || !ofItem.includes(call.body.event ?? '')) continue;
    const { event = '', userId, properties = {} } = call.body;
    const products = (properties.products ?? [properties]) as { product_id: string }[];
    for (const { product_id } of products)
      stories.set(product_id, [...(stories.get(product_id) ?? []), { event, who: userId }]);
  }

  test('sends an item to one customer at a time, and to nobody once it is sold', () => {
    for (const [id, story] of stories) {
      let at: 'shop' | 'customer' | 'sold' = 'shop';
      for (const { event } of story) {
        if (event === 'Item Sent To Fitting') expect(at, id).toBe('shop');
        if (event === 'Item Sent To Fitting' || event === 'Order Completed') expect(at, id).not.toBe('sold');
        if (event === 'Item Sent To Fitting' || event === 'Order Completed') at = 'customer';
        if (event === 'Item Returned') at = 'shop';
        if (event === 'Item Sold') at = 'sold';
      }
    }
  });

  test('walks every way: joined, left, returned, ordered after waiting, sold to another', () => {
    const events = new Set([...stories.values()].flat().map(({ event }) => event));
    expect([...events].sort()).toEqual([...ofItem].sort());
    const ways = [...stories.values()].map((story) => {
      const waited = story.filter(({ event }) => event === 'Queue Joined').map(({ who }) => who);
      const buyer = story.find(({ event }) => event === 'Order Completed')?.who;
      return { isWaitedFor: waited.length > 1, isBought: buyer !== undefined };
    });
    expect(ways.some(({ isWaitedFor, isBought }) => isWaitedFor && isBought)).toBe(true);
    expect(ways.some(({ isWaitedFor, isBought }) => isWaitedFor && !isBought)).toBe(true);
  });
});
