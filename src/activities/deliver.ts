import { ApplicationFailure } from '@temporalio/activity';
import type { SubmitResult } from '#channels/channel.ts';
import type { SentFacts } from '#db/facts.ts';
import { contactKey } from '#db/ledger.ts';
import { moveOn } from '#db/moves.ts';
import { ensureMonths } from '#db/partitions.ts';
import { recordSubmission } from '#db/submissions.ts';
import { together } from '#db/together.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import { readable } from '#domain/clock.ts';
import { type Decision, decide } from '#domain/decide.ts';
import type { DeliverAnswer, DeliverRequest, MessageFlags } from '#domain/journey.ts';
import type { UnreachableReason, UntrueReason } from '#domain/reasons.ts';
import { aheadOf } from './ahead.ts';
import type { ActivityDeps } from './deps.ts';
import type { Candidate, Step } from './mind.ts';
import { type Deciding, decisionRow, doneMove, moveFrom, stayMove, viewer } from './moves.ts';
import { tryLater } from './outcome.ts';
import { untilWritten } from './patience.ts';
import { contentOf, withCode } from './promo.ts';
import { type RunRead, underRunLock } from './read-run.ts';
import { recording } from './record.ts';
import { reserve, type Sending } from './reserve.ts';
import { channelOf, flagsOf, isAtGoal, mindOf, policyOf, zoneFor } from './shared.ts';
import { bestTimeOf, situationOf } from './situation.ts';
import { type CascadeTurn, cascadeTurn, nextChannel } from './turn.ts';

/**
 * One contact: decides under the customer's lock, reserves, submits and records. Asked again after a crash it
 * neither sends a marketing message twice nor forgets one: see `docs/architecture.md`, Sending once.
 */
export async function deliver(deps: ActivityDeps, request: DeliverRequest): Promise<DeliverAnswer> {
  await ensureMonths(deps.db, ['decisions'], deps.clock.now());
  await deps.reached?.('before_reserve');
  const leasedAt = Date.now();
  const decided = await underRunLock(deps.db, request, deps.clock.now(), (trx, facts) =>
    decideUnderLock(deps, trx, request, facts),
  );
  if (!('message' in decided)) return decided;
  await deps.reached?.('reserved');
  const { deciding, candidate, messageId, message } = decided;
  const result = message === null ? unmade : await channelOf(deps, request.channel).submit(message);
  await deps.reached?.('submitted');
  const of = { messageId, channel: request.channel };
  if (result.result === 'later') return untilWritten(leasedAt, () => tryLater(deps.db, of, result));
  const { recorded, move, answer } = recording(deciding, candidate, messageId, result);
  await untilWritten(leasedAt, () => together(deps.db, messageId, (db) => recordSubmission(db, recorded, move)));
  await deps.reached?.('recorded');
  return answer;
}

const unmade: SubmitResult = { result: 'refused', reason: 'the message could not be made', suppress: null };

async function decideUnderLock(
  deps: ActivityDeps,
  trx: PipelinedTrx,
  request: DeliverRequest,
  facts: RunRead | null,
): Promise<DeliverAnswer | Sending> {
  // Whoever had the lock before may have written since it was asked for.
  const now = deps.clock.now();
  if (facts === null || facts.run.outcome !== null) return { story: 'The run has ended', next: null };
  if (facts.run.asked >= request.ask) return facts.run.answer as DeliverAnswer;
  const mind = mindOf(request.journey);
  const { triggerAt, progress } = facts.run;
  const situation = situationOf(facts, now, triggerAt, progress);
  const deciding = { deps, request, mind, facts, situation, now };
  const step = mind.step(situation);
  const crashed = facts.sent.find((sent) => sent.state === 'submitting');
  if (crashed !== undefined && (crashed.leased || crashed.kind === 'marketing'))
    return judgeCrashed(trx, deciding, crashed, step);
  return step.do === 'send' ? decideOn(trx, deciding, step) : rest(trx, deciding, step);
}

