import { z } from 'zod';
import { durationMs, isoDuration } from '#domain/duration.ts';
import { weekdays } from '#domain/early-access.ts';
import { channelNames, contactClasses } from '#domain/journey.ts';
import { longestWindowDays, type PolicySettings } from '#domain/policy.ts';
import { defaultShop, locales, type ShopSettings } from '#domain/shop.ts';
import { isZone } from '#domain/zone.ts';
import { textSets } from '#rendering/sources.ts';
import { duration } from '#workflows/settings-schemas.ts';
import { instant } from './common.ts';

const webAddress = z.url({ protocol: /^https?$/, error: 'must be an http or https address' }).max(2000);
const wallTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a local time, such as 21:00');
const utm = z.string().max(200);
const zone = z.string().max(100).refine(isZone, 'must be an IANA time zone, such as Europe/Moscow');

/** `ShopSettings` of the domain, checked. */
export const shopSettings = z
  .strictObject({
    name: z.string().trim().min(1).max(200),
    url: webAddress,
    cartUrl: webAddress,
    categoryUrl: webAddress.refine((url) => url.includes('{category}'), 'must have {category} where its name goes'),
    logoUrl: z.union([webAddress, z.null()]),
    imprint: z.string().trim().min(1).max(500).meta({ description: 'Who writes: company and postal address' }),
    from: z.strictObject({ name: z.string().trim().min(1).max(200), email: z.email().max(254) }),
    locale: z.enum(locales),
    zone,
    regionZones: z.record(z.string().max(200), zone).default({}).meta({
      description: 'Zones of regions, for customers whose own zone and phone tell nothing; Russian ones are known',
    }),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be an ISO 4217 code, such as RUB'),
    quietHours: z
      .strictObject({ from: wallTime, to: wallTime })
      .meta({ description: "In the customer's zone; equal times switch them off" }),
    consent: z
      .partialRecord(z.enum(channelNames), z.enum(['implied', 'explicit']))
      .default({})
      .meta({
        description:
          'Whether advertising needs a recorded consent, by channel; phones need one and the others not where it is left out',
      }),
    personalDataConsent: z.enum(['not_needed', 'required']).default('not_needed').meta({
      description: 'Whether advertising needs a recorded consent to keep personal data as well (152-FZ)',
    }),
    doubleOptIn: z.array(z.literal('email')).max(1).default([]).meta({
      description: 'Channels on which a subscription counts once it was confirmed by a link in a letter',
    }),
    utm: z
      .union([z.strictObject({ source: utm, medium: utm, campaign: utm, content: utm }), z.null()])
      .default(defaultShop.utm)
      .meta({
        description:
          'Added to links: `{channel}`, `{journey}`, `{message}` are filled in, what is empty is left out; null: nothing',
      }),
    channels: z.array(z.enum(channelNames)).min(1).default(['email']).meta({ description: 'Those with a provider' }),
    prices: z.partialRecord(z.enum(channelNames), z.number().min(0)).default({}).meta({
      description: 'What one message costs, in minor units of the currency; fractions are fine',
    }),
    texts: z
      .string()
      .max(100)
      .refine((name) => textSets.includes(name), `must be one of ${textSets.join(', ')}, or null`)
      .nullable()
      .default(null)
      .meta({ description: 'A preset in whose words messages speak, where it has its own; null: the usual ones' }),
    earlyAccess: z
      .strictObject({
        weekday: z.enum(weekdays),
        until: z.strictObject({ weekday: z.enum(weekdays), time: wallTime }),
      })
      .nullable()
      .default(null)
      .meta({
        description:
          "What is published on `weekday` is recommended to the registered only until then, by the shop's clock; null: to all",
      }),
  })
  .meta({ id: 'ShopSettings' }) satisfies z.ZodType<ShopSettings>;

function isWindow(text: string): boolean {
  if (!isoDuration.test(text)) return true; // said already
  return durationMs(text) > 0 && durationMs(text) <= longestWindowDays * durationMs('P1D');
}

/** `PolicySettings` of the domain, checked. */
export const policySettings = z
  .strictObject({
    rules: z
      .array(
        z
          .strictObject({
            name: z.string().trim().min(1).max(100),
            channels: z.array(z.enum(channelNames)).meta({ description: 'Empty: all' }),
            classes: z.array(z.enum(contactClasses)).meta({ description: 'Empty: all' }),
            max: z.int().min(0).max(1000),
            window: duration.refine(isWindow, `must be longer than nothing and at most P${longestWindowDays}D`),
            clock: z.enum(['rolling', 'calendar']),
            unit: z.enum(['message', 'run']),
          })
          .refine((rule) => rule.clock === 'rolling' || /^P\d+D$/.test(rule.window), {
            path: ['window'],
            message: 'must be whole days, such as P1D, where the clock is calendar',
          }),
      )
      .max(20),
    sale: z
      .strictObject({ max: z.int().min(1).max(20), of: z.int().min(2).max(20) })
      .refine(({ max, of }) => max < of, { path: ['max'], message: 'must be less than `of`' })
      .nullable()
      .default(null)
      .meta({ description: 'At most `max` sale messages among any `of` consecutive contacts' }),
    bulkAlone: duration
      .refine(isWindow, `must be longer than nothing and at most P${longestWindowDays}D`)
      .nullable()
      .default(null)
      .meta({ description: 'Bulk goes only to those with no automated contact sent or planned within this time' }),
  })
  .meta({ id: 'PolicySettings' }) satisfies z.ZodType<PolicySettings>;

/** A version of settings whose value is of schema `value`. */
export function settingsAnswer<S extends z.ZodType>(value: S) {
  return z.object({
    name: z.string(),
    version: z.int().min(0).meta({ description: '0: nothing was set, the defaults hold' }),
    author: z.string().nullable(),
    createdAt: z.union([instant, z.null()]),
    value,
  });
}

/** `If-Match: "3"`: saves only if version 3 is still the newest. */
export const ifMatch = z.object({
  'if-match': z
    .string()
    .optional()
    .meta({ description: 'The version you saw, such as "3"; another newest one is answered with 412' }),
});
