import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** Item events (J15): collects what is back in stock or cheaper, and tells of it in one message; that it is bought ends it. */
export function itemEvent(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
