import { z } from 'zod';
import { durationMs, isoDuration } from '#domain/duration.ts';
import { profileKinds } from '#domain/journey.ts';
import type { LtvSettings } from '#domain/ltv.ts';
import { bins, type RfmSettings } from '#domain/rfm.ts';
import { defaultRfm } from '#domain/rfm-defaults.ts';
import { locales } from '#domain/shop.ts';
import { defaultStages, type StageSettings } from '#domain/stages.ts';
import { duration } from '#workflows/settings-schemas.ts';

const title = z.record(z.enum(locales), z.string().trim().min(1).max(200));
const key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'must be lower case letters, digits and _, such as at_risk');
const ascending = (values: readonly number[]) =>
  values.every((value, index) => index === 0 || value > (values[index - 1] ?? 0));
const different = (keys: readonly string[]) => new Set(keys).size === keys.length;

function axis(parts: number) {
  const at = z
    .array(z.number().min(0).max(1e15))
    .length(parts - 1, `must be ${parts - 1} numbers`)
    .refine(ascending, 'must be ascending');
  return z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('thresholds'), at }),
    z.strictObject({ by: z.literal('quantiles') }),
    z.strictObject({ by: z.literal('ranks') }),
  ]);
}

function scales(parts: number) {
  const one = z.strictObject({ recency: axis(parts), frequency: axis(parts), money: axis(parts) });
  return z.strictObject({ personal: one, corporate: one });
}

const score = z.int().min(1).max(bins.scores);
const range = z.tuple([score, score]).refine(([from, to]) => from <= to, 'must be from the lower to the higher');

const namedSegment = z.strictObject({ key, title, recency: range, frequency: range, money: range });

const offer = z.strictObject({
  codes: z
    .array(z.string().regex(/^[1-3x]{3}$/, 'must be a code such as 311, with x for any digit'))
    .min(1)
    .max(27),
  title,
  promo: z
    .string()
    .trim()
    .min(1)
    .max(200)
    .nullable()
    .default(null)
    .meta({ description: "The shop's own word for it, such as the name of a promo pool" }),
});

const unique = <T extends z.ZodType<readonly { key: string }[]>>(list: T) =>
  list.refine((items) => different(items.map((item) => item.key)), 'has a key twice');

/** `RfmSettings` of the domain, checked. */
export const rfmSettings = z
  .strictObject({
    best: z
      .enum(['highest', 'lowest'])
      .default(defaultRfm.best)
      .meta({ description: '`highest`: 333 is the best and 111 the worst; `lowest`: the reverse' }),
    money: z
      .enum(['turnover', 'average'])
      .default(defaultRfm.money)
      .meta({ description: 'What the third digit is of: all that was spent, or the average cheque' }),
    codes: scales(bins.codes).default(defaultRfm.codes).meta({ description: 'Three scores an axis: 111 … 333' }),
    scores: scales(bins.scores)
      .default(defaultRfm.scores)
      .meta({ description: 'Five scores an axis: what named segments are made of' }),
    segments: unique(z.array(namedSegment).max(50))
      .default(defaultRfm.segments)
      .meta({ description: 'The first whose ranges hold all three scores; 5 is the best' }),
    offers: z
      .array(offer)
      .max(27)
      .default([])
      .meta({ description: 'What customers of a code, as it is shown, are offered: the first that fits' }),
    learnEvery: duration
      .default(defaultRfm.learnEvery)
      .meta({ description: 'Quantiles and ranks are learnt anew so often, and hold in between' }),
  })
  .meta({ id: 'RfmSettings' }) satisfies z.ZodType<RfmSettings>;

const intervals = z
  .strictObject({ atRisk: duration, churning: duration, lost: duration, gone: duration })
  .refine(
    (given) =>
      Object.values(given).some((text) => !isoDuration.test(text)) ||
      ascending([given.atRisk, given.churning, given.lost, given.gone].map(durationMs)),
    'must be ascending: atRisk, churning, lost, gone',
  )
  .meta({ description: 'How long after the last order each stage begins' });

const dayOfYear = z
  .string()
  .regex(/^(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/, 'must be a day of the year, such as 06-01');
const most = z.int().min(1).max(1000);

const stageRules = z
  .strictObject({
    potentialFrom: most.meta({ description: 'Orders' }),
    loyalFrom: most.meta({ description: 'Orders' }),
    intervals,
    seasons: z
      .array(z.strictObject({ name: z.string().trim().min(1).max(100), from: dayOfYear, to: dayOfYear, intervals }))
      .max(12)
      .default([])
      .meta({ description: 'Intervals of a part of the year, the last day included; the first that holds a day' }),
  })
  .refine(({ potentialFrom, loyalFrom }) => potentialFrom < loyalFrom, {
    path: ['loyalFrom'],
    message: 'must be more than `potentialFrom`',
  });

/** `StageSettings` of the domain, checked. */
export const stageSettings = z
  .strictObject({
    personal: stageRules.default(defaultStages.personal),
    corporate: stageRules.default(defaultStages.corporate),
  })
  .meta({ id: 'StageSettings' }) satisfies z.ZodType<StageSettings>;

const band = z.strictObject({
  key,
  title,
  from: z.union([
    z.strictObject({ amount: z.int().min(0).meta({ description: 'Minor units' }) }),
    z.strictObject({ share: z.number().min(0).max(1).meta({ description: 'Of customers who bring less' }) }),
  ]),
});

/** `LtvSettings` of the domain, checked. */
export const ltvSettings = z
  .strictObject({
    of: z.enum(['turnover', 'profit']).default('turnover'),
    bands: unique(z.array(band).min(1).max(20)).refine((bands) => {
      const starts = bands.map(({ from }) => ('amount' in from ? from.amount : from.share));
      const alike = new Set(bands.map(({ from }) => Object.keys(from)[0])).size === 1;
      return alike && ascending(starts);
    }, 'must be ascending, all by amount or all by share'),
  })
  .meta({ id: 'LtvSettings' }) satisfies z.ZodType<LtvSettings>;

export const profileQuery = z
  .enum(profileKinds)
  .default('personal')
  .meta({ description: 'Of people (b2c) or of companies (b2b)' });
