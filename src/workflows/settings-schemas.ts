import { z } from 'zod';
import { isoDuration } from '#domain/duration.ts';
import { type Contract, messageBlocks } from '#domain/journey.ts';

/** A duration of business time in a journey's settings, kept as it was written. */
export const duration = z
  .string()
  .regex(isoDuration, 'must be an ISO 8601 duration of days, hours, minutes and seconds, such as PT30M or P1DT12H');

/** Who enters: the fields that the settings of every journey have. */
export const entering = {
  enabled: z.boolean().default(true),
  entryValidFor: duration.default('P1D').describe('A trigger older than this starts nothing'),
};

/** How late a message may be. */
export const validFor = duration.default('P1D').describe('A deferral beyond this drops the message, with the reason');

/** What `seriesMind` wants of a journey's settings; they may have more. */
export interface SeriesSettings {
  enabled: boolean;
  entryValidFor: string;
  series: { message: string; after: string; validFor: string }[];
}

/** A fixed series of messages, each at most once, as many as the contract has message blocks. What is wrong with the
 *  defaults is found by `npm run generate`. */
export function series<Message extends string>(
  contract: Pick<Contract, 'blocks'> & { messages: Readonly<Record<Message, unknown>> },
  defaults: { message: NoInfer<Message>; after: string; validFor?: string }[],
) {
  const step = z.strictObject({
    message: z.enum(Object.keys(contract.messages) as [Message, ...Message[]]),
    after: duration.describe('Since the previous step was accepted or skipped; of the first, since the trigger'),
    validFor,
  });
  const steps = z.array(step).max(messageBlocks(contract).length).superRefine(eachOnce);
  return steps.prefault(defaults).describe('The messages in their order; without any nobody enters');
}

function eachOnce(steps: { message: string }[], context: z.RefinementCtx): void {
  for (const [index, { message }] of steps.entries())
    if (steps.findIndex((step) => step.message === message) < index)
      context.addIssue({ code: 'custom', path: [index, 'message'], message: `${message} is in the series already` });
}
