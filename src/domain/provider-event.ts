import type { ChannelName } from './journey.ts';
import type { Visitor } from './opens.ts';

/**
 * What a provider tells of a message or an address, in our words. Statuses only move forward, so repeats and any order are
 * harmless (`semantics.md`, Ledger).
 *
 * `delivered`; `read` (messengers say so; a person's open); `opened` and `clicked` by the provider's own tracking; `failed`: did
 * not arrive, for this message only; `bounced`: the address does not exist; `blocked`: its owner blocks us; `complained`: called it
 * spam; `stopped`: wants no advertising here any more;
 * `wrote`: wrote to us, whatever it was.
 */
export const providerEventKinds = [
  'delivered',
  'read',
  'opened',
  'clicked',
  'failed',
  'bounced',
  'blocked',
  'complained',
  'stopped',
  'wrote',
] as const;

export interface ProviderEvent {
  kind: (typeof providerEventKinds)[number];
  /** By this a repeat is known, within one provider. Built from the provider's own id where it has one. */
  key: string;
  channel: ChannelName;
  /** Our ledger's id, where the provider gives it back; else the id by which the provider took the message; null for a word of
   *  an address about no message of ours. */
  message: { id: string } | { providerId: string } | null;
  /** Where it is known: what `bounced`, `blocked`, `complained` and `stopped` are about when there is no message. */
  address: string | null;
  /** Epoch milliseconds on the wall; null: now. */
  at: number | null;
  /** Of `opened` and `clicked`. */
  by: Visitor | null;
  /** The provider's words, without addresses. */
  reason: string | null;
}
