import type { Db } from './connect.ts';
import { type Facts, type FactsRequest, readAllFacts } from './facts.ts';
import { lockCustomers } from './locks.ts';
import { perPool } from './per-pool.ts';
import { inOrder } from './pipeline.ts';
import { SharedTransactions } from './shared-transaction.ts';
import { type PipelinedTrx, pipelined } from './transaction.ts';

/**
 * Takes a customer's lock, reads the facts that stand behind it (null: there is no such customer), and commits what `act` writes.
 * Those who ask at the same time share a transaction. `act` may be asked a second time, when the first came to nothing.
 */
export function underLock<T>(
  db: Db,
  request: FactsRequest,
  act: (trx: PipelinedTrx, facts: Facts | null) => Promise<T>,
): Promise<T> {
  const alone = () =>
    pipelined(db, async (trx) => {
      const [facts = null] = await lockAndRead(trx, [request]);
      return act(trx, facts);
    });
  return sharedOn(db).run(request.customerId, request, act, alone);
}

async function lockAndRead(trx: PipelinedTrx, requests: readonly FactsRequest[]): Promise<(Facts | null)[]> {
  const ids = requests.map(({ customerId }) => customerId);
  const [, facts] = await inOrder([lockCustomers(trx, ids), readAllFacts(trx, requests)]);
  return facts;
}

const sharedOn = perPool((db) => new SharedTransactions(db, lockAndRead));
