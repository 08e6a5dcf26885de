import type { SentFacts } from '#db/facts.ts';
import type { DecisionRow, Move } from '#db/moves.ts';
import type { Tried } from '#domain/cascade.ts';
import type { Decision } from '#domain/decide.ts';
import type { ChannelName, DeliverAnswer, DeliverRequest } from '#domain/journey.ts';
import type { BlockReason } from '#domain/reasons.ts';
import { type Ahead, aheadOf, type Viewer } from './ahead.ts';
import type { ActivityDeps } from './deps.ts';
import type { Candidate, Mind, Situation } from './mind.ts';
import type { RunRead } from './read-run.ts';
import { zoneFor } from './shared.ts';

/** A request while it is being decided, and everything that was read for it. */
export interface Deciding {
  deps: ActivityDeps;
  request: DeliverRequest;
  mind: Mind;
  facts: RunRead;
  situation: Situation;
  now: Date;
}

export function viewer({ mind, facts, situation }: Deciding): Viewer {
  return { mind, facts, shop: situation.shop };
}

/** Whether a row of the ledger is about this step of the run, on this channel where one is named. */
export function isOf(
  sent: SentFacts,
  { block, iteration }: Pick<Candidate, 'block' | 'iteration'>,
  channel: ChannelName = sent.channel,
): boolean {
  return sent.block === block && sent.iteration === iteration && sent.channel === channel;
}

/** What became of a step on the channels that it was tried on. */
export function triedFor(sent: readonly SentFacts[], candidate: Pick<Candidate, 'block' | 'iteration'>): Tried[] {
  return sent
    .filter((row) => isOf(row, candidate))
    .map(({ channel, state, openedBy, clicked, acceptedAt, failedAt, reservedAt }) => {
      const at = (state === 'failed' ? failedAt : acceptedAt) ?? reservedAt;
      return { channel, state, openedBy, clicked, at };
    });
}

/** What all moves of one request have in common. */
export function moveFrom({ facts, request, now, mind }: Deciding, block: string, iteration: number) {
  const from = facts.run.block;
  const before = from === null ? undefined : mind.contract.blocks[from];
  // Leaving a waiting block is the way of things; a message block that was not sent was passed over.
  const turned = before?.kind === 'message' ? ('changed' as const) : null;
  return { runId: request.runId, at: now, readSeq: facts.activitySeq, from, block: { name: block, iteration }, turned };
}

/** The move of a step that stays where it is: it waits for a slot, an hour, or its next channel. */
export function stayMove(deciding: Deciding, candidate: Candidate, story: string, ahead: Ahead | null): Move {
  const { block, iteration, progress } = candidate;
  const answer: DeliverAnswer = { story, next: ahead?.next ?? null };
  const { next, plan } = ahead ?? { next: null, plan: null };
  const { ask } = deciding.request;
  return { ...moveFrom(deciding, block, iteration), ask, answer, progress, left: null, next, plan };
}

/** The move of a step that is done, whatever became of its message. The next one counts from when the first channel took it:
 *  a cascade makes nobody wait longer for what follows. */
export function doneMove(deciding: Deciding, candidate: Candidate, reason: BlockReason | null, story: string): Move {
  const { mind, now, facts, situation } = deciding;
  const taken = facts.sent.filter((row) => isOf(row, candidate)).flatMap(({ acceptedAt }) => acceptedAt ?? []);
  const progress = mind.done(candidate.progress, Math.min(now.getTime(), ...taken));
  const { next, plan } = after(deciding, mind.step({ ...situation, progress })) ?? { next: null, plan: null };
  const answer: DeliverAnswer = { story, next };
  const from = moveFrom(deciding, candidate.block, candidate.iteration);
  return { ...from, ask: deciding.request.ask, answer, progress, left: { reason }, next, plan };
}

/** What is due once a step is done; null when nothing is left. */
function after(deciding: Deciding, step: ReturnType<Mind['step']>): Ahead | null {
  if (step.do === 'nothing') return null;
  if (step.do === 'wait') return aheadOf(viewer(deciding), step);
  return aheadOf(viewer(deciding), { block: step.block, until: deciding.now.getTime(), upcoming: step });
}

/** The line of the decision ledger, with the inputs that explain it. */
export function decisionRow(
  { facts, request, situation }: Deciding,
  candidate: Candidate,
  decision: Decision,
  messageId: string | null,
  more: Record<string, unknown> = {},
): DecisionRow {
  const { zone, from } = zoneFor(facts, situation.shop);
  const { customerId, journey, runId, channel } = request;
  const { block, iteration, message, refs, firstDue } = candidate;
  const blocker = 'by' in decision ? { blockedBy: decision.by } : {};
  return {
    customerId,
    journey,
    runId,
    block,
    iteration,
    channel,
    decision: decision.decision,
    reason: decision.reason,
    until: 'until' in decision ? decision.until : null,
    messageId,
    details: {
      message,
      goods: refs,
      firstDue: new Date(firstDue).toISOString(),
      zone,
      zoneFrom: from,
      contacts: facts.ledger.history.length,
      planned: facts.ledger.plans.length,
      settings: facts.run.settingsVersion,
      ...blocker,
      ...more,
    },
  };
}
