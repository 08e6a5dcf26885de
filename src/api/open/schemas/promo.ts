import { z } from 'zod';
import { codeAlphabet, longestCode } from '#domain/promo.ts';
import { duration } from '#workflows/settings-schemas.ts';
import { fieldError, instant, instantInput, listOf, money, orNull, uuid } from './common.ts';

const name = z.string().trim().min(1).max(60);
const word = z.string().trim().min(1).max(200);
const bound = z.int().min(0).optional();

const rule = z
  .union([
    z.strictObject({ field: z.enum(['kind', 'region', 'locale', 'segment']), is: z.array(word).min(1).max(100) }),
    z.strictObject({ field: z.enum(['orders', 'spent']), from: bound, to: bound }),
  ])
  .meta({
    id: 'PromoRule',
    description:
      '`kind`: `b2b` or `b2c`; `segment`: in one of these, by name; `orders`, `spent` (minor units): of orders that stand, from and to inclusive; all rules must hold',
  });

const size = z
  .strictObject({
    name: name.default('all'),
    when: z.array(rule).max(20).default([]).meta({ description: 'Whom it is for; nothing: everybody' }),
    percent: z.int().min(1).max(100).optional(),
    amount: money.refine(({ amount }) => amount > 0, 'must be more than nothing').optional(),
  })
  .refine(({ percent, amount }) => (percent === undefined) !== (amount === undefined), {
    path: ['percent'],
    message: 'either a percentage or an amount is needed',
  })
  .meta({ id: 'PromoSizeInput' });

const expiry = z
  .strictObject({ at: instantInput.optional(), after: duration.optional() })
  .refine(({ at, after }) => (at === undefined) !== (after === undefined), {
    path: ['after'],
    message: 'either `at` or `after` is needed',
  })
  .meta({ id: 'PromoExpiryInput', description: 'At an instant, or a time after the issue' });

const places = (pattern: string) => pattern.split('?').length - 1;

const generated = z
  .strictObject({
    pattern: z
      .string()
      .trim()
      .max(60)
      .regex(/^[\w?.-]+$/, 'may have letters, digits, `-`, `_`, `.` and `?`')
      .refine((text) => places(text) >= 6 && places(text) <= 40, 'must have 6 to 40 places (`?`)')
      .meta({ description: `\`?\` stands for one of ${codeAlphabet}`, example: 'WELCOME-??????' }),
    ahead: z.int().min(1).max(10_000).default(200).meta({ description: 'Free codes of each size that are kept' }),
    most: z
      .int()
      .min(0)
      .nullable()
      .default(null)
      .meta({ description: 'So many of each size are ever made; null: no end' }),
  })
  .meta({ id: 'PromoGeneratedInput' });

export const promoPoolInput = z
  .strictObject({
    name: name.meta({ description: 'What `promo` of a journey’s settings names' }),
    sizes: z.array(size).min(1).max(20).superRefine(eachOnce),
    expiry,
    lowStock: z
      .int()
      .min(0)
      .max(1_000_000)
      .default(20)
      .meta({ description: 'Fewer free codes of a size raise an alert' }),
    generated: orNull(generated).default(null).meta({ description: 'null: its codes are imported' }),
  })
  .meta({ id: 'PromoPoolInput' });

function eachOnce(sizes: { name: string }[], context: z.RefinementCtx): void {
  for (const [index, { name }] of sizes.entries())
    if (sizes.findIndex((one) => one.name === name) < index)
      context.addIssue({ code: 'custom', path: [index, 'name'], message: `${name} is a size of the pool already` });
}

const count = z.int().min(0);

export const promoPool = z
  .object({
    id: uuid,
    name: z.string(),
    sizes: z.array(
      z.object({
        name: z.string(),
        when: z.array(rule),
        percent: z.int().optional(),
        amount: money.optional(),
        free: count.meta({ description: 'To be issued' }),
        issued: count,
        redeemed: count,
        low: z.boolean(),
      }),
    ),
    expiry: z.object({ at: instant.optional(), after: z.string().optional() }),
    lowStock: count,
    generated: orNull(z.object({ pattern: z.string(), ahead: count, most: orNull(count) })),
    low: z.boolean().meta({ description: 'A size has fewer free codes than `lowStock`' }),
    emptySince: orNull(instant).meta({ description: 'Since when messages are not sent for want of a code' }),
    turnedAway: count.meta({ description: 'Messages that were not sent for want of a code' }),
    createdAt: instant,
  })
  .meta({ id: 'PromoPool' });

export const promoPoolList = listOf(promoPool).meta({ id: 'PromoPoolList' });

export const promoCode = z
  .object({
    code: z.string(),
    size: z.string(),
    percent: z.int().optional(),
    amount: money.optional(),
    state: z.enum(['free', 'issued', 'redeemed']),
    customerId: orNull(uuid),
    journey: orNull(z.string()),
    runId: orNull(uuid),
    step: orNull(z.string()),
    issuedAt: orNull(instant),
    expiresAt: orNull(instant),
    redeemedAt: orNull(instant),
    redeemedOrder: orNull(z.string()).meta({ description: 'The first order that carried it' }),
    redeemedBy: orNull(uuid).meta({ description: 'Whose order it was' }),
  })
  .meta({ id: 'PromoCode' });

export const promoCodeList = listOf(promoCode).meta({ id: 'PromoCodeList' });

export const promoCodeInput = z
  .strictObject({
    code: z.string().trim().min(1).max(longestCode).regex(/^\S+$/, 'must have no spaces'),
    size: name.optional().meta({ description: 'The first of the pool, if left out' }),
  })
  .meta({ id: 'PromoCodeInput' });

export const promoCodesInput = z
  .strictObject({ items: z.array(promoCodeInput).min(1).max(10_000) })
  .meta({ id: 'PromoCodesInput' });

export const promoCodeResults = z
  .object({
    items: z.array(
      z.object({
        index: z.int().meta({ description: 'Place in `items`, or among the lines with a code' }),
        code: orNull(z.string()),
        status: z.enum(['added', 'known', 'refused']).meta({ description: '`known`: the pool has it already' }),
        errors: z.array(fieldError).optional(),
      }),
    ),
  })
  .meta({ id: 'PromoCodeResults' });
