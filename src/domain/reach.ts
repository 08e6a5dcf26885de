import type { MessageFlags } from './journey.ts';
import type { ShopSettings } from './shop.ts';

/** What is known of one address of a customer. */
export interface Reach {
  address: string | null;
  /** The newest word on advertising for the channel, null where nothing was ever said. */
  consent: 'granted' | 'denied' | null;
  suppressed: 'bounced' | 'complained' | 'blocked' | null;
}

/** Why somebody may not be written to, or null (`semantics.md`, Reachable). A complaint stops advertising only. */
export function unreachableBecause(reach: Reach, kind: MessageFlags['kind'], shop: ShopSettings): string | null {
  if (reach.address === null) return 'no_address';
  if (kind === 'service') return reach.suppressed === 'complained' ? null : reach.suppressed;
  if (reach.suppressed !== null) return reach.suppressed;
  if (reach.consent === 'denied') return 'unsubscribed';
  return reach.consent === null && shop.consent.email === 'explicit' ? 'no_consent' : null;
}
