import { ensureMonths } from '#db/partitions.ts';
import { closeRun, planAgain } from '#db/runs.ts';
import type { FinishAnswer, FinishRequest, Outcome } from '#domain/journey.ts';
import { hasRefused } from '#domain/reach.ts';
import { type Ahead, aheadOf } from './ahead.ts';
import type { ActivityDeps } from './deps.ts';
import type { Mind, Situation, Step } from './mind.ts';
import { type RunRead, underRunLock } from './read-run.ts';
import { isAtGoal, mindOf } from './shared.ts';
import { situationOf } from './situation.ts';

/**
 * Closes a run under the customer's lock and finds how it ended. Intake takes the same lock to write activity and
 * sends a start only where it sees no live run. So activity committed before this is seen here (`again`), and
 * activity after it sends a signal: none falls between.
 */
export async function finish(deps: ActivityDeps, request: FinishRequest): Promise<FinishAnswer> {
  await ensureMonths(deps.db, ['decisions'], deps.clock.now());
  return underRunLock(deps.db, request, deps.clock.now(), async (trx, facts) => {
    const now = deps.clock.now();
    if (facts === null) return { ended: true, outcome: 'exited:erased', again: null };
    if (facts.run.outcome !== null) return facts.run.answer as FinishAnswer;
    const { triggerAt, progress } = facts.run;
    const situation = situationOf(facts, now, triggerAt, progress);
    const mind = mindOf(request.journey);
    const step = mind.step(situation);
    const outcome = outcomeOf({ facts, mind }, situation, request, step);
    if (outcome === null) {
      const { next, plan } = stillWaits(mind, situation, facts);
      // The signal that turned out a false alarm took it away.
      await trx.last(() => planAgain(trx, request.runId, plan));
      return { ended: false, next };
    }
    const again = needsAnother(mind, situation, facts, request) ? { triggerAt: now.toISOString() } : null;
    const answer: FinishAnswer = { ended: true, outcome, again };
    const end = { id: request.runId, at: now, outcome, answer };
    await trx.last(() => closeRun(trx, end, stopDecision(facts, request, outcome)));
    return answer;
  });
}

type Ending = Exclude<Outcome, `not_entered:${string}`>;

/** Null: nothing ends it. */
function outcomeOf(
  { facts, mind }: { facts: RunRead; mind: Mind },
  situation: Situation,
  { exit }: FinishRequest,
  step: Step,
): Ending | null {
  if (facts.gone !== null) return `exited:${facts.gone}`;
  const isService = mind.contract.class === 'service';
  if (exit !== null && !(isService && exit === 'unsubscribed')) return `exited:${exit}`;
  if (isAtGoal(mind, situation)) return 'goal';
  // Who refuses advertising is told of their order all the same.
  if (!isService && hasRefused(facts.contact, situation.shop, mind.contract.topic)) return 'exited:unsubscribed';
  return step.do === 'nothing' ? step.why : null;
}

/** A run that had nothing left to wait for, and now has, asks at once; so does one whose message an order has made idle. */
function stillWaits(mind: Mind, situation: Situation, { run }: RunRead): Ahead {
  const { facts, shop, now } = situation;
  const { block, ...first } = mind.first(situation);
  const turns = facts.ordered && mind.afterOrder?.(situation) === 'turns';
  const until = turns ? now : (run.dueAt ?? now);
  return aheadOf({ mind, facts, shop }, { ...first, block: run.block ?? block, until });
}

/** Who has left for good, or was stopped by a person, is not followed again by what they did before. */
function needsAnother(mind: Mind, situation: Situation, facts: RunRead, { exit }: FinishRequest): boolean {
  const hasNews = facts.activitySeq > facts.run.readSeq;
  if (exit !== null || facts.gone !== null) return false;
  if (hasRefused(facts.contact, situation.shop, mind.contract.topic)) return false;
  if (mind.leavesBehind?.(situation)) return true;
  return hasNews && mind.deservesAnother({ ...situation, triggerAt: situation.now, progress: null });
}

/** Only where a message was still to come does somebody ask why it did not. */
function stopDecision(facts: RunRead, { customerId, journey, runId }: FinishRequest, outcome: Ending) {
  const { block } = facts.run;
  if (block === null || outcome === 'completed') return null;
  return {
    customerId,
    journey,
    runId,
    block,
    iteration: 1,
    channel: null,
    decision: 'stop' as const,
    reason: outcome,
    until: null,
    messageId: null,
    details: {},
  };
}
