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
  /** Whom it was started for; a merge gives the run, but not its workflow, to another. */
  customerId: string;
  key: string;
}

/** Live runs whose next step was due before `before` (business time), longest overdue first, then those between two
 *  waits, which no workflow takes long over. */
export async function overdueRuns(db: Kysely<DB>, before: Date, limit: number): Promise<OverdueRun[]> {
  return db
    .selectFrom('runs')
    .select(['workflow_id as workflowId', 'journey', 'key'])
    .select(sql<string>`split_part(workflow_id, ':', 2)`.as('customerId'))
    .where('ended_at', 'is', null)
    .where((eb) => eb.or([eb('due_at', '<', before), eb('due_at', 'is', null)]))
    .orderBy('due_at')
    .limit(limit)
    .execute();
}
