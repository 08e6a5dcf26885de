import { z } from 'zod';
import { channelNames, contactClasses } from '#domain/journey.ts';
import { instant, orNull, uuid } from './common.ts';

const text = z.string();
const count = z.int().min(0);
const words = text.meta({ description: 'For people, in the language asked for' });
const other = { runId: uuid, journey: text, rule: text };

export const planItem = z
  .object({
    journey: text,
    runId: uuid,
    block: orNull(text).meta({ description: 'What the run waits in' }),
    message: text,
    channel: z.enum(channelNames),
    class: z.enum(contactClasses),
    due: instant,
    until: instant.meta({ description: 'After this it is not sent any more' }),
    heldBy: orNull(z.object({ reason: text, words })).meta({
      description: 'Why it was put off the last time: a reason of docs/decisions.md',
    }),
    expectedAt: orNull(instant).meta({
      description: 'The slot that the contact policy will give it, should all go as planned; null: it will not be sent',
    }),
    reason: orNull(text).meta({ description: 'Why it is expected later than it is due, or never' }),
    words,
    blockedBy: z
      .array(z.object(other))
      .meta({ description: 'Planned messages that go before it, and under which rule' }),
    blocks: z.array(z.object(other)).meta({ description: 'Planned messages that it goes before' }),
  })
  .meta({ id: 'PlannedMessage' });

export const customerPlan = z
  .object({
    customerId: uuid,
    at: instant,
    zone: text,
    zoneFrom: z.enum(['profile', 'phone', 'region', 'shop']),
    items: z
      .array(planItem)
      .meta({ description: 'By the time at which each is expected, those that will not go last' }),
    contacts: z
      .array(
        z.object({
          at: instant,
          journey: text,
          step: text,
          runId: orNull(uuid),
          class: z.enum(contactClasses),
          channels: z.array(z.enum(channelNames)),
          sale: z.boolean(),
          rules: z.array(text).meta({ description: 'Of which it takes a place now' }),
        }),
      )
      .meta({ description: 'What was sent and takes a place of some rule now, newest first' }),
    rules: z.array(
      z.object({
        name: text,
        max: count,
        window: text,
        clock: z.enum(['rolling', 'calendar']),
        used: count,
        freeAt: orNull(instant).meta({ description: 'When a place is free; null: never' }),
      }),
    ),
    sale: orNull(z.object({ max: count, of: count, used: count })).meta({
      description: '`used`: sale messages among the last `of` − 1 contacts',
    }),
    excludesBulk: z.boolean().meta({ description: 'A live run keeps bulk away' }),
  })
  .meta({ id: 'CustomerPlan' });
