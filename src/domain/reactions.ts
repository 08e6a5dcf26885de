/** Messages that a provider took, and those of them that a person opened or clicked. */
export interface Reactions {
  sent: number;
  reacted: number;
}

/** As so many messages of the customer's own the channel's average counts: after ten of their own, both count the same. */
export const priorMessages = 10;

/** Before a channel has a history one message in ten is taken to find a reaction. */
export const unknown: Reactions = { sent: 10, reacted: 1 };

/** The chance that a customer reacts to a message on a channel, in words of statistics: the mean of a beta-binomial whose
 *  prior is the channel's average and weighs `priorMessages`. Between their own rate and the average, never 0 or 1. */
export function reactionChance(own: Reactions, average: Reactions): number {
  return (reactedOf(own) + priorMessages * averageChance(average)) / (own.sent + priorMessages);
}

/** A channel's average, which `unknown` keeps off 0 and 1. */
export function averageChance(average: Reactions): number {
  return (reactedOf(average) + unknown.reacted) / (average.sent + unknown.sent);
}

function reactedOf({ sent, reacted }: Reactions): number {
  return Math.min(sent, reacted);
}
