import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from '#workflows/lifecycle/contract.ts';

/** The change of today without `patched()`: what runs of the first version must be spared. */
export async function lifecycle(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while ((await run.nextIsDue()) && !run.hasWaitedIn('rest-of-year')) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
