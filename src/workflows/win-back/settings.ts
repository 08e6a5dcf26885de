import { z } from 'zod';
import { duration, entering, promo, recommendation, spreadOver, stageBranch } from '#workflows/settings-schemas.ts';

/** Komus (J13): once a quarter, to those who are lost or gone. */
export const settings = z.strictObject({
  ...entering,
  enabled: z.boolean().default(false).describe('Off until somebody wants it'),
  spreadOver: spreadOver.default('P7D'),
  apart: duration
    .default('P45D')
    .describe('Who came into the stage lately, and was written to then, waits so long for the offer of a new quarter'),
  promo,
  goods: recommendation({ from: ['personal', 'hits', 'novelties'], count: 6, discountedFirst: true }).describe(
    'What the offer shows',
  ),
  branches: z
    .strictObject({
      b2c: stageBranch(['offer'], [{ message: 'offer', after: 'PT0S', validFor: 'P14D' }]),
      b2b: stageBranch(['company-offer'], [{ message: 'company-offer', after: 'PT0S', validFor: 'P14D' }]),
    })
    .prefault({})
    .describe('What people get, and what companies: by the profile whose orders have stopped'),
});
