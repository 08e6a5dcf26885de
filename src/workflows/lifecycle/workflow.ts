import { patched } from '@temporalio/workflow';
import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/**
 * The year after a purchase (J11): what goes with it, a review, the time to top up, news, a small code and a bigger one. The next
 * order is the goal, up to the end of the year; an order that was cancelled or given back is not followed.
 */
export async function lifecycle(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  // Whom closing does not end is asked again, in the way of all journeys.
  for (let mayClose = true; ; mayClose = false) {
    while (await run.nextIsDue()) {
      // Nothing is said at the end of the year, so nobody is asked either. The first version asked.
      if (mayClose && run.hasWaitedIn('rest-of-year') && patched('closes-unasked')) break;
      await run.deliver();
    }
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
