import { ApplicationFailure } from '@temporalio/activity';
import type { OutgoingMessage, SubmitResult } from '#channels/channel.ts';
import { type ContactRequest, lockAndReadContacts } from '#db/contacts.ts';
import type { DecisionRow } from '#db/moves.ts';
import { ensureMonths } from '#db/partitions.ts';
import { inOrder } from '#db/pipeline.ts';
import type { Recorded, Submission } from '#db/submissions.ts';
import { beginTelling, holdTelling, recordTelling } from '#db/tellings.ts';
import { type PipelinedTrx, pipelined } from '#db/transaction.ts';
import { readable } from '#domain/clock.ts';
import { isFinal, leaseMs } from '#domain/ledger.ts';
import { defaultPolicy, type PolicySettings } from '#domain/policy.ts';
import type { Contactability } from '#domain/reach.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import type { TellAnswer, TellRequest } from '#domain/telling.ts';
import { decideOne } from './contacts.ts';
import type { ActivityDeps } from './deps.ts';
import { letter, outgoing } from './letter.ts';
import type { Content } from './mind.ts';
import { recordedOf, tryLater } from './outcome.ts';
import { untilWritten } from './patience.ts';
import { channelOf, priceOf } from './shared.ts';
import { type Became, type Settled, type Teller, tellerOf } from './teller.ts';

/**
 * One contact of a run that has many customers (items, campaigns): decides under the customer's lock, reserves, submits and
 * records, as `deliver` does, by the same decision and the same rules about crashes (`docs/architecture.md`, Sending once).
 * What it leaves out is the run: that one's workflow knows what comes next. Asked again after a crash it gives the answer of
 * the first time.
 */
export async function tell(deps: ActivityDeps, asked: TellRequest): Promise<TellAnswer> {
  const teller = tellerOf(asked.journey);
  const customerId = await teller.whom(deps.db, asked);
  if (customerId === null) return failed(asked, 'over');
  const request = { ...asked, customerId };
  await ensureMonths(deps.db, ['decisions'], deps.clock.now());
  await deps.reached?.('before_reserve');
  const leasedAt = Date.now();
  const decided = await pipelined(deps.db, (trx) => decideUnderLock({ deps, teller, request, trx }));
  if (!('sending' in decided)) return answer(deps, request, decided);
  const { id, message, contact } = decided.sending;
  await deps.reached?.('reserved');
  const result = message === null ? unmade : await channelOf(deps, request.channel).submit(message);
  await deps.reached?.('submitted');
  const of = { messageId: id, channel: request.channel };
  if (result.result === 'later') return untilWritten(leasedAt, () => tryLater(deps.db, of, result));
  const recorded = recordedOf(contact, of, result);
  const settled = await untilWritten(leasedAt, () => record(deps, teller, request, recorded));
  await deps.reached?.('recorded');
  return answer(deps, request, settled);
}

const unmade: SubmitResult = { result: 'refused', reason: 'the message could not be made', suppress: null };

interface Deciding {
  deps: ActivityDeps;
  teller: Teller;
  request: TellRequest;
  trx: PipelinedTrx;
}

interface Sending {
  id: string;
  message: OutgoingMessage | null;
  contact: Contactability;
}

interface Settlement {
  became: Became;
  settled: Settled;
}

async function decideUnderLock(deciding: Deciding): Promise<Settlement | { sending: Sending }> {
  const { deps, teller, request, trx } = deciding;
  const { contract } = teller;
  const contact = contactOf(teller, request);
  const { facts: all, shop: shopValue, policy } = await lockAndReadContacts(trx, [contact], deps.clock.now());
  // Whoever had the lock before may have written since it was asked for.
  const now = deps.clock.now();
  const [facts] = all;
  if (!facts) return settle(deciding, { result: 'failed', reason: 'gone', at: now });
  const { known } = facts;
  if (known !== null && isFinal(known.state)) return settle(deciding, became(known.state, now));
  if (known !== null && known.leaseLeftMs > 0) throw leaseHeld(known);
  // A crash between submitting and recording that nobody can be asked about: marketing is not sent again.
  if (known?.state === 'submitting' && contact.flags.kind === 'marketing') {
    await recordTelling(trx, recordedOf(facts.contact, { messageId: known.id, channel: contact.channel }, died), now);
    return settle(deciding, became('unknown', now));
  }
  const shop = { ...defaultShop, ...(shopValue as Partial<ShopSettings> | null) };
  const content = await teller.compose(trx, { request, facts, shop, now });
  const policies = { policy: (policy as PolicySettings | null) ?? defaultPolicy, topic: contract.topic };
  const untrue = 'untrue' in content ? content.untrue : null;
  const one = decideOne(contact, facts, { now, shop, settingsVersion: 0, ...policies }, untrue);
  const decision = decisionOf(request, one, known?.id ?? one.message?.id ?? null);
  if (one.message === null || 'untrue' in content) {
    await holdTelling(trx, decision, now);
    return settle(deciding, heldBack(one.decision, now));
  }
  const submission = submissionOf(
    deciding,
    contact,
    { ...one.message, id: known?.id ?? one.message.id },
    shop,
    content,
  );
  const { id, ...of } = submission;
  const rendered = letter(deps, { id, ...of, shop, firstName: facts.customer.firstName }, content);
  const begun = {
    message: { ...submission, links: rendered?.links ?? [] },
    decision: { ...decision, messageId: id },
    at: now,
    isNew: known === null,
  };
  await trx.last(() => beginTelling(trx, begun));
  const message = rendered && outgoing({ contact: facts.contact, shop }, submission, rendered);
  return { sending: { id, message, contact: facts.contact } };
}

