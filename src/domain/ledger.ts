/** `reserved → submitting → accepted → delivered | failed`, or `unknown`; `dropped` never went. */
export const messageStates = [
  'reserved',
  'submitting',
  'accepted',
  'delivered',
  'failed',
  'unknown',
  'dropped',
] as const;
export type MessageState = (typeof messageStates)[number];

/** States that take a slot of the contact policy (`semantics.md`, Policy). */
export const countingStates = [
  'reserved',
  'submitting',
  'accepted',
  'delivered',
  'unknown',
] as const satisfies MessageState[];

/** States that will not change the decision any more: who asks again gets the same answer. */
export const finalStates = ['accepted', 'delivered', 'failed', 'unknown', 'dropped'] as const satisfies MessageState[];

export function isFinal(state: MessageState): boolean {
  return (finalStates as readonly MessageState[]).includes(state);
}

/** Wall time that a `submitting` row is nobody else's: longer than any channel's time limit for one submission. */
export const leaseMs = 90_000;
