import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** Reserved but not ordered (J10): a day after the offer other items, a day later a promo code; an order ends it. */
export function reservationFollowup(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
