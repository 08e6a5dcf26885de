import type { PromoPool } from '#domain/promo.ts';
import { aDay, inSevenDays, rules } from './policies.ts';
import type { Preset, Schemas } from './preset.ts';
import { russianZones } from './regions.ts';
import { welcomeEvery } from './welcome.ts';

/** Novelties against couperose are for those only for whom they matter: goods say what they are against, people what concerns them. */
const matching = [{ attribute: 'concerns', trait: 'skinConcerns' }];

// R3: e-mail; not opened → Viber; not delivered → SMS.
const cascade: NonNullable<Schemas['lifecycle']['_zod']['input']['cascade']> = {
  channels: [
    { channel: 'email', advanceWhen: 'not_opened', after: 'P1D' },
    { channel: 'viber', advanceWhen: 'not_delivered', after: 'PT2H' },
    { channel: 'sms' },
  ],
};

/** A code of its own making, made ahead. */
function pool(name: string, percent: number, after: string, pattern: string): PromoPool {
  const generated = { pattern, ahead: 200, most: null };
  return { name, sizes: [{ name: 'all', when: [], percent }], expiry: { after }, lowStock: 20, generated };
}

export const preset: Preset = {
  name: 'dnk',
  title: 'DNK: natural cosmetics, shops and online',
  shop: {
    name: 'DNK',
    locale: 'ru',
    texts: 'dnk',
    channels: ['email', 'viber', 'sms'],
    regionZones: russianZones,
  },
  policy: rules(aDay(1), inSevenDays(4)),
  promoPools: [
    // The code must outlive the message that says it is about to end.
    pool('cart', 10, 'P8D', 'DNK-??????'),
    pool('come-back', 10, 'P14D', 'SNOVA-??????'),
    pool('come-back-soon', 20, 'P21D', 'ZHDEM-??????'),
  ],
  // J11: near churn half a year after the last order.
  stages: {
    personal: {
      potentialFrom: 2,
      loyalFrom: 4,
      intervals: { atRisk: 'P90D', churning: 'P180D', lost: 'P270D', gone: 'P365D' },
      seasons: [],
    },
  },
  // J11: what goes with what, by hand.
  recommendations: {
    complements: {
      categories: {
        'Уход за лицом': { 'Уход за телом': 0.6, Макияж: 1, Аксессуары: 0.5 },
        'Уход за волосами': { Аксессуары: 1, 'Уход за телом': 0.6 },
        'Уход за телом': { Гигиена: 1, 'Уход за лицом': 0.5 },
        Гигиена: { 'Уход за телом': 1 },
        Макияж: { 'Уход за лицом': 1, Аксессуары: 0.7 },
        Аксессуары: { Макияж: 1, 'Уход за волосами': 0.6 },
      },
      products: {},
    },
  },
  journeys: {
    welcome: {
      cascade,
      // One a day would be more than four in a week.
      branches: welcomeEvery('P2D'),
      goods: {
        'first-order': { from: ['personal', 'hits', 'novelties'], count: 4, filters: { matching } },
        novelties: { from: ['novelties'], count: 4, filters: { matching } },
      },
    },
    // J14: three months where nothing is learnt.
    replenishment: {
      cascade,
      consumables: { categories: ['Уход за лицом', 'Уход за волосами', 'Уход за телом', 'Гигиена', 'Макияж'] },
      fallback: 'P90D',
    },
    // J15: who waits for a cream does not want to look into a mailbox a day late.
    'item-event': { cascade },
    // J11: their promo chain. All that a cosmetics shop sells is used up.
    lifecycle: {
      enabled: true,
      cascade,
      consumables: 'all',
      goods: {
        'cross-sell': { from: ['complementary', 'personal', 'hits'], count: 4, filters: { matching } },
        news: { from: ['novelties', 'personal'], count: 6, filters: { matching } },
        'small-promo': { from: ['personal', 'hits'], count: 4, filters: { matching } },
        'bigger-promo': { from: ['personal', 'hits'], count: 4, filters: { matching } },
      },
      steps: [
        { message: 'cross-sell', at: 'P7D', from: 'delivery' },
        { message: 'review-request', at: 'P14D', from: 'delivery' },
        { message: 'top-up', at: 'P90D' },
        { message: 'news', at: 'P180D' },
        { message: 'small-promo', at: 'P210D', promo: { pool: 'come-back' } },
        { message: 'bigger-promo', at: 'P300D', promo: { pool: 'come-back-soon' } },
      ],
    },
    abandonment: {
      cascade,
      promo: { pool: 'cart' },
      shows: {
        alternatives: { from: ['similar'], count: 4, discountedFirst: true, filters: { matching } },
        category: { from: ['novelties'], count: 6, discountedFirst: true, filters: { matching } },
        latest: { from: ['novelties'], count: 6, filters: { matching } },
      },
      branches: {
        cart: {
          idle: 'PT30M',
          steps: [
            { message: 'cart-reminder', after: 'PT0S' },
            { message: 'cart-promo', after: 'P3D' },
            { message: 'cart-promo-expires', after: 'P7D', validFor: 'PT20H' },
          ],
        },
      },
    },
  },
};
