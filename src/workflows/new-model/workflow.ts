import type { Entry, Outcome } from '#domain/journey.ts';
import { follow } from '#workflows/kit/run.ts';
import { contract } from './contract.ts';

/** A new model: its owner of the old one hears of it; an order before that ends it. */
export function newModel(entry: Entry): Promise<Outcome> {
  return follow(contract, entry);
}
