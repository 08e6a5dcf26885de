import { z } from 'zod';
import { durationMs } from '#domain/duration.ts';
import { duration, entering, ownCascade, ownPromo, recommendation } from '#workflows/settings-schemas.ts';
import { contract, countedFrom, type MessageName } from './contract.ts';

const step = z.strictObject({
  message: z.enum(Object.keys(contract.messages) as [MessageName, ...MessageName[]]),
  at: duration.describe('Since the order, or its delivery; whatever became of the steps before'),
  from: z
    .enum(countedFrom)
    .default('order')
    .describe(
      '`delivery`: since it was delivered, where the shop tells of that before the step is due; else since the order',
    ),
  validFor: duration.default('P7D').describe('A deferral beyond this drops the message, with the reason'),
  cascade: ownCascade,
  promo: ownPromo,
});

/** DNK's year (J11). */
const year: z.input<typeof step>[] = [
  { message: 'cross-sell', at: 'P7D', from: 'delivery' },
  { message: 'review-request', at: 'P14D', from: 'delivery' },
  { message: 'top-up', at: 'P90D' },
  { message: 'news', at: 'P180D' },
  { message: 'small-promo', at: 'P210D' },
  { message: 'bigger-promo', at: 'P300D' },
];

function inOrder(steps: z.output<typeof step>[], context: z.RefinementCtx): void {
  for (const [index, { message, at }] of steps.entries()) {
    const before = steps[index - 1];
    if (steps.findIndex((one) => one.message === message) < index)
      context.addIssue({ code: 'custom', path: [index, 'message'], message: `${message} is in the year already` });
    if (before && durationMs(at) <= durationMs(before.at))
      context.addIssue({ code: 'custom', path: [index, 'at'], message: 'must be later than the step before it' });
  }
}

export const settings = z.strictObject({
  ...entering,
  enabled: z
    .boolean()
    .default(false)
    .describe('Off until somebody wants it: not every shop sells what is bought again'),
  steps: z
    .array(step)
    .max(Object.keys(contract.messages).length)
    .superRefine(inOrder)
    .prefault(year)
    .describe('The messages in their order; without any nobody enters'),
  over: duration
    .default('P365D')
    .describe('Since the order: until then another order is the goal, also after the last message'),
  consumables: z
    .enum(['marked', 'all'])
    .default('marked')
    .describe('What of the order `top-up` speaks of: goods whose attribute `consumable` is true, or all'),
  yieldWithin: duration
    .default('P14D')
    .describe('`top-up` is left to replenishment, where that is on and has goods of the customer due within this time'),
  goods: z
    .strictObject({
      'cross-sell': recommendation({ from: ['complementary', 'personal', 'hits'], count: 4 }),
      news: recommendation({ from: ['novelties', 'personal'], count: 6 }),
      'small-promo': recommendation({ from: ['personal', 'hits'], count: 4 }),
      'bigger-promo': recommendation({ from: ['personal', 'hits'], count: 4 }),
    })
    .prefault({})
    .describe('What the messages show that recommend; `complementary` goes from the goods of the order'),
});

export type Settings = z.infer<typeof settings>;
