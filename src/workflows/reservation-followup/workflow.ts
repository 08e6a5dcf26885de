import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** Reserved but not ordered (J10): a day after the offer other items, a day later a promo code; an order ends it. */
export async function reservationFollowup(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
