import { defaultPolicy } from '#domain/policy.ts';
import type { Preset } from './preset.ts';
import { inOrder } from './welcome.ts';

export const preset: Preset = {
  name: 'second-friend-store',
  title: 'Second Friend Store: resale of luxury items, each of which exists once',
  shop: {
    name: 'Second Friend Store',
    locale: 'ru',
    texts: 'second-friend-store',
    channels: ['email', 'telegram'],
    // Friday's novelties are for the registered only until Monday.
    earlyAccess: { weekday: 'friday', until: { weekday: 'monday', time: '09:00' } },
  },
  policy: defaultPolicy,
  promoPools: [
    {
      name: 'welcome',
      sizes: [{ name: 'all', when: [], percent: 5 }],
      // It must outlive the last message of either branch, which speaks of it again.
      expiry: { after: 'P5D' },
      lowStock: 20,
      generated: { pattern: 'FRIEND-??????', ahead: 200, most: null },
    },
    {
      name: 'reservation-followup',
      sizes: [{ name: 'all', when: [], percent: 5 }],
      expiry: { after: 'P7D' },
      lowStock: 20,
      generated: { pattern: 'SECOND-??????', ahead: 200, most: null },
    },
  ],
  // J3, J4: the journey's defaults are theirs: at once, +3 h, +1 day, +3 days, no discount.
  journeys: {
    abandonment: {},
    // J1: the questions of their newcomers, in their order.
    welcome: {
      promo: { pool: 'welcome' },
      branches: {
        b2c: inOrder(['how-it-works', 'originals', 'first-order', 'try-on', 'novelties', 'how-to-order'], 'P1D'),
      },
    },
    'reservation-followup': { promo: { pool: 'reservation-followup' } },
    // Nothing that exists once runs out.
    replenishment: { enabled: false },
  },
};
