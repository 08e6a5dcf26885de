import { z } from 'zod';
import { duration, entering, series } from '#workflows/settings-schemas.ts';
import { contract } from './contract.ts';

/** Whether anybody is asked at all is said by the shop's settings, `doubleOptIn`, and by who had said no before. */
export const settings = z.strictObject({
  ...entering,
  askAgainAfter: duration
    .default('P1D')
    .describe('Asked within this time, nobody is asked again: a stranger must not fill their box with our letters'),
  series: series(contract, [{ message: 'confirm', after: 'PT0S' }]),
});
