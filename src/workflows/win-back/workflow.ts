import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** Win-back (J13): this quarter's special offer; an order before it goes ends it. */
export function winBack(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
