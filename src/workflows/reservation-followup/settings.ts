import { z } from 'zod';
import { entering, promo, recommendation, series } from '#workflows/settings-schemas.ts';
import { contract } from './contract.ts';

/** Second Friend Store: a day after the offer a selection of other items, a promo code the day after (J10). */
export const settings = z.strictObject({
  ...entering,
  promo,
  shows: recommendation({ from: ['similar', 'personal', 'novelties'], count: 6 }).describe(
    'The other items; `similar` to the one that was reserved',
  ),
  series: series(contract, [
    { message: 'other-items', after: 'P1D' },
    { message: 'promo-code', after: 'P1D' },
  ]),
});
