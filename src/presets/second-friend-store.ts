import { defaultPolicy } from '#domain/policy.ts';
import type { Preset } from './preset.ts';

export const preset: Preset = {
  name: 'second-friend-store',
  title: 'Second Friend Store: resale of luxury items, each of which exists once',
  shop: { name: 'Second Friend Store', locale: 'ru', texts: 'second-friend-store' },
  policy: defaultPolicy,
  // J3, J4: the journey's defaults are theirs: at once, +3 h, +1 day, +3 days, no discount.
  journeys: { abandonment: {} },
};
