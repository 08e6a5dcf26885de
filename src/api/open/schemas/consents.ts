import { z } from 'zod';
import { purposes } from '#domain/consent.ts';
import { channelNames } from '#domain/journey.ts';
import { topics } from '#domain/topics.ts';
import { instant, instantInput, listOf, orNull, uuid } from './common.ts';

const text = z.string();

/** One word, as it was said. */
export const consentWord = z.object({
  purpose: text,
  channel: text.meta({ description: 'A channel, or `*` for all' }),
  topic: text.meta({ description: 'A topic, or `*` for all' }),
  state: z.enum(['granted', 'denied']),
  textVersion: orNull(text).meta({ description: 'Of the text that was agreed to' }),
  source: text.meta({ description: 'Where it was said: an event, `page`, `one-click`, `confirmation` …' }),
  ip: orNull(text),
  at: instant,
});

export const consentList = listOf(consentWord.extend({ id: uuid })).meta({ id: 'ConsentWords' });

const word = z
  .strictObject({
    purpose: z.enum(purposes).default('advertising').meta({
      description: '`advertising` (38-FZ), `personal_data` (152-FZ): two consents, each told on its own',
    }),
    channel: z.enum([...channelNames, '*']).default('*'),
    topic: z.enum([...topics, '*']).default('*'),
    state: z.enum(['granted', 'denied']),
    textVersion: z.string().trim().min(1).max(200).optional(),
    at: instantInput.optional().meta({ description: 'When it was said; now, if left out, and never later' }),
  })
  .meta({ id: 'ConsentWordInput' });

export const consentInput = z
  .strictObject({
    source: z.string().trim().min(1).max(100).meta({ description: 'Where it was said, such as `checkout`' }),
    ip: z.union([z.ipv4(), z.ipv6()]).optional().meta({ description: "The customer's" }),
    confirmed: z.boolean().default(false).meta({
      description: 'They have confirmed the address to the shop: no letter asks them again',
    }),
    words: z.array(word).min(1).max(100),
  })
  .meta({ id: 'ConsentInput' });

export const consentAnswer = z
  .object({
    states: z
      .array(z.object({ purpose: text, channel: text, topic: text, state: text, at: instant }))
      .meta({ description: 'What holds now' }),
    pending: z.array(z.enum(channelNames)).meta({ description: 'Channels that wait for the customer to confirm' }),
  })
  .meta({ id: 'ConsentAnswer' });
