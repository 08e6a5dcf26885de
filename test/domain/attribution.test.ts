import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type AttributionSettings,
  attributionModels,
  attributionRule,
  type Click,
  creditedTouch,
  defaultAttribution,
  type PageVisit,
  reachOf,
  type Touch,
} from '#domain/attribution.ts';
import {
  addOrder,
  attributionDimensions,
  type CreditedOrder,
  emptyReport,
  type Figures,
} from '#domain/attribution-report.ts';
import { days, hours, later } from './wall.ts';

const placedAt = new Date('2026-05-20T12:00:00Z');
const shopUrl = 'https://www.shop.example/';
const before = (ms: number) => later(placedAt, -ms);
const settings: AttributionSettings = {
  ...defaultAttribution,
  lookBack: { ...defaultAttribution.lookBack, last_click: { window: 'P5D', channels: { web_push: 'P1D' } } },
  ignoredReferrers: ['pay.example'],
};
const rules = Object.fromEntries(attributionModels.map((model) => [model, attributionRule(settings, model, shopUrl)]));
const ruleOf = (model: string) => rules[model] as ReturnType<typeof attributionRule>;

const ourUtm = 'utm_source=vestnik&utm_medium=email&utm_campaign=abandonment&utm_content=cart-reminder';
const letter = { journey: 'abandonment', block: 'cart-1', template: 'cart-reminder', channel: 'email', campaign: null };
const link = `https://shop.example/cart?${ourUtm}`;
const click = (id: string, ago: number, channel = 'email'): Click => ({
  ...{ kind: 'click', id, at: before(ago), link },
  message: { ...letter, channel },
});
const visit = (id: string, ago: number, over: Partial<PageVisit> = {}): PageVisit => ({
  ...{ kind: 'visit', id, at: before(ago), url: 'https://shop.example/', referrer: null, campaign: null },
  ...over,
});
const ad = { url: 'https://shop.example/?utm_source=yandex&utm_medium=cpc' };
const credited = (model: string, touches: Touch[]) => creditedTouch(placedAt, touches, ruleOf(model))?.id ?? null;

describe('V2 of an abandoned cart: a letter, then an advertisement', () => {
  const touches = [
    visit('search', days(20), { referrer: 'https://www.google.com/' }),
    click('letter', hours(30)),
    visit('ad', hours(2), ad),
  ];

  test.each([
    ['last_click', 'letter'],
    ['last_non_direct', 'ad'],
    ['first_interaction', 'search'],
  ])('%s credits the %s', (model, id) => {
    expect(credited(model, touches)).toBe(id);
  });
});

describe('what is a touch', () => {
  test.each<[string, Partial<PageVisit>, boolean]>([
    ['an address with UTM', ad, true],
    ['a campaign that the client has read', { campaign: { name: 'spring', source: 'vk' } }, true],
    ['a page of another site', { referrer: 'https://blog.example/tea' }, true],
    ['an app', { referrer: 'android-app://com.vkontakte.android/' }, true],
    ['nothing: a direct visit', {}, false],
    ['an empty campaign', { campaign: {}, referrer: '' }, false],
    ['a page of the shop', { referrer: 'https://www.shop.example/cart' }, false],
    ['another host of the shop', { url: 'https://m.shop.example/', referrer: 'https://help.shop.example/' }, false],
    ['where customers pay', { referrer: 'https://secure.pay.example/done' }, false],
    ['a host that only ends like it', { referrer: 'https://display.example/' }, true],
    ['no address at all', { url: 'not one', referrer: 'neither' }, false],
  ])('a visit from %s', (_, over, is) => {
    expect(credited('last_non_direct', [visit('it', 1, over)])).toBe(is ? 'it' : null);
  });

  test('a visit by a link of ours is the click, not another touch; without a click it is a visit', () => {
    const ours = visit('arrived', hours(1), { url: link });
    const byClient = visit('arrived', hours(1), {
      campaign: { source: 'vestnik', medium: 'email', name: 'abandonment', content: 'cart-reminder' },
    });
    expect(credited('last_non_direct', [click('click', hours(1)), ours])).toBe('click');
    expect(credited('last_non_direct', [click('click', hours(1)), byClient])).toBe('click');
    expect(
      credited('first_interaction', [click('click', days(91)), visit('arrived', days(89), { url: link })]),
    ).toBeNull();
    expect(credited('last_non_direct', [ours])).toBe('arrived');
    expect(credited('last_non_direct', [ours, click('later', 1)])).toBe('later');
    expect(credited('first_interaction', [ours, click('later', 1)])).toBe('arrived');
  });
});

