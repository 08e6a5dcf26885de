import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** One step of one order, told once and at once. */
export function orderConfirmation(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
