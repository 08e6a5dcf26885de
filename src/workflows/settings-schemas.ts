import { z } from 'zod';
import { advanceWhen, type Cascade, emailOnly } from '#domain/cascade.ts';
import { isoDuration } from '#domain/duration.ts';
import { type Contract, channelNames, messageBlocks } from '#domain/journey.ts';
import type { PromoSetting } from '#domain/promo.ts';
import { type Recommendation, recommendationSources } from '#domain/recommend.ts';

/** A duration of business time in a journey's settings, kept as it was written. */
export const duration = z
  .string()
  .regex(isoDuration, 'must be an ISO 8601 duration of days, hours, minutes and seconds, such as PT30M or P1DT12H');

const channelStep = z.strictObject({
  channel: z.enum(channelNames),
  advanceWhen: z
    .enum(advanceWhen)
    .default('not_opened')
    .describe(
      'The next channel goes if this holds; one that has failed hands over at once. Opens by programs do not count',
    ),
  after: duration.default('P1D').describe('Since this channel was accepted, before the next one is looked at'),
});

/** One step, several channels (R3). A channel that the customer cannot be reached on is passed over. */
const cascade = z.strictObject({
  order: z
    .enum(['fixed', 'auto'])
    .default('fixed')
    .describe('`auto`: by what a reaction of this customer is expected to cost on each channel, the cheapest first'),
  channels: z.array(channelStep).min(1).max(channelNames.length).superRefine(eachChannelOnce),
}) satisfies z.ZodType<Cascade>;

function eachChannelOnce(steps: { channel: string }[], context: z.RefinementCtx): void {
  for (const [index, { channel }] of steps.entries())
    if (steps.findIndex((step) => step.channel === channel) < index)
      context.addIssue({ code: 'custom', path: [index, 'channel'], message: `${channel} is in the cascade already` });
}

/** Who enters and by which channels: the fields that the settings of every journey have. */
export const entering = {
  enabled: z.boolean().default(true),
  entryValidFor: duration.default('P1D').describe('A trigger older than this starts nothing'),
  cascade: cascade.prefault(emailOnly).describe('The channels of every message that has no cascade of its own'),
};

/** How late a message may be. */
export const validFor = duration.default('P1D').describe('A deferral beyond this drops the message, with the reason');

/** A step's own channels, in place of the journey's. */
export const ownCascade = cascade.optional();

/** Where the journey's promo codes come from (R8). */
export const promo = z
  .strictObject({ pool: z.string().min(1).max(60).describe('Its name in `promo-pools`') })
  .nullable()
  .default(null)
  .describe('The codes that messages give; without it messages that speak of a code are skipped');

/** A step's own codes. */
export const ownPromo = promo.unwrap().unwrap().optional().describe('Its own pool, in place of the journey’s');

/** What `seriesMind` wants of a journey's settings; they may have more. */
export interface SeriesSettings {
  enabled: boolean;
  entryValidFor: string;
  cascade: Cascade;
  promo?: PromoSetting | null;
  series: {
    message: string;
    after: string;
    validFor: string;
    cascade?: Cascade | undefined;
    promo?: PromoSetting | null | undefined;
  }[];
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
    cascade: ownCascade,
    promo: ownPromo,
  });
  const steps = z.array(step).max(messageBlocks(contract).length).superRefine(eachOnce);
  return steps.prefault(defaults).describe('The messages in their order; without any nobody enters');
}

function eachOnce(steps: { message: string }[], context: z.RefinementCtx): void {
  for (const [index, { message }] of steps.entries())
    if (steps.findIndex((step) => step.message === message) < index)
      context.addIssue({ code: 'custom', path: [index, 'message'], message: `${message} is in the series already` });
}

/** Of journeys that a lifecycle stage starts. */
export const spreadOver = duration
  .default('P1D')
  .describe(
    'Those whom one night starts are started evenly over this time, quiet hours apart; `PT0S`: as fast as may be',
  );

/** What journeys that a lifecycle stage starts have in their settings: people and companies each their own. */
export interface StageSettings {
  enabled: boolean;
  entryValidFor: string;
  cascade: Cascade;
  spreadOver: string;
  /** A quarter's start comes no sooner after the entry into the stage. */
  apart?: string;
  promo: PromoSetting | null;
  branches: Record<'b2c' | 'b2b', StageBranch>;
}

export interface StageBranch extends Pick<SeriesSettings, 'series'> {
  enabled: boolean;
  promo?: PromoSetting | undefined;
}

/** One profile's part of such a journey: its switch, its codes, its messages. */
export function stageBranch<Message extends string>(
  messages: readonly [Message, ...Message[]],
  defaults: { message: NoInfer<Message>; after: string; validFor: string }[],
) {
  const step = z.strictObject({
    message: z.enum(messages),
    after: duration.describe('Since the previous step was accepted or skipped; of the first, since the start'),
    validFor,
    cascade: ownCascade,
    promo: ownPromo,
  });
  const steps = z.array(step).max(messages.length).superRefine(eachOnce).prefault(defaults);
  return z
    .strictObject({
      enabled: z.boolean().default(true),
      promo: ownPromo,
      series: steps.describe('The messages in their order; without any nobody enters'),
    })
    .prefault({});
}

const name = z.string().trim().min(1).max(500);
const minorUnits = z.int().min(0).nullable().default(null);

const filters = z
  .strictObject({
    category: name.nullable().default(null),
    products: z.array(z.string().min(1).max(200)).max(1000).default([]).describe('Only these, by id; empty: all'),
    matching: z
      .array(z.strictObject({ attribute: name, trait: name }))
      .max(10)
      .default([])
      .describe('Goods that have the attribute go only to those whose trait has a value of it'),
    discountFrom: z.int().min(1).max(99).nullable().default(null).describe('Percent off the old price, at least'),
    price: z.strictObject({ from: minorUnits, to: minorUnits }).prefault({}).describe('Minor units, both included'),
    notBought: z.boolean().default(true).describe('Nothing that the customer has bought and not given back'),
    notShown: z.int().min(0).max(50).default(0).describe('Nothing that so many last messages were about or showed'),
  })
  .prefault({});

/** What a message recommends (P6), by setting: `recommendation({ from: ['similar', 'hits'], count: 4 })`. */
export function recommendation(defaults: z.input<typeof recommendationShape>) {
  return recommendationShape.prefault(defaults);
}

const recommendationShape = z.strictObject({
  from: z
    .array(z.enum(recommendationSources))
    .max(recommendationSources.length)
    .describe('One source after the other, until there are enough; empty: nothing is recommended'),
  count: z.int().min(1).max(30),
  discountedFirst: z.boolean().default(false).describe('Of each source, goods at a lower price before the others'),
  filters,
}) satisfies z.ZodType<Recommendation>;
