import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** Replenishment (J14): what is running out, in one message, and a reminder where the shop wants one; that it is bought ends it. */
export function replenishment(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
