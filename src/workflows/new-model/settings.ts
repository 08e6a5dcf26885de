import { z } from 'zod';
import { duration, entering, recommendation, series, spreadOver } from '#workflows/settings-schemas.ts';
import { contract } from './contract.ts';

/** The electronics retailer's: once a year, when the new model is presented. */
export const settings = z.strictObject({
  ...entering,
  enabled: z.boolean().default(false).describe('Off until products say which ones they replace'),
  spreadOver: spreadOver.default('P7D'),
  presentedWithin: duration.default('P60D').describe('So long after it was published a model is new'),
  apart: duration.default('P365D').describe('Between two messages about models of one line to one customer'),
  shows: recommendation({ from: ['complementary'], count: 4 }).describe(
    'What is shown below it: what goes with the new model',
  ),
  series: series(contract, [{ message: 'new-model', after: 'PT0S', validFor: 'P14D' }]),
});
