import { z } from 'zod';
import { channelNames, contactClasses } from '#domain/journey.ts';
import { instant } from './common.ts';

const text = z.string();
const count = z.int().min(0);
const group = {
  journey: text,
  class: z.enum(contactClasses),
  channel: z.enum(channelNames),
  kind: z.enum(['b2c', 'b2b']).meta({ description: 'Of the customer' }),
};

const starved = z
  .object({
    journey: text,
    decisions: count.meta({ description: 'All of the journey in this time' }),
    held: count.meta({ description: 'Those by which the contact policy put a message off or dropped it' }),
    share: z.number().meta({ description: '`held` ÷ `decisions`' }),
    rules: z
      .array(z.object({ rule: text, deferred: count, dropped: count }))
      .meta({ description: 'The one that held the most first' }),
    takenBy: z
      .array(
        z.object({
          rule: text,
          journey: text,
          planned: count.meta({ description: 'Decisions in which the place was held for what this journey planned' }),
          sent: count.meta({ description: 'Its messages that had the places of the others' }),
        }),
      )
      .meta({ description: 'Which journeys had the places, the most first; of the newest 10,000 such decisions' }),
    words: text,
  })
  .meta({ id: 'StarvedJourney' });

export const shopForecast = z
  .object({
    at: instant,
    weeks: z.array(z.object({ from: instant, to: instant, messages: count })),
    lookedAt: z
      .object({ runs: count, customers: count })
      .meta({ description: 'Live runs with a planned message: all there are' }),
    items: z
      .array(z.object({ week: instant.meta({ description: 'Its start' }), ...group, messages: count }))
      .meta({ description: 'Expected messages by week' }),
    later: count.meta({ description: 'Messages expected after the last week' }),
    never: z
      .array(z.object({ ...group, reason: text, words: text, messages: count }))
      .meta({ description: 'Planned messages that will not be sent, and why' }),
    warnings: z.object({
      from: instant,
      to: instant,
      share: z.number(),
      items: z
        .array(starved)
        .meta({ description: 'Journeys that rules starve: the largest share of held decisions first' }),
    }),
  })
  .meta({ id: 'Forecast' });
