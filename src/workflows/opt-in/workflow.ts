import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** One letter that asks whether it was really them who subscribed. Its button leads to a page, whose button confirms. */
export function optIn(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
