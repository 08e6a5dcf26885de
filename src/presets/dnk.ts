import { aDay, inSevenDays, rules } from './policies.ts';
import type { Preset } from './preset.ts';
import { russianZones } from './regions.ts';
import { welcomeEvery } from './welcome.ts';

/** Novelties against couperose are for those only for whom they matter: goods say what they are against, people what concerns them. */
const matching = [{ attribute: 'concerns', trait: 'skinConcerns' }];

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
    {
      name: 'cart',
      sizes: [{ name: 'all', when: [], percent: 10 }],
      // The code must outlive the message that says it is about to end.
      expiry: { after: 'P8D' },
      lowStock: 20,
      generated: { pattern: 'DNK-??????', ahead: 200, most: null },
    },
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
      // One a day would be more than four in a week.
      branches: welcomeEvery('P2D'),
      goods: {
        'first-order': { from: ['personal', 'hits', 'novelties'], count: 4, filters: { matching } },
        novelties: { from: ['novelties'], count: 4, filters: { matching } },
      },
    },
    abandonment: {
      // R3: e-mail; not opened → Viber; not delivered → SMS.
      cascade: {
        channels: [
          { channel: 'email', advanceWhen: 'not_opened', after: 'P1D' },
          { channel: 'viber', advanceWhen: 'not_delivered', after: 'PT2H' },
          { channel: 'sms' },
        ],
      },
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
