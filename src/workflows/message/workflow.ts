import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** One message that somebody asked for. What it says and where it goes stands in the database, under the run's key. */
export async function message(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
