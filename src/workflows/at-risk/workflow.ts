import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** At risk (J12): a promo code as they come into the stage, 14 days later a reminder that it is about to end; an order ends it. */
export async function atRisk(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
