import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from '#workflows/lifecycle/contract.ts';

export * from '#workflows/index.ts';

/** `lifecycle` as it was when the histories `first-version-…` were recorded. */
export async function lifecycle(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
