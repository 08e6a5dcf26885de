import type { Facts } from '#db/facts.ts';
import { type StageStanding, stageStanding } from '#db/starts.ts';
import { durationMs } from '#domain/duration.ts';
import type { Contract, ProfileKind } from '#domain/journey.ts';
import { profileOfKey } from '#domain/occasions.ts';
import { stages } from '#domain/stages.ts';
import type { StageBranch, StageSettings } from '#workflows/settings-schemas.ts';
import type { Composer } from './content.ts';
import type { Mind, Situation, Step } from './mind.ts';
import { settingsReader } from './settings-reader.ts';

/** What is such a journey's own: its contract, its settings, and what each message speaks of. */
export interface StageSeries<Message extends string> {
  contract: Contract & { messages: Readonly<Record<Message, unknown>>; startsOnStage: object };
  settings: { parse(value: unknown): StageSettings };
  compose: Readonly<Record<Message, Composer>>;
}

/** Facts with the profile and its stage. */
type StageFacts = Facts & { about: StageStanding & { profile: ProfileKind } };
const about = (facts: Facts) => (facts as StageFacts).about;

/** A run's memory: the steps that are done (sent, skipped or dropped), and when the last of them was. */
interface Progress {
  done: number;
  at: number | null;
}

/**
 * The mind of a journey that a lifecycle stage starts (P3): a series of messages, for people and companies each their own, told as long as
 * the profile is in that stage or has slipped further. A block is a message, and called like it.
 */
export function stageMind<Message extends string>({ contract, settings, compose }: StageSeries<Message>): Mind {
  const settingsOf = settingsReader(settings, prepare);
  const branchOf = (facts: Facts) => settingsOf(facts).branches[about(facts).profile];

  function step(situation: Situation): Step {
    const { facts, now, progress } = situation;
    const { stage, isFollowed } = about(facts);
    if (isFollowed || !hasSlipped(contract, stage)) return { do: 'nothing', why: 'nothing_left' };
    const next = nextOf(situation);
    if (next === null) return { do: 'nothing', why: 'completed' };
    const { block, due, promo, upcoming } = next;
    if (due > now) return { do: 'wait', block, until: due, upcoming, progress };
    return { do: 'send', block, iteration: 1, refs: [], promo, progress, ...upcoming };
  }

  function nextOf({ facts, triggerAt, progress, waitEnd }: Situation) {
    const { done, at } = memory(progress);
    const next = branchOf(facts).steps[done];
    if (next === undefined) return null;
    const { message, afterMs, validForMs, cascade, promo } = next;
    const due = at === null ? triggerAt + afterMs : waitEnd(at, afterMs);
    return { block: message, due, promo, upcoming: { message, firstDue: due, validForMs, cascade } };
  }

  return {
    contract,
    async load(trx, facts, key) {
      const profile = profileOfKey(key) ?? 'personal';
      const run = { customerId: facts.customer.id, journey: contract.name, key, profile };
      return { ...facts, about: { ...(await stageStanding(trx, run)), profile } } as StageFacts;
    },
    isEnabled: (facts) => settingsOf(facts).enabled && branchOf(facts).enabled,
    entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
    refuses(facts) {
      const { stage, isFollowed } = about(facts);
      if (isFollowed) return 'once';
      return hasSlipped(contract, stage) ? null : 'stage_left';
    },
    step,
    done: (progress, at): Progress => ({ done: memory(progress).done + 1, at }),
    first(situation) {
      const next = nextOf(situation);
      const [end = 'end'] = Object.keys(contract.blocks).toReversed();
      return next === null
        ? { block: end, until: situation.now, upcoming: null }
        : { block: next.block, until: next.due, upcoming: next.upcoming };
    },
    // What happened while it ran was about this run; the next stage or quarter starts another.
    deservesAnother: () => false,
    compose: (trx, situation, candidate) => compose[candidate.message as Message](trx, situation, candidate),
  };
}

/** Whether the profile is in a stage that starts the journey, or beyond; of whom nobody knows it yet, it is believed. */
function hasSlipped({ startsOnStage }: Contract, stage: StageStanding['stage']): boolean {
  if (stage === 'unknown') return true;
  const [first = 'gone'] = startsOnStage?.stages ?? [];
  return stage !== null && stages.indexOf(stage) >= stages.indexOf(first);
}

function memory(progress: unknown): Progress {
  return { done: 0, at: null, ...(progress as Partial<Progress> | null) };
}

function prepare({ enabled, entryValidFor, cascade, promo, branches }: StageSettings) {
  const branch = (own: StageBranch) => ({
    enabled: own.enabled && own.series.length > 0,
    steps: own.series.map((step) => ({
      message: step.message,
      afterMs: durationMs(step.after),
      validForMs: durationMs(step.validFor),
      cascade: step.cascade ?? cascade,
      promo: step.promo ?? own.promo ?? promo,
    })),
  });
  const { b2c, b2b } = branches;
  const byProfile = { personal: branch(b2c), corporate: branch(b2b) };
  return { enabled, entryValidForMs: durationMs(entryValidFor), branches: byProfile };
}
