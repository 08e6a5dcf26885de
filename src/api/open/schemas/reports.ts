import { z } from 'zod';
import { profileKinds } from '#domain/journey.ts';
import { stages } from '#domain/stages.ts';
import { instant, instantInput, languageQuery, money, orNull } from './common.ts';
import { profileQuery } from './metrics-settings.ts';

const text = z.string();
const count = z.int().min(0);
/** Costs may be more than what was paid. */
const profit = orNull(z.object({ amount: z.int(), currency: text })).meta({
  description: 'Of the orders whose cost is known',
});

const part = { customers: count, orders: count, turnover: money, profit };
const at = orNull(instant).meta({ description: 'When metrics were last brought up to date; null: not yet' });
const digits = z.int().min(111).max(555);
const thresholds = z
  .object({ recency: z.array(z.number()), frequency: z.array(z.number()), money: z.array(z.number()) })
  .meta({ description: 'Days, orders, minor units: each that is reached counts one more' });

export const profileReportQuery = z.strictObject({ profile: profileQuery, ...languageQuery });

const offer = orNull(z.object({ title: text, promo: text.nullable() }));

export const rfmReport = z
  .object({
    at,
    profile: z.enum(profileKinds),
    best: z.enum(['highest', 'lowest']).meta({ description: '`highest`: 333 is the best' }),
    codes: z.array(z.object({ code: digits, name: text, ...part, offer })),
    segments: z.array(z.object({ segment: text, title: text, ...part })),
    thresholds: z.object({ codes: thresholds, scores: thresholds }),
  })
  .meta({ id: 'RfmReport' });

const stage = z.enum(stages);

export const stagesQuery = z.strictObject({
  profile: profileQuery,
  from: instantInput.optional().meta({ description: 'Of transitions; 30 days ago, if left out' }),
  to: instantInput.optional(),
  ...languageQuery,
});

export const stagesReport = z
  .object({
    at,
    profile: z.enum(profileKinds),
    stages: z.array(z.object({ stage, title: text, ...part })),
    transitions: z.object({
      from: instant,
      to: instant,
      items: z
        .array(z.object({ from: stage.nullable(), to: stage.nullable(), count }))
        .meta({ description: 'The most frequent first; from null: the first order; to null: no order is left' }),
    }),
  })
  .meta({ id: 'StagesReport' });

export const ltvReport = z
  .object({
    at,
    profile: z.enum(profileKinds),
    of: z.enum(['turnover', 'profit']),
    bands: z.array(z.object({ band: text, title: text, from: money, ...part, perCustomer: orNull(money) })),
  })
  .meta({ id: 'LtvReport' });

export const cohortsQuery = z.strictObject({
  rows: z
    .enum(['sign_up', 'first_order', 'days_to_first_order'])
    .default('first_order')
    .meta({ description: 'The month of sign-up, that of the first order, or how many days lay between them' }),
  value: z
    .enum(['customers', 'orders', 'revenue', 'activity'])
    .default('customers')
    .meta({ description: '`customers`: who ordered in a month; `activity`: who did anything; `revenue`: minor units' }),
  group: z
    .enum(['all', 'sale', 'discount_hunters', 'fanatics'])
    .default('all')
    .meta({ description: '`sale`: whose first order was at a reduced price' }),
  profile: z.enum(profileKinds).optional().meta({ description: 'Orders of one kind alone' }),
  from: instantInput.optional().meta({ description: 'Of the sign-up or first order; two years ago, if left out' }),
  to: instantInput.optional(),
  share: z.coerce
    .number()
    .pipe(z.number().min(0).max(1))
    .default(0.5)
    .meta({ type: 'number', description: 'Of reduced orders, from which on somebody hunts discounts' }),
  orders: z.coerce
    .number()
    .pipe(z.int().min(1).max(10_000))
    .default(5)
    .meta({ type: 'integer', description: 'From which on somebody is a fanatic' }),
});

export const cohortsReport = z
  .object({
    at,
    from: instant,
    to: instant,
    value: z.enum(['customers', 'orders', 'revenue', 'activity']),
    currency: text,
    cohorts: z.array(
      z.object({
        cohort: text.meta({
          description: 'A month of the shop’s clock, `2026-05`, or days to the first order, `8–30`',
        }),
        customers: count,
        values: z
          .array(z.object({ months: count, value: z.int() }))
          .meta({ description: 'By months since its own; what is left out is 0' }),
      }),
    ),
  })
  .meta({ id: 'CohortsReport' });

export const customerMetrics = z
  .object({
    at,
    profiles: z.array(
      z.object({
        profile: z.enum(profileKinds),
        orders: count,
        turnover: money,
        averageCheque: money,
        profit,
        discountedOrders: count,
        firstOrderAt: instant,
        lastOrderAt: instant,
        intervalDays: z.number().nullable().meta({ description: 'Between two orders, on average' }),
        lastGoods: z.array(text).meta({ description: 'Of the last order, what was paid most for first' }),
        lastCategories: z.array(text),
        rfm: z.object({
          code: digits,
          name: text,
          best: z.enum(['highest', 'lowest']),
          score: digits,
          segment: text,
          title: text,
          offer,
        }),
        stage: z.object({ stage, title: text, since: instant }),
      }),
    ),
    transitions: z.array(
      z.object({ profile: z.enum(profileKinds), from: stage.nullable(), to: stage.nullable(), at: instant }),
    ),
  })
  .meta({ id: 'CustomerMetrics' });
