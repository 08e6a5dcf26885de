import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** Replenishment (J14): what is running out, in one message, and a reminder where the shop wants one; that it is bought ends it. */
export async function replenishment(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
