import { isDeepStrictEqual } from 'node:util';
import type { OutgoingMessage } from '#channels/channel.ts';
import { newId } from '#db/ids.ts';
import type { Move } from '#db/moves.ts';
import { beginSubmitting, type Submission } from '#db/submissions.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import type { ChannelName } from '#domain/journey.ts';
import { leaseMs } from '#domain/ledger.ts';
import { reachOf } from '#domain/reach.ts';
import { type Locale, localeOf } from '#domain/shop.ts';
import { zoneOf } from '#domain/zone.ts';
import { aheadOf } from './ahead.ts';
import { letter, outgoing } from './letter.ts';
import type { Candidate, Content } from './mind.ts';
import { type Deciding, decisionRow, isOf, moveFrom, viewer } from './moves.ts';
import { channelOf, flagsOf, priceOf } from './shared.ts';

/** A message whose ledger row is `submitting`: now, and only now, it may go to the channel. */
export interface Sending {
  deciding: Deciding;
  candidate: Candidate;
  messageId: string;
  /** Null where no message could be made for the channel: then it counts as refused, and the cascade goes on. */
  message: OutgoingMessage | null;
}

/** Renders (pure and quick, so that the lock may be held meanwhile), then takes the ledger row and its lease. */
export async function reserve(
  trx: PipelinedTrx,
  deciding: Deciding,
  candidate: Candidate,
  content: Content,
  passedOver: Partial<Record<ChannelName, string>>,
): Promise<Sending> {
  const { facts, situation, now, request } = deciding;
  const { block, message } = candidate;
  const earlier = facts.sent.find((sent) => isOf(sent, candidate, request.channel));
  const id = earlier?.id ?? candidate.id ?? newId(now);
  const locale = localeOf(facts.customer.locale, situation.shop);
  const { shop } = situation;
  const of = {
    id,
    runId: request.runId,
    journey: request.journey,
    template: message,
    channel: request.channel,
    locale,
  };
  const flags = flagsOf(deciding.mind, message);
  const rendered = letter(deciding.deps, { ...of, flags, shop, firstName: facts.customer.firstName }, content);
  const submission = submissionOf(deciding, candidate, id, locale, rendered?.links ?? [], shownBy(content, candidate));
  const decision = decisionRow(deciding, candidate, { decision: 'send', reason: 'ok' }, id, { passedOver });
  const move = moveTo(deciding, candidate);
  const givesBack = facts.sent.some((sent) => sent.state === 'reserved' && sent.id !== id);
  const isNew = earlier === undefined;
  await trx.last(() => beginSubmitting(trx, submission, { move, decision, at: now, givesBack, isNew }));
  return {
    deciding: { ...deciding, facts: { ...facts, run: { ...facts.run, block } } },
    candidate,
    messageId: id,
    message: rendered && outgoing({ contact: facts.contact, shop }, submission, rendered),
  };
}

/** The run stays where it is until the channel has answered; null where it stands there already, and nothing is new to it. */
function moveTo(deciding: Deciding, candidate: Candidate): Move | null {
  const { facts, now, request } = deciding;
  const { block, iteration, progress } = candidate;
  const isThere = facts.run.block === block && iteration === 1 && facts.run.readSeq === facts.activitySeq;
  if (isThere && isDeepStrictEqual(progress, facts.run.progress)) return null;
  const here = { block, iteration, until: now.getTime(), upcoming: candidate, channel: request.channel };
  const staying = { ask: null, answer: null, left: null, ...aheadOf(viewer(deciding), here) };
  return { ...moveFrom(deciding, block, iteration), ...staying, progress };
}

function submissionOf(
  { deps, facts, mind, request, situation }: Deciding,
  candidate: Candidate,
  id: string,
  locale: Locale,
  links: string[],
  shown: string[],
): Submission {
  const { journey, channel, customerId, runId } = request;
  return {
    id,
    customerId,
    runId,
    journey,
    block: candidate.block,
    iteration: candidate.iteration,
    channel,
    template: candidate.message,
    locale,
    class: mind.contract.class,
    flags: flagsOf(mind, candidate.message),
    settingsVersion: facts.run.settingsVersion,
    address: reachOf(facts.contact, channel).address,
    goods: candidate.refs,
    shown,
    links,
    dueAt: new Date(candidate.firstDue),
    leaseMs,
    provider: channelOf(deps, channel).provider,
    price: priceOf(situation.shop, channel),
    zone: zoneOf({ ...facts.customer, phone: facts.contact.phone }, situation.shop).zone,
  };
}

/** What the next messages may be asked not to show again. */
function shownBy({ goods, more }: Content, { refs }: Candidate): string[] {
  return [...goods, ...more].map(({ id }) => id).filter((id) => !refs.includes(id));
}
