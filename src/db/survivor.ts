import { sql, type Transaction } from 'kysely';
import { workflowId } from '#domain/ids.ts';
import { resolveCustomer } from './customers.ts';
import { putOutbox } from './outbox.ts';
import type { DB } from './schema.ts';

/** Starts the journey for the customer whom this one was joined to, unless a run is live there: a merge starts those only that
 *  stand in the place of live runs. The relay's loop delivers it. */
export async function startForSurvivor(
  trx: Transaction<DB>,
  { journey, key, customerId, at }: { journey: string; key: string; customerId: string; at: Date },
): Promise<void> {
  const survivor = await resolveCustomer(trx, customerId);
  if (survivor === null || survivor.erasedAt !== null) return;
  const id = workflowId(journey, survivor.id, key);
  const live = await sql`select from runs where workflow_id = ${id} and ended_at is null`.execute(trx);
  if (live.rows.length > 0) return;
  const start = { workflow_id: id, signal: 'start', journey, customer_id: survivor.id, key };
  await putOutbox(trx, [{ ...start, reason: 'merged', occurred_at: at }]);
}
