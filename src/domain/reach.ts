import type { MessageFlags } from './journey.ts';
import type { ShopSettings } from './shop.ts';

/** What is known of one address of a customer. */
export interface Reach {
  address: string | null;
  /** The newest word on advertising for the channel, null where nothing was ever said. */
  consent: 'granted' | 'denied' | null;
  /** `unsubscribed`: its owner had said so before they were erased. */
  suppressed: 'bounced' | 'complained' | 'blocked' | 'unsubscribed' | null;
}

/** Why somebody may not be written to, or null (`semantics.md`, Reachable). A complaint stops advertising only; so does the
 *  no of an owner before, until this one says yes. */
export function unreachableBecause(reach: Reach, kind: MessageFlags['kind'], shop: ShopSettings): string | null {
  if (reach.address === null) return 'no_address';
  const { suppressed } = reach;
  if (kind === 'service') return suppressed === 'complained' || suppressed === 'unsubscribed' ? null : suppressed;
  if (suppressed !== null && !(suppressed === 'unsubscribed' && reach.consent === 'granted')) return suppressed;
  if (reach.consent === 'denied') return 'unsubscribed';
  return reach.consent === null && shop.consent.email === 'explicit' ? 'no_consent' : null;
}
