import type { Trx } from '#db/connect.ts';
import { type Facts, lockAndRead } from '#db/facts.ts';
import type { RunRequest } from '#domain/journey.ts';
import { profileOfKey } from '#domain/occasions.ts';
import { mindOf } from './shared.ts';

/** Facts of a run that is surely there. */
export type RunRead = Facts & { run: NonNullable<Facts['run']> };

/** Takes the customer's lock, and then the facts of a run that was entered; null where the customer was erased, and the run with them. */
export async function lockAndReadRun(
  trx: Trx,
  { customerId, journey, key, runId }: RunRequest,
  now: Date,
): Promise<RunRead | null> {
  const request = { customerId, journey, key, profile: profileOfKey(key), run: { id: runId }, now };
  const read = await lockAndRead(trx, request);
  if (read === null || read.run === null) return null;
  const { load } = mindOf(journey);
  const facts = load === undefined ? read : await load(trx, read, key);
  return { ...facts, run: read.run };
}
