import type { Device, SubmitResult } from '#channels/channel.ts';

/** What became of one message on one device. `gone`: it takes nothing any more. */
export type DeviceOutcome =
  | Exclude<SubmitResult, { result: 'refused' }>
  | { result: 'refused' | 'gone'; reason: string };

/**
 * Sends to all devices at once: one contact, however many screens it lights up on. Taken for one is taken; where none took it,
 * a doubt is a doubt; what may be tried again is; only where nothing else is left it is refused. A device that takes nothing
 * any more is no reason not to write to the customer again, so nothing is suppressed.
 */
export async function sendToAll(
  devices: readonly Device[],
  send: (device: Device) => Promise<DeviceOutcome>,
): Promise<SubmitResult> {
  const outcomes = await Promise.all(devices.map(send));
  const gone = devices.filter((_, index) => outcomes[index]?.result === 'gone').map(({ address }) => address);
  return { ...resultOf(outcomes), ...(gone.length > 0 && { gone }) };
}

function resultOf(outcomes: readonly DeviceOutcome[]): SubmitResult {
  const taken = outcomes.find((one) => one.result === 'accepted');
  if (taken) return { result: 'accepted', providerId: taken.providerId };
  const unclear = outcomes.find((one) => one.result === 'unknown');
  if (unclear) return { result: 'unknown', reason: unclear.reason };
  const waiting = outcomes.filter((one) => one.result === 'later');
  const [first] = waiting;
  if (first) return { result: 'later', reason: first.reason, retryAfterMs: longest(waiting) };
  // A device that is there and refused says more than those that are gone.
  const reasons = (result: 'refused' | 'gone') =>
    outcomes.flatMap((one) => (one.result === result ? [one.reason] : []));
  const [reason = 'there is no device'] = [...reasons('refused'), ...reasons('gone')];
  return { result: 'refused', reason, suppress: null };
}

/** Asked again too early, a push service asks for more patience yet. */
function longest(waiting: readonly { retryAfterMs: number | null }[]): number | null {
  const given = waiting.flatMap(({ retryAfterMs }) => (retryAfterMs === null ? [] : [retryAfterMs]));
  return given.length === 0 ? null : Math.max(...given);
}
