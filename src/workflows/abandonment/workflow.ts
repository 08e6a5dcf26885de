import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/**
 * One abandonment journey instead of three (J3–J7). It waits until the customer has left, then speaks of the
 * strongest intent that is still true: cart, favourites, a viewed product, a category, or a visit in which nothing
 * was opened. Before each message it looks again: what was bought or sold out is not spoken of, a stronger intent
 * takes over, and a purchase ends it at once.
 */
export function abandonment(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
