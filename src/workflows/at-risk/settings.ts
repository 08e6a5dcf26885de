import { z } from 'zod';
import { entering, promo, recommendation, spreadOver, stageBranch } from '#workflows/settings-schemas.ts';

/** Komus (J12): a promo code as they come into the stage, and after 14 days without an order that it is about to end. */
export const settings = z.strictObject({
  ...entering,
  enabled: z
    .boolean()
    .default(false)
    .describe('Off until somebody names a pool of promo codes: without one nothing is sent'),
  spreadOver,
  promo,
  goods: recommendation({ from: ['personal', 'hits', 'novelties'], count: 4 }).describe('What is shown below the code'),
  branches: z
    .strictObject({
      b2c: stageBranch(
        ['promo', 'promo-ends'],
        [
          { message: 'promo', after: 'PT0S', validFor: 'P14D' },
          { message: 'promo-ends', after: 'P14D', validFor: 'P2D' },
        ],
      ),
      b2b: stageBranch(
        ['company-promo', 'company-promo-ends'],
        [
          { message: 'company-promo', after: 'PT0S', validFor: 'P14D' },
          { message: 'company-promo-ends', after: 'P14D', validFor: 'P2D' },
        ],
      ),
    })
    .prefault({})
    .describe('What people get, and what companies: by the profile whose orders have stopped'),
});
