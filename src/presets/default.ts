import { defaultPolicy } from '#domain/policy.ts';
import type { Preset } from './preset.ts';

export const preset: Preset = {
  name: 'default',
  title: 'The defaults of every journey',
  shop: {},
  policy: defaultPolicy,
  journeys: {
    abandonment: {},
    // J11: without pools of promo codes its two last messages are skipped.
    lifecycle: { enabled: true },
  },
};
