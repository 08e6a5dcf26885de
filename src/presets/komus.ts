import { inSevenDays, rules } from './policies.ts';
import type { Preset } from './preset.ts';
import { russianZones } from './regions.ts';
import { welcomeEvery } from './welcome.ts';

/** Goods for some industries are for companies of those only. */
const matching = [{ attribute: 'industries', trait: 'industry' }];

const company = { field: 'kind', is: ['b2b'] } as const;

export const preset: Preset = {
  name: 'komus',
  title: 'Komus: office supplies for companies and people',
  shop: { name: 'Комус', locale: 'ru', texts: 'komus', regionZones: russianZones },
  // R1: one marketing message a week, service not counted; lifecycle before item events before abandonment, and mailings
  // only to those who get nothing automated that week.
  policy: { ...rules(inSevenDays(1)), bulkAlone: 'P7D' },
  // P3: the same stages for people and companies, other intervals: an office that orders nothing for six weeks orders elsewhere.
  stages: {
    personal: {
      potentialFrom: 2,
      loyalFrom: 4,
      intervals: { atRisk: 'P90D', churning: 'P150D', lost: 'P240D', gone: 'P365D' },
      seasons: [],
    },
    corporate: {
      potentialFrom: 2,
      loyalFrom: 6,
      intervals: { atRisk: 'P45D', churning: 'P75D', lost: 'P120D', gone: 'P240D' },
      // Offices are empty in the first half of January.
      seasons: [
        {
          name: 'New Year holidays',
          from: '12-29',
          to: '01-20',
          intervals: { atRisk: 'P60D', churning: 'P90D', lost: 'P135D', gone: 'P255D' },
        },
      ],
    },
  },
  recommendations: {
    complements: {
      categories: {
        'Офисная техника': { Картриджи: 1, Бумага: 0.8 },
        Картриджи: { Бумага: 1 },
        Бумага: { Канцтовары: 1, Картриджи: 0.8 },
        Канцтовары: { Бумага: 1 },
        'Чай, кофе, вода': { Хозтовары: 1 },
        Мебель: { 'Офисная техника': 1, Канцтовары: 0.5 },
      },
      products: {},
    },
  },
  promoPools: [
    {
      name: 'at-risk',
      sizes: [
        { name: 'large companies', when: [company, { field: 'spent', from: 10_000_000 }], percent: 7 },
        { name: 'companies', when: [company], percent: 5 },
        { name: 'regulars', when: [{ field: 'orders', from: 4 }], percent: 10 },
        { name: 'people', when: [], percent: 7 },
      ],
      // It must outlive the reminder after 14 days, and be about to end then.
      expiry: { after: 'P17D' },
      lowStock: 50,
      generated: { pattern: 'KOMUS-??????', ahead: 200, most: null },
    },
    {
      name: 'win-back',
      sizes: [
        { name: 'companies', when: [company], percent: 7 },
        { name: 'people', when: [], percent: 12 },
      ],
      expiry: { after: 'P21D' },
      lowStock: 50,
      generated: { pattern: 'SNOVA-??????', ahead: 200, most: null },
    },
  ],
  journeys: {
    // J12: a code on entering the stage, after 14 days without an order that it is about to burn.
    'at-risk': {
      enabled: true,
      promo: { pool: 'at-risk' },
      goods: { from: ['personal', 'hits', 'novelties'], count: 4, filters: { matching } },
    },
    // J13: once a quarter, for companies and people each their own.
    'win-back': {
      enabled: true,
      promo: { pool: 'win-back' },
      goods: { from: ['personal', 'hits', 'novelties'], count: 6, discountedFirst: true, filters: { matching } },
    },
    // J14: bought 45 to 90 days ago, where nothing is learnt. Offices buy as much as they need: twice as much lasts twice as long.
    replenishment: {
      consumables: {
        categories: ['Бумага', 'Картриджи', 'Канцтовары', 'Чай, кофе, вода', 'Хозтовары', 'Батарейки'],
      },
      fallback: 'P45D',
      staysDue: 1,
      quantity: 1,
    },
    // J15, R1: after lifecycle and before abandonment; at one a week a message may have to wait for days.
    'item-event': { validFor: 'P7D', priceDrop: { share: 0.1 } },
    // J2: one a week, for companies and people each their own.
    welcome: {
      branches: welcomeEvery('P7D'),
      goods: {
        'company-range': { from: ['personal', 'hits', 'novelties'], count: 4, filters: { matching } },
      },
    },
    abandonment: {
      // Furniture and machines, 15,000 ₽ and more, are chosen with advice.
      expensiveFrom: 1_500_000,
      shows: {
        alternatives: { from: ['similar'], count: 4, discountedFirst: true, filters: { matching } },
        category: { from: ['novelties'], count: 6, discountedFirst: true, filters: { matching } },
        latest: { from: ['novelties'], count: 6, filters: { matching } },
      },
      branches: {
        // A second one could only go a week later, when the cart is old news.
        cart: { idle: 'PT30M', steps: [{ message: 'cart-reminder', after: 'PT0S' }] },
        'expensive-view': { idle: 'PT30M', steps: [{ message: 'view-expensive', after: 'PT0S' }] },
      },
      // J8: a company's cart is spoken of as a company's, to whoever may have to ask somebody.
      companies: {
        branches: { cart: { idle: 'PT1H', steps: [{ message: 'company-cart', after: 'PT0S' }] } },
      },
    },
  },
};