/** An earlier attempt died between submitting and recording. Who cannot be asked what became of it (SMTP) is not sent a
 *  marketing message again; but nobody judges while that attempt may still be alive. */
async function judgeCrashed(trx: PipelinedTrx, deciding: Deciding, row: SentFacts, step: Step): Promise<DeliverAnswer> {
  if (row.leased) {
    throw ApplicationFailure.create({
      type: 'LeaseHeld',
      message: `message ${row.id} is being submitted by another attempt; waits until its lease has ended`,
      nextRetryDelay: row.leaseLeftMs + 1000,
    });
  }
  const { block, iteration, template, channel, id } = row;
  const isDue = step.do === 'send' && step.block === block && step.iteration === iteration;
  // What the journey would speak of now may be something else; then the step ends with this message.
  const alone = { order: 'fixed', channels: [{ channel, advanceWhen: 'not_delivered', after: 'PT0S' }] } as const;
  const upcoming = { firstDue: row.reservedAt, validForMs: 0, cascade: { ...alone, channels: [...alone.channels] } };
  const { progress } = deciding.facts.run;
  const candidate = isDue
    ? step
    : { do: 'send' as const, block, iteration, message: template, refs: [], progress, ...upcoming };
  const by = { ...deciding, request: { ...deciding.request, channel } };
  const died = { result: 'unknown', reason: 'the worker died while submitting' } as const;
  const { recorded, move, answer } = recording(by, candidate, id, died);
  await trx.last(() => recordSubmission(trx, recorded, move));
  return answer;
}

/** Nothing is due (any more): sleep the rest, or end. */
async function rest(trx: PipelinedTrx, deciding: Deciding, step: Exclude<Step, Candidate>): Promise<DeliverAnswer> {
  const { facts, request, mind, situation } = deciding;
  const here = facts.run.block ?? request.block;
  const { next, plan } = step.do === 'wait' ? aheadOf(viewer(deciding), step) : { next: null, plan: null };
  const story =
    step.do === 'wait' ? 'Newer activity: sleeps the rest of the wait' : `Nothing is left to send: ${step.why}`;
  const answer = { story, next };
  // A run that ends leaves its block when it is closed.
  const isSold = facts.ordered && mind.afterOrder?.(situation) === 'turns';
  const left =
    next === null || next.block === here ? null : { reason: isSold ? ('goal' as const) : ('changed' as const) };
  const progress = step.do === 'wait' ? step.progress : facts.run.progress;
  const move = { ...moveFrom(deciding, here, request.iteration), ask: request.ask, answer, progress, left, next, plan };
  await trx.last(() => moveOn(trx, move, null));
  return answer;
}

async function decideOn(trx: PipelinedTrx, deciding: Deciding, candidate: Candidate): Promise<DeliverAnswer | Sending> {
  const found = cascadeTurn(deciding, candidate);
  const { turn, passedOver } = found;
  const isTried = deciding.facts.sent.some(
    (sent) => sent.block === candidate.block && sent.iteration === candidate.iteration,
  );
  if (turn.do === 'wait' || (turn.do === 'end' && isTried)) return goOn(trx, deciding, candidate, found);
  // On its own queue, whose rate limit is that channel's.
  if (turn.do === 'try' && turn.channel !== deciding.request.channel) return goOn(trx, deciding, candidate, found);
  const content = await contentOf(trx, deciding, candidate);
  const untrue = 'untrue' in content ? content.untrue : null;
  const due = turn.do === 'try' ? Math.max(candidate.firstDue, turn.due ?? 0) : candidate.firstDue;
  const unreachable = turn.do === 'try' ? null : (Object.values(passedOver)[0] ?? 'no_channel');
  const decision = judgeContact(deciding, candidate, { untrue, unreachable, due });
  if (decision.decision !== 'send' || 'untrue' in content) return hold(trx, deciding, candidate, decision, passedOver);
  const whole = candidate.promo ? await withCode(trx, deciding, candidate, content) : content;
  if ('untrue' in whole) return hold(trx, deciding, candidate, { decision: 'skip', reason: whole.untrue }, passedOver);
  return reserve(trx, deciding, candidate, whole, passedOver);
}

