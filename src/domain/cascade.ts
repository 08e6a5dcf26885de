import { durationMs } from './duration.ts';
import type { ChannelName } from './journey.ts';
import type { MessageState } from './ledger.ts';
import type { Visitor } from './opens.ts';

/** One step, several channels (R3): each is tried where the one before it did not do. */

export const advanceWhen = ['not_delivered', 'not_opened', 'not_clicked', 'no_goal'] as const;

/** A channel of a cascade: from here on to the next `after` its acceptance, if `advanceWhen` holds then. */
export interface ChannelStep {
  channel: ChannelName;
  advanceWhen: (typeof advanceWhen)[number];
  /** ISO 8601. */
  after: string;
}

export interface Cascade {
  /** `fixed`: as written. `auto`: cheapest expected reaction of this customer first. */
  order: 'fixed' | 'auto';
  channels: ChannelStep[];
}

export const emailOnly: Cascade = {
  order: 'fixed',
  channels: [{ channel: 'email', advanceWhen: 'not_opened', after: 'P1D' }],
};

/** What became of the step on a channel. Instants are business epoch ms. */
export interface Tried {
  channel: ChannelName;
  state: MessageState;
  /** When the provider took it, or when it was clear that it does not. */
  at: number;
  openedBy: Visitor | null;
  clicked: boolean;
}

/** Whose turn it is. `due`: since when, for `validFor`. `answered`: no other channel is wanted; `exhausted`: none is left. */
export type Turn =
  | { do: 'try'; channel: ChannelName; due: number | null }
  | { do: 'wait'; channel: ChannelName; until: number }
  | { do: 'end'; because: 'answered' | 'exhausted' };

/**
 * The next thing to do for a step. `passedOver`: channels that cannot be used for this customer now. The guard of a channel is
 * read when the next one's time has come, so waiting costs one timer; one that has failed hands over at once.
 */
export function turnOf(
  channels: readonly ChannelStep[],
  tried: readonly Tried[],
  passedOver: ReadonlySet<ChannelName>,
  now: number,
): Turn {
  let before: { step: ChannelStep; tried: Tried } | null = null;
  for (const step of channels) {
    const here = tried.find(({ channel }) => channel === step.channel);
    if (here !== undefined && !isUnderWay(here)) before = { step, tried: here };
    else if (passedOver.has(step.channel)) continue;
    else if (here !== undefined || before === null) return { do: 'try', channel: step.channel, due: null };
    else return after(before, step.channel, now);
  }
  return { do: 'end', because: before === null || hasFailed(before.tried) ? 'exhausted' : 'answered' };
}

function after({ step, tried }: { step: ChannelStep; tried: Tried }, channel: ChannelName, now: number): Turn {
  if (hasFailed(tried)) return { do: 'try', channel, due: tried.at };
  if (!mayAdvance(step, tried)) return { do: 'end', because: 'answered' };
  const due = tried.at + durationMs(step.after);
  return due > now ? { do: 'wait', channel, until: due } : { do: 'try', channel, due };
}

const isUnderWay = ({ state }: Tried) => state === 'reserved' || state === 'submitting';
const hasFailed = ({ state }: Tried) => state === 'failed' || state === 'dropped';

/** A program that loaded the pictures has read nothing: only people's opens stop a cascade. The goal is asked for at every
 *  decision, so `no_goal` has nothing to add. */
function mayAdvance({ advanceWhen: guard }: ChannelStep, { state, openedBy, clicked }: Tried): boolean {
  const opened = openedBy === 'human' || clicked;
  switch (guard) {
    case 'not_delivered':
      return state !== 'delivered' && !opened;
    case 'not_opened':
      return !opened;
    case 'not_clicked':
      return !clicked;
    case 'no_goal':
      return true;
  }
}

/** What one reaction may cost on a channel: `price` of a message ÷ `chance` that this customer reacts to it. */
export interface Odds {
  price: number;
  chance: number;
}

/** The order of a cascade for this customer: as written, or by the expected price of one reaction, the cheapest first; of equal
 *  ones the likelier, then as written. */
export function orderOf({ order, channels }: Cascade, odds: (channel: ChannelName) => Odds): ChannelStep[] {
  if (order === 'fixed') return channels;
  const priced = channels.map((step) => ({ step, ...odds(step.channel) }));
  return priced
    .toSorted((a, b) => a.price / a.chance - b.price / b.chance || b.chance - a.chance)
    .map(({ step }) => step);
}