describe('the window', () => {
  test('is half-open: from five days before the order on, and before it', () => {
    expect(credited('last_click', [click('it', days(5))])).toBe('it');
    expect(credited('last_click', [click('it', days(5) + 1)])).toBeNull();
    expect(credited('last_click', [click('it', 1)])).toBe('it');
    expect(credited('last_click', [click('it', 0)])).toBeNull();
    expect(credited('last_click', [click('it', -1)])).toBeNull();
  });

  test('of a channel is its own', () => {
    expect(credited('last_click', [click('push', days(1), 'web_push')])).toBe('push');
    expect(credited('last_click', [click('push', days(1) + 1, 'web_push')])).toBeNull();
    expect(credited('last_click', [click('letter', days(4)), click('push', days(2), 'web_push')])).toBe('letter');
  });

  test('of two touches at one instant the greater id is the later', () => {
    const both = [click('b', hours(1)), click('a', hours(1))];
    expect(credited('last_click', both)).toBe('b');
    expect(credited('first_interaction', both)).toBe('a');
  });
});

const anyAgo = fc.integer({ min: -days(1), max: days(100) });
const anyId = fc.uuid();
const anyClick = fc
  .tuple(anyId, anyAgo, fc.constantFrom('email', 'sms', 'web_push'))
  .map(([id, ago, channel]) => click(id, ago, channel));
const sources = [{}, ad, { url: link }, { referrer: 'https://blog.example/' }, { referrer: 'https://shop.example/' }];
const anyVisit = fc.tuple(anyId, anyAgo, fc.constantFrom(...sources)).map(([id, ago, over]) => visit(id, ago, over));
const anyTouches = fc.uniqueArray(fc.oneof(anyClick, anyVisit), { maxLength: 12, selector: ({ id }) => id });
const anyModel = fc.constantFrom(...attributionModels);

describe('whatever went before an order', () => {
  test('it is credited to one touch, before it and within the window', () => {
    fc.assert(
      fc.property(anyTouches, anyModel, (touches, model) => {
        const touch = creditedTouch(placedAt, touches, ruleOf(model));
        if (touch === null) return;
        const ago = placedAt.getTime() - touch.at.getTime();
        const isPush = touch.kind === 'click' && touch.message.channel === 'web_push';
        const windows = { last_click: isPush ? 1 : 5, last_non_direct: 30, first_interaction: 90 };
        expect(ago).toBeGreaterThan(0);
        expect(ago).toBeLessThanOrEqual(days(windows[model]));
        expect(ago).toBeLessThan(reachOf(ruleOf(model)));
        expect(touches).toContain(touch);
      }),
    );
  });

  test('the order in which touches are told says nothing', () => {
    fc.assert(
      fc.property(anyTouches, anyModel, fc.nat(), (touches, model, turn) => {
        const turned = [...touches.slice(turn % 12), ...touches.slice(0, turn % 12)].toReversed();
        expect(credited(model, turned)).toBe(credited(model, touches));
      }),
    );
  });

  test('an older touch never changes the last click, a newer one never the first interaction', () => {
    fc.assert(
      fc.property(anyTouches, fc.oneof(anyClick, anyVisit), (touches, more) => {
        const last = creditedTouch(placedAt, touches, ruleOf('last_click'));
        if (last && more.at < last.at) expect(credited('last_click', [...touches, more])).toBe(last.id);
        const first = creditedTouch(placedAt, touches, ruleOf('first_interaction'));
        if (first && more.at > first.at) expect(credited('first_interaction', [...touches, more])).toBe(first.id);
      }),
    );
  });
});

