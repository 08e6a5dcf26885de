import { z } from 'zod';
import { channelNames, profileKinds } from '#domain/journey.ts';
import { messageStates } from '#domain/ledger.ts';
import { locales } from '#domain/shop.ts';
import { instant, orNull, uuid } from './common.ts';
import { decision } from './messages.ts';
import { planItem } from './plan.ts';

const text = z.string();
const words = text.meta({ description: 'For people, in the language asked for' });
const next = orNull(text).meta({ description: 'What to do about it' });

/** A decision with its words. */
export const worded = decision.extend({ words, next }).meta({ id: 'DecisionInWords' });

export const why = z
  .object({
    customerId: uuid,
    journey: orNull(text),
    message: orNull(text),
    at: orNull(instant),
    lang: z.enum(locales),
    answer: text.meta({ description: 'The newest of what is below, and what is to come, in a few sentences' }),
    decisions: z.array(worded).meta({ description: 'Newest first, at most 50' }),
    messages: z
      .array(
        z.object({
          messageId: uuid,
          at: instant.meta({ description: 'When it was decided' }),
          journey: text,
          step: text,
          template: text,
          channel: text,
          state: z.enum(messageStates),
          reason: orNull(text).meta({ description: 'As the provider said it, where it failed' }),
          words,
        }),
      )
      .meta({ description: 'What became of those that were sent, newest first, at most 50' }),
    notEntered: z.array(
      z.object({
        journey: text,
        key: text,
        reason: text,
        firstAt: instant,
        lastAt: instant,
        times: z.int(),
        words,
        next,
      }),
    ),
    runs: z.array(
      z.object({
        runId: uuid,
        journey: text,
        key: text,
        enteredAt: instant,
        endedAt: orNull(instant),
        outcome: orNull(text),
        words,
      }),
    ),
    plan: z.array(planItem).meta({ description: 'What its live runs plan, as in `…/plan`' }),
    reachability: z
      .array(
        z.object({
          profile: z.enum(profileKinds),
          channel: z.enum(channelNames),
          reachable: z.boolean(),
          reason: orNull(text),
          words,
          next,
        }),
      )
      .meta({ description: 'Now, by what the journey is about; by marketing where none is named' }),
  })
  .meta({ id: 'Why' });
