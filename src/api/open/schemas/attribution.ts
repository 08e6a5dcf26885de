import { z } from 'zod';
import {
  type AttributionSettings,
  attributionModels,
  defaultAttribution,
  longestLookBack,
} from '#domain/attribution.ts';
import { attributionDimensions } from '#domain/attribution-report.ts';
import { durationMs, isoDuration } from '#domain/duration.ts';
import { channelNames, profileKinds } from '#domain/journey.ts';
import { duration } from '#workflows/settings-schemas.ts';
import { instant, instantInput, money, orNull } from './common.ts';

const text = z.string();
const count = z.int().min(0);

function isLookBack(given: string): boolean {
  if (!isoDuration.test(given)) return true; // said already
  return durationMs(given) > 0 && durationMs(given) <= durationMs(longestLookBack);
}

const window = duration.refine(isLookBack, `must be longer than nothing and at most ${longestLookBack}`);

const lookBack = z.strictObject({
  window,
  channels: z
    .partialRecord(z.enum(channelNames), window)
    .default({})
    .meta({ description: 'Of clicks on messages of a channel, where it is another' }),
});

/** A host as people write it, without what stands before and behind it in an address. */
const host = z
  .string()
  .max(253)
  .regex(/^(?:[\p{L}\d](?:[\p{L}\d-]*[\p{L}\d])?\.)+[\p{L}\d-]{2,}$/u, 'must be a host, such as pay.example.com');

/** `AttributionSettings` of the domain, checked. */
export const attributionSettings = z
  .strictObject({
    lookBack: z
      .strictObject({
        last_click: lookBack.default(defaultAttribution.lookBack.last_click),
        last_non_direct: lookBack.default(defaultAttribution.lookBack.last_non_direct),
        first_interaction: lookBack.default(defaultAttribution.lookBack.first_interaction),
      })
      .default(defaultAttribution.lookBack)
      .meta({ description: 'How long before an order a touch counts, by model' }),
    ignoredReferrers: z
      .array(host)
      .max(100)
      .default([])
      .meta({ description: 'Sites from which customers come back in the midst of a purchase, such as where they pay' }),
  })
  .meta({ id: 'AttributionSettings' }) satisfies z.ZodType<AttributionSettings>;

export const attributionQuery = z
  .strictObject({
    from: instantInput
      .optional()
      .meta({ description: 'Of orders, by when they were placed; 30 days ago, if left out' }),
    to: instantInput.optional().meta({ description: 'Before this instant; now, if left out' }),
    model: z.enum(attributionModels).default('last_click').meta({
      description:
        '`last_click`: the last click on a message; `last_non_direct` and `first_interaction`: the last and the first of clicks and of visits from elsewhere',
    }),
    by: z.enum(attributionDimensions).default('journey'),
    profile: z.enum(profileKinds).optional().meta({ description: 'Orders of one kind alone' }),
  })
  .refine(({ from, to }) => !from || !to || from < to, { path: ['to'], message: 'must be after `from`' });

const revenue = z.array(money).meta({ description: 'One a currency; empty: no order' });

const figures = {
  orders: count.meta({ description: 'Those that stand: neither cancelled nor refunded' }),
  revenue,
  cancelled: z
    .object({ orders: count, revenue })
    .meta({ description: 'Cancelled or refunded by now, and so counted in neither of the two beside this' }),
};

const sent = count.meta({
  description: 'Messages of the same time that a provider took, whether it tells of delivery or not',
});
const conversion = z.number().min(0).nullable().meta({ description: 'Orders per message sent; null: none was sent' });

export const attributionReport = z
  .object({
    from: instant,
    to: instant,
    model: z.enum(attributionModels),
    by: z.enum(attributionDimensions),
    profile: orNull(z.enum(profileKinds)),
    window: text.meta({ description: 'How long before an order a touch counts, ISO 8601', example: 'P5D' }),
    total: z.object(figures).meta({ description: 'All orders: the three that follow together' }),
    messages: z.object({ ...figures, sent, conversion }).meta({ description: 'Credited to messages' }),
    visits: z.object(figures).meta({ description: 'Credited to visits from elsewhere; of last_click none' }),
    untouched: z.object(figures).meta({ description: 'With no touch in the window' }),
    shares: z
      .array(z.object({ currency: text, share: z.number().min(0).max(1) }))
      .meta({ description: 'Of all revenue, what is credited to messages' }),
    items: z
      .array(
        z.object({
          journey: orNull(text).meta({ description: 'Whose message or block it is' }),
          key: orNull(text).meta({
            description: 'Name of message, block, journey, channel; id of campaign, segment; null: of none',
          }),
          name: orNull(text).meta({ description: 'Of a segment' }),
          sent,
          conversion,
          ...figures,
        }),
      )
      .meta({ description: 'Most orders first. Their sums less `overlap` are `messages`' }),
    overlap: z.object(figures).meta({
      description: 'Orders counted once more because a customer is in several segments; of other dimensions nothing',
    }),
  })
  .meta({ id: 'AttributionReport' });
