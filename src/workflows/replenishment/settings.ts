import { z } from 'zod';
import { duration, entering, series } from '#workflows/settings-schemas.ts';
import { contract } from './contract.ts';

const exponent = z.number().min(0).max(1);
const name = z.string().trim().min(1).max(500);

/** Komus' rule where nothing is learnt yet: 45 to 90 days after the purchase (J14). */
export const settings = z.strictObject({
  ...entering,
  consumables: z
    .strictObject({
      categories: z.array(name).max(1000).default([]).describe('All their goods are consumables'),
      learnt: z
        .strictObject({ repeaters: z.int().min(2), share: z.number().min(0).max(1) })
        .nullable()
        .default({ repeaters: 20, share: 0.25 })
        .describe('So is what so many customers bought again, at least this share of its buyers; null: nothing is'),
    })
    .prefault({})
    .describe('The attribute `consumable` of a product (true, false) goes before both'),
  fallback: duration.default('P45D').describe('How long a good lasts where nobody has taught anything'),
  staysDue: z
    .number()
    .min(0.1)
    .max(10)
    .default(1)
    .describe('Goods are missed for so many times as long as they last; then they were bought elsewhere'),
  trust: z
    .strictObject({ own: z.number().positive().default(1), others: z.number().positive().default(5) })
    .prefault({})
    .describe('How many intervals of the customer, and customers of the product, weigh as much as all that is wider'),
  quantity: exponent.default(0.25).describe('0: two pieces last as long as one; 1: twice as long'),
  household: z
    .strictObject({
      trait: name.default('householdSize').describe('The trait with the number of people'),
      usual: z.number().min(1).max(99).default(2).describe('People where it is not known'),
      exponent: exponent.default(0.5).describe('0: it makes no difference; 1: twice as many use up twice as fast'),
    })
    .prefault({}),
  learnEvery: duration.default('P7D').describe('What is learnt holds for so long'),
  ahead: duration.default('P3D').describe('Customers are written to so long before the first of their goods runs out'),
  horizon: duration.default('P14D').describe('Goods that run out within this are one message'),
  pause: duration.default('P90D').describe('What was offered and not bought is not offered again before'),
  spreadOver: duration.default('PT12H').describe('The runs of a night begin within this, out of quiet hours'),
  series: series(contract, [{ message: 'running-out', after: 'PT0S', validFor: 'P7D' }]),
});

export type Settings = z.infer<typeof settings>;
