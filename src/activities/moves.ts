import type { DecisionRow, Move } from '#db/runs.ts';
import type { Decision } from '#domain/decide.ts';
import type { DeliverAnswer, DeliverRequest, Next } from '#domain/journey.ts';
import { zoneOf } from '#domain/zone.ts';
import type { ActivityDeps } from './deps.ts';
import { nextOf } from './enter.ts';
import type { Mind, Situation } from './mind.ts';
import type { RunRead } from './read-run.ts';

/** A request while it is being decided, and everything that was read for it. */
export interface Deciding {
  deps: ActivityDeps;
  request: DeliverRequest;
  mind: Mind;
  facts: RunRead;
  situation: Situation;
  now: Date;
}

/** One message of the run: where it stands in the journey, and the run's memory while it is on its way. */
export interface Attempt {
  block: string;
  iteration: number;
  message: string;
  progress: unknown;
}

/** What all moves of one request have in common. */
export function moveFrom({ facts, request, now, mind }: Deciding, block: string, iteration: number) {
  const before = facts.run.block === null ? undefined : mind.contract.blocks[facts.run.block];
  // Leaving a waiting block is the way of things; a message block that was not sent was passed over.
  const turned = before?.kind === 'message' ? 'changed' : null;
  return { runId: request.runId, at: now, readSeq: facts.activitySeq, block: { name: block, iteration }, turned };
}

/** The move of a step that is done, whatever became of its message. */
export function doneMove(deciding: Deciding, attempt: Attempt, reason: string | null, answer: DeliverAnswer): Move {
  const progress = deciding.mind.done(attempt.progress, deciding.now.getTime());
  const { ask } = deciding.request;
  return {
    ...moveFrom(deciding, attempt.block, attempt.iteration),
    ask,
    answer,
    progress,
    left: { reason },
    next: answer.next,
  };
}

/** What is due once `attempt` is done; null when nothing is left. */
export function nextAfter({ mind, situation, now }: Deciding, attempt: Attempt): Next | null {
  const step = mind.step({ ...situation, progress: mind.done(attempt.progress, now.getTime()) });
  if (step.do === 'nothing') return null;
  return nextOf(mind, step.block, step.do === 'wait' ? step.until : now.getTime());
}

/** The line of the decision ledger, with the inputs that explain it. */
export function decisionRow(
  { facts, request, situation }: Deciding,
  attempt: Attempt & { refs: string[]; firstDue: number },
  decision: Decision,
  messageId: string | null,
): DecisionRow {
  const { zone, from } = zoneOf({ ...facts.customer, phone: facts.contact.phone }, situation.shop);
  const { customerId, journey, runId, channel } = request;
  return {
    customerId,
    journey,
    runId,
    block: attempt.block,
    iteration: attempt.iteration,
    channel,
    decision: decision.decision,
    reason: decision.reason,
    until: 'until' in decision ? decision.until : null,
    messageId,
    details: {
      message: attempt.message,
      goods: attempt.refs,
      firstDue: new Date(attempt.firstDue).toISOString(),
      zone,
      zoneFrom: from,
      contacts: facts.history.length,
      settings: facts.run.settingsVersion,
    },
  };
}
