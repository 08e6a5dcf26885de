import type { Entry, Outcome } from '#domain/journey.ts';
import { enter } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/**
 * Welcome (J1, J2): newcomers are told how the shop works, a question a day, people and companies each in their own way. No bulk
 * comes in between. The first order ends what sells; what teaches goes on, where the shop wants it.
 */
export async function welcome(entry: Entry): Promise<Outcome> {
  const run = await enter(contract, entry);
  for (;;) {
    while (await run.nextIsDue()) await run.deliver();
    const outcome = await run.finish();
    if (outcome !== null) return outcome;
  }
}
