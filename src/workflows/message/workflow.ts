import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** One message that somebody asked for. What it says and where it goes stands in the database, under the run's key. */
export function message(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
