import { durationMs } from '#domain/duration.ts';
import { type Contract, messageBlocks } from '#domain/journey.ts';
import type { SeriesSettings } from '#workflows/settings-schemas.ts';
import type { Composer } from './content.ts';
import type { Mind, Situation, Step } from './mind.ts';
import { settingsReader } from './settings-reader.ts';

/** What is a series' own: its contract, its settings, and what each message speaks of. */
export interface Series<Message extends string> {
  contract: Contract & { messages: Readonly<Record<Message, unknown>> };
  settings: { parse(value: unknown): SeriesSettings };
  compose: Readonly<Record<Message, Composer>>;
}

/** A run's memory: the steps that are done (sent, skipped or dropped), and when the last of them was. */
interface Progress {
  done: number;
  at: number | null;
}

/**
 * The mind of a journey that is a fixed series of messages: the first a time after the trigger, each other one a time
 * after the step before it was accepted, skipped or dropped. Its steps are the contract's message blocks, in their order.
 */
export function seriesMind<Message extends string>({ contract, settings, compose }: Series<Message>): Mind {
  const settingsOf = settingsReader(settings, prepare);
  const blocks = messageBlocks(contract);
  const [firstBlock] = blocks;
  if (firstBlock === undefined) throw new Error(`journey ${contract.name} has no message block, so it is no series`);

  function step({ facts, now, triggerAt, progress, waitEnd }: Situation): Step {
    const { done, at } = memory(progress);
    const [block, next] = [blocks[done], settingsOf(facts).steps[done]];
    if (block === undefined || next === undefined) return { do: 'nothing', why: 'completed' };
    const due = at === null ? triggerAt + next.afterMs : waitEnd(at, next.afterMs);
    const { message, validForMs, cascade, promo } = next;
    const upcoming = { message, firstDue: due, validForMs, cascade };
    if (due > now) return { do: 'wait', block, until: due, upcoming, progress };
    return { do: 'send', block, iteration: 1, refs: [], promo, progress, ...upcoming };
  }

  return {
    contract,
    isEnabled: (facts) => settingsOf(facts).enabled,
    entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
    step,
    done: (progress, at): Progress => ({ done: memory(progress).done + 1, at }),
    first({ facts, triggerAt }) {
      const [step] = settingsOf(facts).steps;
      if (step === undefined) return { block: firstBlock, until: triggerAt, upcoming: null };
      const { afterMs, message, validForMs, cascade } = step;
      const until = triggerAt + afterMs;
      return { block: firstBlock, until, upcoming: { message, validForMs, cascade, firstDue: until } };
    },
    // What happened while it ran was about this run; what happens after it starts another, if the contract lets it.
    deservesAnother: () => false,
    compose: (trx, situation, candidate) => compose[candidate.message as Message](trx, situation, candidate),
  };
}

function memory(progress: unknown): Progress {
  return { done: 0, at: null, ...(progress as Partial<Progress> | null) };
}

/** A series without messages is switched off. */
function prepare({ enabled, entryValidFor, cascade, promo = null, series }: SeriesSettings) {
  return {
    enabled: enabled && series.length > 0,
    entryValidForMs: durationMs(entryValidFor),
    steps: series.map((step) => ({
      message: step.message,
      afterMs: durationMs(step.after),
      validForMs: durationMs(step.validFor),
      cascade: step.cascade ?? cascade,
      promo: step.promo ?? promo,
    })),
  };
}
