import type { z } from 'zod';
import type { Cascade } from '#domain/cascade.ts';
import { type JourneyName, messageChannels } from './catalogue.ts';

interface Step {
  message: string;
  cascade?: Cascade | undefined;
}

/** Refuses a cascade with a channel that one of its messages has no text for: such a message would fail when it is due. */
export function textsFor(journey: JourneyName) {
  return (settings: unknown, context: z.RefinementCtx): void => {
    const { cascade } = settings as { cascade: Cascade };
    for (const { step, path } of stepsIn(settings, [])) {
      const own = step.cascade !== undefined;
      const known = messageChannels[journey][step.message] ?? [];
      for (const [index, { channel }] of (step.cascade ?? cascade).channels.entries())
        if (!known.includes(channel))
          context.addIssue({
            code: 'custom',
            path: [...(own ? [...path, 'cascade'] : ['cascade']), 'channels', index, 'channel'],
            message: `${step.message} has no text for ${channel}; it has for ${known.join(', ')}`,
          });
    }
  };
}

/** Everything in settings that names a message, and where it stands. */
function stepsIn(value: unknown, path: PropertyKey[]): { step: Step; path: PropertyKey[] }[] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, one]) =>
    stepsIn(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return 'message' in value && typeof value.message === 'string' ? [{ step: value as Step, path }, ...inside] : inside;
}
