import type { ChannelName } from './journey.ts';

/** Task queue of workflows and their short database activities. */
export const journeyQueue = 'journeys';

/** Task queue of a channel's sending, limited to its provider's rate across all workers. */
export function sendQueue(channel: ChannelName): string {
  return `send-${channel}`;
}