const anyOrder = fc.record({
  placedAt: fc.constant(placedAt),
  state: fc.constantFrom<CreditedOrder['state'][]>('placed', 'cancelled', 'refunded'),
  total: fc.nat({ max: 1_000_000 }),
  currency: fc.constantFrom('RUB', 'KZT'),
  segments: fc.uniqueArray(fc.constantFrom('vip', 'asleep', 'new'), { maxLength: 3 }),
});
const anyCase = fc.record({ order: anyOrder, touches: anyTouches });
const anyBy = fc.constantFrom(...attributionDimensions);

function reportOf(
  cases: { order: CreditedOrder; touches: Touch[] }[],
  by: (typeof attributionDimensions)[number],
  model: string,
) {
  const report = emptyReport();
  for (const one of cases) addOrder(report, by, { ...one, rule: ruleOf(model) });
  return report;
}

type Flat = Record<string, number>;

/** Sums as numbers by name, so that they can be added up; what is 0 is left out. */
function flat({ orders, revenue, cancelled }: Figures): Flat {
  const named = [['orders', orders], ['cancelled', cancelled.orders], ...revenue] as [string, number][];
  for (const [currency, amount] of cancelled.revenue) named.push([`cancelled ${currency}`, amount]);
  return Object.fromEntries(named.filter(([, amount]) => amount !== 0));
}

function sum(parts: readonly Figures[], less: readonly Figures[] = []): Flat {
  const all: Flat = {};
  for (const [name, amount] of parts.flatMap((part) => Object.entries(flat(part))))
    all[name] = (all[name] ?? 0) + amount;
  for (const [name, amount] of less.flatMap((part) => Object.entries(flat(part))))
    all[name] = (all[name] ?? 0) - amount;
  return Object.fromEntries(Object.entries(all).filter(([, amount]) => amount !== 0));
}

describe('whatever was ordered', () => {
  test('each order is credited once, and rows sum up to what is credited', () => {
    fc.assert(
      fc.property(fc.array(anyCase, { maxLength: 20 }), anyBy, anyModel, (cases, by, model) => {
        const { total, messages, visits, untouched, items, overlap } = reportOf(cases, by, model);
        expect(total.orders + total.cancelled.orders).toBe(cases.length);
        expect(sum([messages, visits, untouched])).toEqual(flat(total));
        expect(sum([...items.values()], [overlap])).toEqual(flat(messages));
        if (by !== 'segment') expect(flat(overlap)).toEqual({});
      }),
    );
  });

  test('cancellations and returns take away exactly what was credited', () => {
    fc.assert(
      fc.property(fc.array(anyCase, { maxLength: 20 }), anyBy, anyModel, (cases, by, model) => {
        const as = (state: CreditedOrder['state']) => cases.map((one) => ({ ...one, order: { ...one.order, state } }));
        const [kept, cancelled, now] = [as('placed'), as('cancelled'), cases].map((some) => reportOf(some, by, model));
        for (const [name, item] of kept?.items ?? []) {
          const left = now?.items.get(name);
          expect(left?.orders).toBe(item.orders - (left?.cancelled.orders ?? 0));
          for (const [currency, amount] of item.revenue)
            expect((left?.revenue.get(currency) ?? 0) + (left?.cancelled.revenue.get(currency) ?? 0)).toBe(amount);
          expect(cancelled?.items.get(name)).toMatchObject({ orders: 0, cancelled: { orders: item.orders } });
        }
      }),
    );
  });
});
