import { z } from 'zod';
import { duration, entering } from '#workflows/settings-schemas.ts';

/** Half an hour of collecting is `semantics.md`'s. */
export const settings = z.strictObject({
  ...entering,
  collect: duration.default('PT30M').describe('What happens within this from the first on is one message'),
  validFor: duration
    .default('P3D')
    .describe('A deferral beyond this drops the message, with the reason; older news is not told'),
  backInStock: z.boolean().default(true).describe('Whether who waits for a product hears that it is back'),
  priceDrop: z
    .strictObject({
      enabled: z.boolean().default(true),
      share: z.number().min(0).max(1).default(0.05).describe('Of the price before; 0.05 is 5 %'),
      amount: z.int().min(0).default(0).describe('In minor units (kopecks, cents)'),
      waiting: z.boolean().default(false).describe('Who is on the waiting list hears of prices, too'),
    })
    .prefault({})
    .describe('By how much the price of a favourite has to fall at once to be told: by both, where both are given'),
  priceAgainAfter: duration.default('P30D').describe('Of the price of one product a customer hears no sooner again'),
  perMinute: z
    .int()
    .min(1)
    .default(600)
    .describe('Of all who wait for one product so many runs begin a minute, who waits longest first'),
});

export type Settings = z.infer<typeof settings>;
