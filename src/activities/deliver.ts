import { ApplicationFailure } from '@temporalio/activity';
import type { Trx } from '#db/connect.ts';
import { lockCustomer, type SentFacts } from '#db/facts.ts';
import { ensureMonths } from '#db/partitions.ts';
import { moveOn } from '#db/runs.ts';
import { readable } from '#domain/clock.ts';
import { type Decision, decide } from '#domain/decide.ts';
import type { DeliverAnswer, DeliverRequest } from '#domain/journey.ts';
import { isFinal } from '#domain/ledger.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import { zoneOf } from '#domain/zone.ts';
import type { ActivityDeps } from './deps.ts';
import { nextOf } from './enter.ts';
import type { Candidate, Step } from './mind.ts';
import { type Deciding, decisionRow, doneMove, moveFrom, nextAfter } from './moves.ts';
import { untilWritten } from './patience.ts';
import { readRun } from './read-run.ts';
import { record } from './record.ts';
import { flagsOf, reserve, type Sending } from './reserve.ts';
import { channelOf, mindOf, policyOf, shopOf } from './shared.ts';

/**
 * One contact: decides under the customer's lock, reserves, submits and records. Asked again after a crash it
 * neither sends a marketing message twice nor forgets one: see `docs/architecture.md`, Sending once.
 */
export async function deliver(deps: ActivityDeps, request: DeliverRequest): Promise<DeliverAnswer> {
  await ensureMonths(deps.db, ['decisions'], deps.clock.now());
  await deps.reached?.('before_reserve');
  const leasedAt = Date.now();
  const decided = await deps.db.transaction().execute((trx) => decideUnderLock(deps, trx, request));
  if (!('message' in decided)) return decided;
  await deps.reached?.('reserved');
  const { deciding, attempt, message } = decided;
  const result = await channelOf(deps, request.channel).submit(message);
  await deps.reached?.('submitted');
  const sent = { ...attempt, messageId: message.id };
  const answer = await untilWritten(leasedAt, () => record(deps.db, deciding, sent, result));
  await deps.reached?.('recorded');
  return answer;
}

async function decideUnderLock(
  deps: ActivityDeps,
  trx: Trx,
  request: DeliverRequest,
): Promise<DeliverAnswer | Sending> {
  await lockCustomer(trx, request.customerId);
  const now = deps.clock.now();
  const facts = await readRun(trx, request, now);
  if (facts === null || facts.run.outcome !== null) return { story: 'The run has ended', next: null };
  if (facts.run.asked >= request.ask) return facts.run.answer as DeliverAnswer;
  const mind = mindOf(request.journey);
  const { triggerAt, progress } = facts.run;
  const situation = { facts, now: now.getTime(), shop: shopOf(facts), triggerAt, progress };
  const deciding = { deps, request, mind, facts, situation, now };
  const crashed = facts.sent.find((sent) => sent.state === 'submitting');
  if (crashed !== undefined && (crashed.leased || crashed.kind === 'marketing'))
    return judgeCrashed(trx, deciding, crashed);
  const step = mind.step(situation);
  return step.do === 'send' ? decideOn(trx, deciding, step) : rest(trx, deciding, step);
}

/** An earlier attempt died between submitting and recording. SMTP cannot be asked what became of it, so a marketing
 *  message is not sent again; but nobody judges while that attempt may still be alive. */
async function judgeCrashed(trx: Trx, deciding: Deciding, row: SentFacts): Promise<DeliverAnswer> {
  if (row.leased) {
    throw ApplicationFailure.create({
      type: 'LeaseHeld',
      message: `message ${row.id} is being submitted by another attempt; waits until its lease has ended`,
      nextRetryDelay: row.leaseLeftMs + 1000,
    });
  }
  const { block, iteration, template, id } = row;
  const attempt = { block, iteration, message: template, messageId: id, progress: deciding.facts.run.progress };
  return record(trx, deciding, attempt, { result: 'unknown', reason: 'the worker died while submitting' });
}

