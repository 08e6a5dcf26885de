import { type Kysely, sql } from 'kysely';
import type { ContactClass, Next } from '#domain/journey.ts';
import type { DecisionReason, NotEnteredReason } from '#domain/reasons.ts';
import { type DecisionRow, decisionInsert, json, type PlanRow } from './moves.ts';
import type { DB } from './schema.ts';
import { statement } from './statement.ts';

export interface NewRun {
  id: string;
  workflowId: string;
  journey: string;
  class: ContactClass;
  key: string;
  customerId: string;
  settingsVersion: number;
  triggerAt: Date;
  enteredAt: Date;
  readSeq: number;
  progress: unknown;
  next: Next;
  plan: PlanRow | null;
  excludesBulk: boolean;
}

const planJson = (plan: PlanRow | null) => sql`${plan === null ? null : JSON.stringify(plan)}::jsonb`;

/** Opens a run and its first block. Under the customer's lock; a second live run of a workflow id violates `runs_live`. */
export async function insertRun(db: Kysely<DB>, run: NewRun): Promise<void> {
  await sql`
    with entered as (
      insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq,
        progress, block, due_at, plan, excludes_bulk)
      values (${run.id}, ${run.workflowId}, ${run.journey}, ${run.class}, ${run.key}, ${run.customerId}, ${run.settingsVersion},
        ${run.triggerAt}, ${run.enteredAt}, ${run.readSeq}, ${JSON.stringify(run.progress ?? {})}::jsonb,
        ${run.next.block}, ${new Date(run.next.due)}, ${planJson(run.plan)}, ${run.excludesBulk})
    )
    insert into run_blocks (run_id, block, iteration, entered_at)
    values (${run.id}, ${run.next.block}, ${run.next.iteration}, ${run.enteredAt})`.execute(db);
}

/** Counts somebody who met the trigger and did not enter (V2, holes). */
export async function countNotEntered(
  db: Kysely<DB>,
  entry: { journey: string; key: string; customerId: string; reason: NotEnteredReason; at: Date },
): Promise<void> {
  await sql`
    insert into not_entered (journey, key, customer_id, reason, first_at, last_at)
    values (${entry.journey}, ${entry.key}, ${entry.customerId}, ${entry.reason}, ${entry.at}, ${entry.at})
    on conflict (journey, key, customer_id, reason) do update set
      last_at = greatest(not_entered.last_at, excluded.last_at), times = not_entered.times + 1`.execute(db);
}

/** The planned contact of a run that goes on waiting. */
export async function planAgain(db: Kysely<DB>, runId: string, plan: PlanRow | null): Promise<void> {
  await sql`update runs set plan = ${planJson(plan)} where id = ${runId} and ended_at is null`.execute(db);
}

/** Closes a run: whoever waited in a block dropped out there, or passed it where that was the end, and what was reserved is given back. What a worker died of
 *  submitting before the run was cancelled may have been sent: nobody tries it again. */
export async function closeRun(db: Kysely<DB>, run: Closing['run'], decision: DecisionRow | null): Promise<void> {
  await closing(db, { run, decision });
}

interface Closing {
  run: { id: string; at: Date; outcome: DecisionReason; answer: unknown };
  decision: DecisionRow | null;
}

const closing = statement<Closing>((give) => {
  const of = <T>(take: (run: Closing['run']) => T) => give(({ run }) => take(run));
  const [id, at, outcome] = [of((run) => run.id), of((run) => run.at), of((run) => run.outcome)];
  return sql`
    with closed as (
      update runs set ended_at = ${at}, outcome = ${outcome}, answer = ${of(({ answer }) => json(answer))}::jsonb,
        block = null, due_at = null, plan = null
      where id = ${id}
    ), dropped as (
      update run_blocks set left_at = ${at}, result = case ${outcome}::text when 'completed' then 'passed' else 'dropped' end, reason = ${outcome}
      where run_id = ${id} and left_at is null
    ), decided as (${decisionInsert(
      give,
      ({ decision }) => decision,
      ({ run }) => run.at,
    )})
    update messages set state = case state when 'reserved' then 'dropped' else 'unknown' end, reason = ${outcome}
    where run_id = ${id} and state in ('reserved', 'submitting')`;
});
