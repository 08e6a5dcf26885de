import { type ChannelStep, type Tried, type Turn, turnOf } from '#domain/cascade.ts';
import type { ChannelName } from '#domain/journey.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import type { UnreachableReason } from '#domain/reasons.ts';
import { aheadOf, channelsOf } from './ahead.ts';
import type { Candidate } from './mind.ts';
import { type Deciding, triedFor, viewer } from './moves.ts';
import { flagsOf } from './shared.ts';

/** Whose turn it is in the cascade of a step, and the channels that this customer cannot be reached on, with the reason. */
export interface CascadeTurn {
  turn: Turn;
  passedOver: Partial<Record<ChannelName, UnreachableReason>>;
}

/** `news`: what became of the step on a channel just now, before it stands in the ledger. */
export function cascadeTurn(deciding: Deciding, candidate: Candidate, news: Tried | null = null): CascadeTurn {
  const channels = channelsOf(viewer(deciding), candidate);
  const passedOver = unreachable(deciding, candidate, channels);
  const known = triedFor(deciding.facts.sent, candidate).filter(({ channel }) => channel !== news?.channel);
  const tried = news === null ? known : [...known, news];
  const turn = turnOf(channels, tried, new Set(Object.keys(passedOver) as ChannelName[]), deciding.now.getTime());
  return { turn, passedOver };
}

function unreachable({ facts, situation, mind }: Deciding, { message }: Candidate, channels: readonly ChannelStep[]) {
  const { kind } = flagsOf(mind, message);
  const { topic } = mind.contract;
  const reasons = channels.map(({ channel }) => {
    const reason = unreachableBecause(reachOf(facts.contact, channel, topic), kind, situation.shop);
    return [channel, reason] as const;
  });
  return Object.fromEntries(reasons.filter(([, reason]) => reason !== null)) as CascadeTurn['passedOver'];
}

/** The run stays in its step: the next channel's time has come, or is to come. */
export function nextChannel(deciding: Deciding, candidate: Candidate, turn: Exclude<Turn, { do: 'end' }>) {
  const { block, iteration } = candidate;
  const { channel } = turn;
  const until = turn.do === 'wait' ? turn.until : deciding.now.getTime();
  const heldBy = turn.do === 'wait' ? `then by ${channel}, if it is still needed` : `by ${channel}`;
  return aheadOf(viewer(deciding), { block, iteration, until, upcoming: candidate, channel, heldBy });
}
