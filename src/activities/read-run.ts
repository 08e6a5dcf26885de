import type { Db } from '#db/connect.ts';
import type { Facts } from '#db/facts.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import { underLock } from '#db/under-lock.ts';
import type { RunRequest } from '#domain/journey.ts';
import { profileOfKey } from '#domain/occasions.ts';
import { mindOf } from './shared.ts';

/** Facts of a run that is surely there. */
export type RunRead = Facts & { run: NonNullable<Facts['run']> };

/** Takes the customer's lock, and then the facts of a run that was entered; null where the customer was erased, and the run with
 *  them. Commits what `act` writes. */
export function underRunLock<T>(
  db: Db,
  { customerId, journey, key, runId }: RunRequest,
  now: Date,
  act: (trx: PipelinedTrx, facts: RunRead | null) => Promise<T>,
): Promise<T> {
  const request = { customerId, journey, key, profile: profileOfKey(key), run: { id: runId }, now };
  return underLock(db, request, async (trx, read) => {
    if (read === null || read.run === null) return act(trx, null);
    const { load } = mindOf(journey);
    const facts = load === undefined ? read : await load(trx, read, key);
    return act(trx, { ...facts, run: read.run });
  });
}