const died = { result: 'unknown', reason: 'the worker died while submitting' } as const;

function contactOf({ contract }: Teller, request: TellRequest): ContactRequest {
  const { runId, journey, customerId, block, iteration, message, channel, due, validForMs } = request;
  const flags = contract.messages[message];
  if (flags === undefined) throw new Error(`journey ${journey} has no message ${message}: add it to its contract`);
  const of = { customerId, profile: null, runId, journey, class: contract.class, block, iteration, channel };
  return { ...of, template: message, flags, due: new Date(due), validForMs };
}

function leaseHeld({ id, leaseLeftMs }: { id: string; leaseLeftMs: number }): ApplicationFailure {
  return ApplicationFailure.create({
    type: 'LeaseHeld',
    message: `message ${id} is being submitted by another attempt; waits until its lease has ended`,
    nextRetryDelay: leaseLeftMs + 1000,
  });
}

type One = ReturnType<typeof decideOne>;

function decisionOf(request: TellRequest, { decision, details }: One, messageId: string | null): DecisionRow {
  const { customerId, journey, runId, block, iteration, channel, due } = request;
  const until = 'until' in decision ? decision.until : null;
  const said = { decision: decision.decision, reason: decision.reason, until };
  const about = { firstDue: new Date(due).toISOString(), goods: [request.key], ...details };
  return { customerId, journey, runId, block, iteration, channel, ...said, messageId, details: about };
}

function submissionOf(
  { deps }: Deciding,
  contact: ContactRequest,
  message: NonNullable<One['message']>,
  shop: ShopSettings,
  { goods, more }: Content,
): Submission {
  const { due, ...of } = contact;
  const sent = { provider: channelOf(deps, of.channel).provider, price: priceOf(shop, of.channel) };
  return { ...of, ...message, goods: ids(goods), shown: ids(more), links: [], dueAt: due, leaseMs, ...sent };
}

const ids = (goods: Content['goods']) => goods.map(({ id }) => id);

/** What a state of the ledger means for who asks again. */
function became(state: string, at: Date): Became {
  const isGone = state === 'failed' || state === 'dropped';
  return isGone ? { result: 'failed', reason: state, at } : { result: 'told', at };
}

function heldBack(decision: One['decision'], at: Date): Became {
  if (decision.decision === 'defer') return { result: 'deferred', until: decision.until, at };
  return { result: 'failed', reason: `${decision.decision}:${decision.reason}`, at };
}

async function settle({ teller, request, trx }: Deciding, became: Became): Promise<Settlement> {
  return { became, settled: await teller.settle(trx, request, became) };
}

/** The ledger and what follows from it, at once. */
function record(deps: ActivityDeps, teller: Teller, request: TellRequest, recorded: Recorded): Promise<Settlement> {
  return pipelined(deps.db, async (trx) => {
    const at = deps.clock.now();
    const told = recordTelling(trx, recorded, at);
    const [, settlement] = await inOrder([told, settle({ deps, teller, request, trx }, became(recorded.state, at))]);
    return settlement;
  });
}

function answer(deps: ActivityDeps, request: TellRequest, { became, settled }: Settlement): TellAnswer {
  if (settled.outbox.length > 0) deps.onOutbox?.(settled.outbox);
  const { message, channel, customerId } = request;
  const what = `\`${message}\` for \`${customerId}\``;
  if (became.result === 'told')
    return { result: 'told', next: settled.next, story: `${what} **accepted** by ${channel}` };
  if (became.result === 'failed') return failed(request, became.reason);
  const { until } = became;
  return {
    result: 'deferred',
    until: until.getTime(),
    story: `${what} **deferred** on ${channel}, until ${readable(until)}`,
  };
}

function failed({ message, channel, customerId }: TellRequest, reason: string): TellAnswer {
  return {
    result: 'failed',
    reason,
    story: `\`${message}\` for \`${customerId}\` **not sent** by ${channel}: ${reason}`,
  };
}
