import { z } from 'zod';
import {
  duration,
  entering,
  ownCascade,
  ownPromo,
  promo,
  recommendation,
  validFor,
} from '#workflows/settings-schemas.ts';
import { contract, type MessageName, parts } from './contract.ts';

const step = z.strictObject({
  message: z.enum(Object.keys(contract.messages) as [MessageName, ...MessageName[]]),
  after: duration.describe('Since the previous message was accepted or skipped; of the first, since the trigger'),
  validFor,
  part: z
    .enum(parts)
    .optional()
    .describe('`selling` ends at the first order; by default that is what gives a code or speaks of ordering'),
  cascade: ownCascade,
  promo: ownPromo,
});

const branch = (messages: MessageName[]) =>
  z
    .array(step)
    .max(12)
    .superRefine(eachOnce)
    .prefault(messages.map((message, index) => ({ message, after: index === 0 ? 'PT0S' : 'P1D' })));

function eachOnce(steps: { message: string }[], context: z.RefinementCtx): void {
  for (const [index, { message }] of steps.entries())
    if (steps.findIndex((one) => one.message === message) < index)
      context.addIssue({ code: 'custom', path: [index, 'message'], message: `${message} is in the series already` });
}

/** Second Friend Store's pace (J1): six messages, one a day. The code is given by the second and spoken of again by the last. */
export const settings = z.strictObject({
  ...entering,
  promo,
  afterOrder: z
    .enum(['teach', 'end'])
    .default('teach')
    .describe('What the first order leaves of the series: its teaching part, or nothing'),
  goods: z
    .strictObject({
      'first-order': recommendation({ from: ['personal', 'hits', 'novelties'], count: 4 }),
      novelties: recommendation({ from: ['novelties'], count: 4 }),
      'company-range': recommendation({ from: ['personal', 'hits', 'novelties'], count: 4 }),
    })
    .prefault({})
    .describe('What the messages show that show goods'),
  branches: z
    .strictObject({
      b2c: branch(['how-it-works', 'first-order', 'originals', 'try-on', 'novelties', 'how-to-order']),
      b2b: branch([
        'company-papers',
        'company-range',
        'company-delivery',
        'company-manager',
        'company-lists',
        'company-terms',
      ]),
    })
    .prefault({})
    .describe('What people get, and what companies: customers whose trait `kind` is b2b'),
});

export type Settings = z.infer<typeof settings>;
