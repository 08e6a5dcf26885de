import { z } from 'zod';
import { locales } from '#domain/shop.ts';

/** `.nullable()` of a named schema comes out wrong in OpenAPI 3.1 (an `allOf` that null cannot satisfy); a union does not. */
export function orNull<S extends z.ZodType>(schema: S) {
  return z.union([schema, z.null()]);
}

export const instant = z.iso
  .datetime()
  .meta({ id: 'Instant', description: 'ISO 8601, UTC', example: '2026-11-22T09:00:00.000Z' });

/** An instant that callers give, with any offset. Years that the database and people take for dates. */
export const instantInput = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .refine((at) => at.getUTCFullYear() >= 1970 && at.getUTCFullYear() < 2200, 'must be between 1970 and 2200')
  .meta({ type: 'string', format: 'date-time', example: '2026-11-22T12:00:00+03:00' });

export const money = z
  .strictObject({
    amount: z.int().min(0).meta({ description: 'Minor units: kopecks, cents' }),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code, such as RUB'),
  })
  .meta({ id: 'Money', example: { amount: 249900, currency: 'RUB' } });

export const uuid = z.uuid();

export const fieldError = z
  .object({
    field: z.string().meta({ description: 'Dotted path in the body, or the name of a parameter' }),
    pointer: z.string().optional().meta({ description: 'JSON pointer (RFC 6901) into the body' }),
    message: z.string(),
  })
  .meta({ id: 'FieldError' });

export const problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    instance: z.string().meta({ description: 'The id of the request, as in the logs' }),
    code: z.string().meta({ description: 'See docs/errors.md' }),
    errors: z.array(fieldError).optional(),
  })
  .meta({ id: 'Problem', description: 'RFC 9457' });

/** Query of every list. */
export const paging = {
  limit: z.coerce
    .number()
    .pipe(z.int().min(1).max(200))
    .default(50)
    .meta({ type: 'integer', minimum: 1, maximum: 200, default: 50 }),
  cursor: z.string().max(2000).optional().meta({ description: '`next` of the answer before' }),
};

/** Query of every route that answers in words. */
export const languageQuery = {
  lang: z.enum(locales).optional().meta({ description: 'Of the words; else as `Accept-Language` says, else English' }),
};

export function listOf<S extends z.ZodType>(item: S) {
  return z.object({
    items: z.array(item),
    next: z.string().nullable().meta({ description: 'The cursor of the next page; null on the last' }),
  });
}
