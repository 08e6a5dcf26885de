import { z } from 'zod';
import { channelNames } from '#domain/journey.ts';
import { duration, entering, recommendation } from '#workflows/settings-schemas.ts';

/** Defaults are Second Friend Store's (`systems.md`, J9). */
export const settings = z.strictObject({
  enabled: entering.enabled.describe('Off: customers may join and leave, and nobody is offered anything'),
  holdFor: duration.default('PT16H').describe('How long the item is kept, since the first channel took the offer'),
  offerWithin: duration
    .default('PT2H')
    .describe('An offer that no channel takes within this time, quiet hours apart, goes to the next'),
  channels: z
    .array(z.enum(channelNames))
    .min(1)
    .default(['email', 'telegram'])
    .describe('Each message goes by all of them together, as far as the customer can be reached'),
  validFor: duration
    .default('P1D')
    .describe('Cancelled, overtaken and sold: told later than this they are not told at all'),
  novelties: recommendation({ from: ['novelties', 'hits'], count: 4 }).describe('Shown to who let the item go'),
  similar: recommendation({ from: ['similar', 'novelties'], count: 4 }).describe('Shown to who could not have it'),
});

export type Settings = z.infer<typeof settings>;