/** Nothing is due (any more): sleep the rest, or end. */
async function rest(trx: Trx, deciding: Deciding, step: Exclude<Step, Candidate>): Promise<DeliverAnswer> {
  const { mind, facts, request } = deciding;
  const here = facts.run.block ?? request.block;
  const next = step.do === 'wait' ? nextOf(mind, step.block, step.until) : null;
  const story =
    step.do === 'wait' ? 'Newer activity: sleeps the rest of the wait' : `Nothing is left to send: ${step.why}`;
  const answer = { story, next };
  // A run that ends leaves its block when it is closed.
  const left = next === null || next.block === here ? null : { reason: 'changed' };
  const progress = step.do === 'wait' ? step.progress : facts.run.progress;
  const move = { ...moveFrom(deciding, here, request.iteration), ask: request.ask, answer, progress, left, next };
  await moveOn(trx, move, null);
  return answer;
}

async function decideOn(trx: Trx, deciding: Deciding, candidate: Candidate): Promise<DeliverAnswer | Sending> {
  const known = deciding.facts.sent.find(
    (sent) => sent.block === candidate.block && sent.iteration === candidate.iteration,
  );
  if (known !== undefined && isFinal(known.state)) return settle(trx, deciding, candidate, known);
  const content = await deciding.mind.compose(trx, deciding.situation, candidate);
  const decision = judgeContact(deciding, candidate, 'untrue' in content ? content.untrue : null);
  if (decision.decision !== 'send' || 'untrue' in content) return hold(trx, deciding, candidate, decision);
  return reserve(trx, deciding, candidate, content);
}

/** The ledger has the final answer already, from a provider that was quicker than our record of it. */
async function settle(trx: Trx, deciding: Deciding, candidate: Candidate, known: SentFacts) {
  const answer = { story: `\`${candidate.block}\` is ${known.state} already`, next: nextAfter(deciding, candidate) };
  await moveOn(trx, doneMove(deciding, candidate, known.state, answer), null);
  return answer;
}

function judgeContact(deciding: Deciding, candidate: Candidate, untrue: string | null): Decision {
  const { facts, situation, mind, request, now } = deciding;
  const { shop } = situation;
  const flags = flagsOf(mind, candidate.message);
  return decide({
    now,
    firstDue: new Date(candidate.firstDue),
    validForMs: candidate.validForMs,
    flags,
    class: mind.contract.class,
    channel: request.channel,
    runId: request.runId,
    zone: zoneOf({ ...facts.customer, phone: facts.contact.phone }, shop).zone,
    shop,
    policy: policyOf(facts),
    history: facts.history,
    holdsSlot: facts.sent.some((sent) => sent.block === candidate.block && sent.state === 'reserved'),
    goal: facts.ordered,
    exit: facts.gone,
    untrue,
    unreachable: unreachableBecause(reachOf(facts.contact, request.channel, mind.contract.topic), flags.kind, shop),
  });
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
async function hold(trx: Trx, deciding: Deciding, candidate: Candidate, decision: Decision): Promise<DeliverAnswer> {
  const { block, iteration, progress } = candidate;
  const { ask } = deciding.request;
  const row = decisionRow(deciding, candidate, decision, null);
  const story = `\`${block}\` **${said[decision.decision]}**: ${decision.reason}`;
  if (decision.decision === 'defer' || decision.decision === 'stop') {
    const until = decision.decision === 'defer' ? decision.until : null;
    const next = until === null ? null : nextOf(deciding.mind, block, until.getTime(), iteration, decision.reason);
    const answer = { story: until === null ? story : `${story}, until ${readable(until)}`, next };
    await moveOn(trx, { ...moveFrom(deciding, block, iteration), ask, answer, progress, left: null, next }, row);
    return answer;
  }
  const answer = { story, next: nextAfter(deciding, candidate) };
  await moveOn(trx, doneMove(deciding, candidate, `${decision.decision}:${decision.reason}`, answer), row);
  return answer;
}
