import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** At risk (J12): a promo code as they come into the stage, 14 days later a reminder that it is about to end; an order ends it. */
export function atRisk(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
