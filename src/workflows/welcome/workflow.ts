import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/**
 * Welcome (J1, J2): newcomers are told how the shop works, a question a day, people and companies each in their own way. No bulk
 * comes in between. The first order ends what sells; what teaches goes on, where the shop wants it.
 */
export function welcome(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
