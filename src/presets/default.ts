import { defaultPolicy } from '#domain/policy.ts';
import type { Preset } from './preset.ts';

export const preset: Preset = {
  name: 'default',
  title: 'The defaults of every journey',
  shop: {},
  policy: defaultPolicy,
  journeys: { abandonment: {} },
};