/** No message now: the cascade waits for its next channel, asks on that channel's queue, or has done. */
async function goOn(
  trx: PipelinedTrx,
  deciding: Deciding,
  candidate: Candidate,
  { turn }: CascadeTurn,
): Promise<DeliverAnswer> {
  const { block } = candidate;
  const move =
    turn.do === 'end'
      ? doneMove(deciding, candidate, null, `\`${block}\` is done: ${endings[turn.because]}`)
      : stayMove(
          deciding,
          candidate,
          `\`${block}\` goes on by ${turn.channel}`,
          nextChannel(deciding, candidate, turn),
        );
  await trx.last(() => moveOn(trx, move, null));
  return move.answer as DeliverAnswer;
}

const endings = { answered: 'no other channel is needed', exhausted: 'no other channel is left' };

interface Objections {
  untrue: UntrueReason | null;
  unreachable: UnreachableReason | null;
  /** When this channel was first due. */
  due: number;
}

function judgeContact(deciding: Deciding, candidate: Candidate, { due, ...objections }: Objections): Decision {
  const { facts, situation, mind, request, now } = deciding;
  const { shop } = situation;
  const { block, iteration, message, validForMs } = candidate;
  const flags = flagsOf(mind, message);
  const { runId, channel } = request;
  const contact = { key: contactKey(runId, block, iteration), class: mind.contract.class, channels: [channel], runId };
  return decide({
    now,
    candidate: { ...contact, sale: flags.sale, due: new Date(due) },
    validForMs,
    flags,
    zone: zoneFor(facts, shop).zone,
    shop,
    policy: policyOf(facts),
    ledger: facts.ledger,
    bestTime: bestTimeFor(deciding, flags),
    goal: isAtGoal(mind, situation),
    exit: facts.gone,
    ...objections,
  });
}

/** A message waits for the best hour once; the first of some journeys never does. */
function bestTimeFor({ facts, mind, now }: Deciding, { bestTime }: MessageFlags): Date | null {
  const isFirst = facts.sent.every(({ acceptedAt }) => acceptedAt === null);
  const isPutOff = facts.run.heldBy?.includes('best_time') ?? false;
  if (!bestTime || isPutOff || (isFirst && mind.contract.firstAtOnce)) return null;
  return bestTimeOf(facts, now);
}

/** Decisions as a run's story in Temporal UI tells them. */
const said: Record<Decision['decision'], string> = {
  send: 'to be sent',
  defer: 'deferred',
  skip: 'skipped',
  drop: 'dropped',
  suppress: 'suppressed',
  stop: 'not sent',
};

/** Every answer but `send`. A step that is not sent for good counts as done, and the next one from now. */
async function hold(
  trx: PipelinedTrx,
  deciding: Deciding,
  candidate: Candidate,
  decision: Decision,
  passedOver: CascadeTurn['passedOver'],
): Promise<DeliverAnswer> {
  const { block, iteration } = candidate;
  const { channel } = deciding.request;
  const row = decisionRow(deciding, candidate, decision, null, { passedOver });
  const story = `\`${block}\` **${said[decision.decision]}**: ${decision.reason}`;
  const move = () => {
    if (decision.decision === 'stop') return stayMove(deciding, candidate, story, null);
    if (decision.decision !== 'defer')
      return doneMove(deciding, candidate, `${decision.decision}:${decision.reason}`, story);
    const { until, reason: heldBy } = decision;
    const here = {
      block,
      iteration,
      until: until.getTime(),
      upcoming: candidate,
      channel,
      heldBy: `deferred: ${heldBy}`,
    };
    return stayMove(deciding, candidate, `${story}, until ${readable(until)}`, aheadOf(viewer(deciding), here));
  };
  const made = move();
  await trx.last(() => moveOn(trx, made, row));
  return made.answer as DeliverAnswer;
}
