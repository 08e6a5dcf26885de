import type { Mind, Situation, Step, Upcoming, Wait } from '#activities/mind.ts';
import { type Facts, spokenBy } from '#db/facts.ts';
import {
  branches,
  cartAlone,
  choose,
  type Intent,
  inBranch,
  type Progress,
  type Spoken,
  startOfRun,
  stepDone,
} from '#domain/intent.ts';
import { contract, type MessageName } from '#workflows/abandonment/contract.ts';
import { compose } from './content.ts';
import { settingsOf } from './settings.ts';

/** Abandonment (J3–J7): the strongest intent that is still true. */
export const mind: Mind = {
  contract,
  isEnabled: (facts) => settingsOf(facts).raw.enabled,
  entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
  step: (situation) => step(situation, memory(situation.progress)),
  done: (progress, at) => stepDone(memory(progress), at),
  first,
  deservesAnother,
  compose,
};

/** A run's row begins with an empty memory. */
function memory(progress: unknown): Progress {
  return { ...startOfRun, ...(progress as Partial<Progress> | null) };
}

function choice({ facts, now, waitEnd }: Situation, progress: Progress, skip: string | null) {
  const settings = settingsOf(facts);
  const spoken = spokenBy(facts, skip);
  return choose<MessageName>({
    trail: facts.trail,
    progress,
    spoken,
    settings: isForCartAlone(facts, spoken, now) ? cartAlone(settings) : settings,
    since: since(facts, now),
    now,
    waitEnd,
  });
}

/** A company is spoken to as a person now and then, and only after it has ordered as one; of the cart it left as one, always (J8). */
function isForCartAlone(facts: Facts, { cart: _, ...spoken }: Spoken, now: number): boolean {
  const { companyEveryMs } = settingsOf(facts);
  if (facts.customer.kind !== 'b2b' || facts.profile !== 'personal' || companyEveryMs === null) return false;
  const last = Math.max(0, ...Object.values(spoken).map(({ at }) => at));
  return facts.lastOrderAt === null || now - last < companyEveryMs;
}

/** What led to the run counts from `entryValidFor` before its trigger; a purchase ends all that was before it. */
function since(facts: Facts, now: number): number {
  const trigger = facts.run?.triggerAt ?? now;
  return Math.max(trigger - settingsOf(facts).entryValidForMs, facts.lastOrderAt ?? 0);
}

function step(situation: Situation, progress: Progress): Step {
  const { facts } = situation;
  const found = choice(situation, progress, facts.run?.id ?? null);
  if (found.do === 'nothing') return found;
  if (found.do === 'wait') return waitFor(found, facts, progress);
  const { block, upcoming, intent } = found;
  const here = { ...inBranch(progress, intent.branch), due: { block, at: upcoming.firstDue } };
  const { promo } = settingsOf(facts).raw;
  return { do: 'send', block, iteration: 1, refs: intent.refs, promo, progress: here, ...upcoming };
}

/** Before the first message a run waits in `idle`, whatever it will speak of then. */
function waitFor(found: Wait & { intent: Intent; upcoming: Upcoming }, facts: Facts, progress: Progress): Step {
  const { intent, block, until, upcoming } = found;
  const isIdle = progress.branch === null && facts.run?.block === 'idle';
  if (isIdle) return { do: 'wait', block: 'idle', until, upcoming, progress };
  return {
    do: 'wait',
    block,
    until,
    upcoming,
    progress: { ...inBranch(progress, intent.branch), due: { block, at: until } },
  };
}

/** A run that has nothing to say yet still waits: profile and catalogue data may arrive after the event. One that takes
 *  the place of a joined customer's goes on after the steps that were sent. */
function first(situation: Situation): Wait {
  const { facts, now } = situation;
  const progress = memory(situation.progress);
  const found = choice(situation, progress, null);
  if (found.do !== 'nothing') {
    const { upcoming } = found;
    const isIdle = progress.branch === null || found.do === 'send';
    return { block: isIdle ? 'idle' : found.block, until: found.do === 'wait' ? found.until : now, upcoming };
  }
  const settings = settingsOf(facts);
  const idle = Math.min(...branches.map((branch) => settings.branches[branch].idleMs));
  const lastSeen = Math.max(facts.trail.lastActivityAt ?? now, facts.trail.lastVisitAt ?? now);
  return { block: 'idle', until: lastSeen + idle, upcoming: null };
}

function deservesAnother(situation: Situation): boolean {
  return choice(situation, startOfRun, null).do !== 'nothing';
}
