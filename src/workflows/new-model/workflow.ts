import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** A new model: its owner of the old one hears of it; an order before that ends it. */
export async function newModel(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
