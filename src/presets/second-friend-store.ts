import { defaultPolicy } from '#domain/policy.ts';
import type { Preset } from './preset.ts';

export const preset: Preset = {
  name: 'second-friend-store',
  title: 'Second Friend Store: resale of luxury items, each of which exists once',
  shop: { name: 'Second Friend Store', locale: 'ru', texts: 'second-friend-store' },
  policy: defaultPolicy,
  promoPools: [
    {
      name: 'reservation-followup',
      sizes: [{ name: 'all', when: [], percent: 5 }],
      expiry: { after: 'P7D' },
      lowStock: 20,
      generated: { pattern: 'SECOND-??????', ahead: 200, most: null },
    },
  ],
  // J3, J4: the journey's defaults are theirs: at once, +3 h, +1 day, +3 days, no discount.
  journeys: { abandonment: {}, 'reservation-followup': { promo: { pool: 'reservation-followup' } } },
};
