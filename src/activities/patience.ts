import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/activity';
import { leaseMs } from '#domain/ledger.ts';

/** Wall time after a lease was taken during which its owner may still rely on it. */
const patienceMs = (leaseMs * 2) / 3;

/** What became of a submission is known to its worker alone: while the lease that was taken at `leasedAt` (wall epoch ms)
 *  lives, a database that is away is waited for. `write` may be repeated; a failure that is an answer is not. */
export async function untilWritten<T>(leasedAt: number, write: () => Promise<T>): Promise<T> {
  for (let pause = 100; ; pause = Math.min(pause * 2, 2_000)) {
    try {
      return await write();
    } catch (error) {
      if (error instanceof ApplicationFailure || Date.now() + pause > leasedAt + patienceMs) throw error;
      await sleep(pause);
    }
  }
}
