import { type Kysely, sql } from 'kysely';
import type { DB } from './schema.ts';

/** Forgets de-duplication keys older than `days` of wall time, a batch at a time so that intake never waits for long.
 *  Returns how many it forgot; call again until it is 0. */
export async function pruneEventKeys(db: Kysely<DB>, days: number, batch = 10_000): Promise<number> {
  const { numAffectedRows } = await sql`
    delete from event_keys where hash in (
      select hash from event_keys where seen_at < now() - make_interval(days => ${days}) order by hash limit ${batch}
      for update skip locked)`.execute(db);
  return Number(numAffectedRows ?? 0);
}

export interface OverdueRun {
  workflowId: string;
  journey: string;
  customerId: string;
  key: string;
}

/** Live runs whose next step was due before `before` (business time), longest overdue first. */
export async function overdueRuns(db: Kysely<DB>, before: Date, limit: number): Promise<OverdueRun[]> {
  return db
    .selectFrom('runs')
    .select(['workflow_id as workflowId', 'journey', 'customer_id as customerId', 'key'])
    .where('ended_at', 'is', null)
    .where('due_at', '<', before)
    .orderBy('due_at')
    .limit(limit)
    .execute();
}
