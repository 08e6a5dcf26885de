import type { Mind, Situation, Step, Upcoming } from '#activities/mind.ts';
import type { Facts } from '#db/facts.ts';
import { durationMs } from '#domain/duration.ts';
import type { NotEnteredReason } from '#domain/reasons.ts';
import { contract } from '#workflows/lifecycle/contract.ts';
import { compose } from './content.ts';
import { loadPurchase, purchaseOf } from './facts.ts';
import { settingsOf, type YearStep } from './settings.ts';

/** Lifecycle after purchase (J11): each message at its time since the order, whatever became of those before it. */
export const mind: Mind = {
  contract,
  load: loadPurchase,
  isEnabled: (facts) => settingsOf(facts).raw.enabled && settingsOf(facts).steps.length > 0,
  entryValidForMs: (facts) => settingsOf(facts).entryValidForMs,
  refuses,
  step,
  done(progress): Progress {
    const { done, due } = memory(progress);
    return { done: due === null ? done : [...done, due], due: null };
  },
  first(situation) {
    const next = nextOf(situation);
    if (next === null) return restOfYear(situation);
    return { block: next.message, until: next.due, upcoming: upcomingOf(next) };
  },
  // Another order has a run of its own.
  deservesAnother: () => false,
  compose,
};

/** A run's memory: messages that are done (sent, skipped or dropped), and the one that is on its way. */
interface Progress {
  done: string[];
  due: string | null;
}

function memory(progress: unknown): Progress {
  return { done: [], due: null, ...(progress as Partial<Progress> | null) };
}

/** The newest order that stands is the one to follow: a customer has one live run, whatever order the news of orders comes in. */
function refuses(facts: Facts): NotEnteredReason | null {
  const purchase = purchaseOf(facts);
  if (purchase === null || purchase.state === 'cancelled') return 'order_cancelled';
  if (purchase.state === 'refunded') return 'order_returned';
  return purchase.isFollowed ? 'newer_order' : null;
}

function step(situation: Situation): Step {
  const { facts, now } = situation;
  const progress = memory(situation.progress);
  // Told without a signal: by an import, say.
  if (purchaseOf(facts)?.state !== 'placed') return { do: 'nothing', why: 'nothing_left' };
  const next = nextOf(situation);
  if (next === null) {
    const rest = restOfYear(situation);
    return rest.until > now ? { do: 'wait', ...rest, progress } : { do: 'nothing', why: 'completed' };
  }
  const { message: block, due, promo } = next;
  const upcoming = upcomingOf(next);
  const until = Math.max(due, afterReplenishment(situation, block));
  if (until > now) return { do: 'wait', block, until, upcoming, progress };
  return { do: 'send', block, iteration: 1, refs: [], promo, progress: { ...progress, due: block }, ...upcoming };
}

type Next = YearStep & { due: number };

function upcomingOf({ message, due, validForMs, cascade }: Next): Upcoming {
  return { message, firstDue: due, validForMs, cascade };
}

/** Null: everything is said. */
function nextOf(situation: Situation): Next | null {
  const { facts, progress, waitEnd } = situation;
  const said = new Set(memory(progress).done);
  // By the run of a customer who was joined to this one.
  for (const { branch, runId } of facts.spoken) if (runId !== facts.run?.id) said.add(branch);
  const step = settingsOf(facts).steps.find(({ message }) => !said.has(message));
  return step === undefined ? null : { ...step, due: waitEnd(countedFrom(situation, step), step.atMs) };
}

function countedFrom({ facts, triggerAt }: Situation, { from }: Pick<YearStep, 'from'>): number {
  const { placedAt, deliveredAt } = purchaseOf(facts) ?? { placedAt: triggerAt, deliveredAt: null };
  return from === 'delivery' && deliveredAt !== null ? Math.max(placedAt, deliveredAt) : placedAt;
}

function restOfYear(situation: Situation) {
  const until = countedFrom(situation, { from: 'order' }) + settingsOf(situation.facts).overMs;
  return { block: 'rest-of-year', until, upcoming: null };
}

const day = durationMs('P1D');

/** Where replenishment is about to speak, it goes first, and this a day after it; a step that has begun is not interrupted. */
function afterReplenishment({ facts, now }: Situation, block: string): number {
  if (facts.sent.some((sent) => sent.block === block)) return now;
  const plan = facts.ledger.plans.find(({ journey, due }) => journey === 'replenishment' && due.getTime() <= now + day);
  return plan === undefined ? now : Math.max(now, plan.due.getTime()) + day;
}
