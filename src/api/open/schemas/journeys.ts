import { z } from 'zod';
import { contactClasses } from '#domain/journey.ts';
import { stages } from '#domain/stages.ts';
import { instant, instantInput, languageQuery, listOf, orNull, uuid } from './common.ts';

const text = z.string();
const count = z.int().min(0);
const words = text.meta({ description: 'The reason, for people' });

const block = {
  block: text,
  title: text,
  kind: z.enum(['wait', 'message', 'end']),
};

export const journey = z
  .object({
    name: text,
    title: text,
    class: z.enum(contactClasses),
    startsOn: z.array(text).meta({ description: 'Event names' }),
    startsOnStages: z.array(z.enum(stages)).meta({ description: 'Lifecycle stages whose entry starts it' }),
    goalOn: z.array(text).meta({ description: 'Event names' }),
    blocks: z.array(z.object({ ...block, next: z.array(text).meta({ description: 'Blocks that may follow' }) })),
    messages: z.array(text),
    settingsVersion: z.int().min(0).meta({ description: '0: the defaults hold' }),
    enabled: z.boolean(),
    liveRuns: count,
  })
  .meta({ id: 'Journey' });

export const journeyList = listOf(journey).meta({ id: 'JourneyList' });

const times = {
  from: instantInput.optional().meta({ description: 'From this instant on' }),
  to: instantInput.optional().meta({ description: 'Before this instant' }),
};
const inOrder = ({ from, to }: { from?: Date | undefined; to?: Date | undefined }) => !from || !to || from < to;
const wrongOrder = { path: ['to'], message: 'must be after `from`' };

export const statsQuery = z.strictObject(times).refine(inOrder, wrongOrder);

/** Of routes that say reasons in words. */
export const wordedStatsQuery = z.strictObject({ ...times, ...languageQuery }).refine(inOrder, wrongOrder);

const window = { from: orNull(instant), to: orNull(instant) };

export const journeyStats = z
  .object({
    journey: text,
    ...window,
    entries: count.meta({ description: 'Runs that entered in this time; all below is about them' }),
    live: count,
    outcomes: z.array(z.object({ outcome: text, count })),
    blocks: z.array(
      z.object({
        ...block,
        entered: count.meta({ description: '= waiting + passed + dropped' }),
        waiting: count,
        passed: count,
        dropped: count,
        reasons: z.array(z.object({ result: z.enum(['passed', 'dropped']), reason: text, words, count })),
      }),
    ),
    notEntered: z
      .array(z.object({ reason: text, words, customers: count, times: count }))
      .meta({ description: 'Who met a trigger in this time and did not enter' }),
  })
  .meta({ id: 'JourneyStats' });

export const journeyHoles = z
  .object({
    journey: text,
    ...window,
    items: z.array(
      z.object({
        reason: text,
        words,
        customers: count,
        times: count,
        lastAt: instant,
        examples: z.array(uuid).meta({ description: 'Ids of the ten customers it happened to last' }),
      }),
    ),
  })
  .meta({ id: 'JourneyHoles' });
