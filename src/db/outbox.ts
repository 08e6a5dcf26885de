import { type Kysely, type Selectable, sql, type Transaction } from 'kysely';
import type { DB, Outbox } from './schema.ts';

/** A signal that a journey must get. Written in the transaction of what caused it. */
export type OutboxRow = Selectable<Outbox>;

/** How long a claim holds, wall seconds. Intake and the relay's loop use the same, so that what a killed process
 *  leaves behind is due again soon. */
export const claimSeconds = 10;

type Db = Kysely<DB> | Transaction<DB>;

export type NewOutboxRow = Pick<
  OutboxRow,
  'workflow_id' | 'signal' | 'journey' | 'customer_id' | 'key' | 'reason' | 'occurred_at'
>;

/** Puts signals down, claimed by the caller, who relays them after the commit. One that waits already is bumped: its
 *  delivery in flight then deletes nothing, and the newer cause is delivered too. */
export async function putOutbox(db: Db, rows: NewOutboxRow[]): Promise<OutboxRow[]> {
  if (rows.length === 0) return [];
  const ordered = rows.toSorted((a, b) => (a.workflow_id + a.signal < b.workflow_id + b.signal ? -1 : 1));
  const claimed_until = sql<Date>`now() + make_interval(secs => ${claimSeconds})`;
  return db
    .insertInto('outbox')
    .values(ordered.map((row) => ({ ...row, claimed_until })))
    .onConflict((conflict) =>
      conflict.columns(['workflow_id', 'signal']).doUpdateSet((eb) => ({
        seq: sql<number>`outbox.seq + 1`,
        reason: eb.ref('excluded.reason'),
        occurred_at: eb.ref('excluded.occurred_at'),
        claimed_until: eb.ref('excluded.claimed_until'),
        attempts: 0,
        last_error: null,
      })),
    )
    .returningAll()
    .execute();
}

/** Takes up to `limit` rows that are due, longest waiting first, and keeps others off them for `claimSeconds`. */
export async function claimOutbox(db: Db, limit: number): Promise<OutboxRow[]> {
  const { rows } = await sql<OutboxRow>`
    with due as (
      select id, claimed_until from outbox where claimed_until <= now()
      order by claimed_until limit ${limit} for update skip locked
    ), claimed as (
      update outbox set claimed_until = now() + make_interval(secs => ${claimSeconds})
      from due where outbox.id = due.id
      returning outbox.*, due.claimed_until as was_due
    )
    select * from claimed order by was_due`.execute(db);
  return rows;
}

/** Deletes what has been delivered, unless it was bumped since. A locked row is left alone, so that this waits for
 *  nobody and deadlocks with nobody: it is being bumped or claimed, and will be delivered once more. */
export async function deleteDelivered(db: Db, rows: readonly Pick<OutboxRow, 'id' | 'seq'>[]): Promise<void> {
  const ids = rows.map((row) => row.id);
  const seqs = rows.map((row) => row.seq);
  await sql`
    delete from outbox where id in (
      select o.id from outbox o
      join unnest(${ids}::bigint[], ${seqs}::int[]) as done (id, seq) on o.id = done.id and o.seq = done.seq
      for update of o skip locked
    )`.execute(db);
}

/** Leaves a row for another try after `delayMs` wall milliseconds. `error` names a kind of failure, nothing personal. */
export async function postpone(db: Db, row: OutboxRow, error: string, delayMs: number): Promise<void> {
  await db
    .updateTable('outbox')
    .set({
      attempts: sql`attempts + 1`,
      last_error: error.slice(0, 500),
      claimed_until: sql`now() + make_interval(secs => ${delayMs / 1000})`,
    })
    .where('id', '=', row.id)
    .where('seq', '=', row.seq)
    .execute();
}

export interface Backlog {
  waiting: number;
  failing: number;
  /** Age of the oldest row, wall seconds; 0 without rows. */
  oldestSeconds: number;
}

/** What waits to be relayed, for `/metrics`. */
export async function outboxBacklog(db: Db): Promise<Backlog> {
  const { rows } = await sql<Backlog>`
    select count(*)::int as waiting, count(last_error)::int as failing,
      coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "oldestSeconds"
    from outbox`.execute(db);
  return rows[0] ?? { waiting: 0, failing: 0, oldestSeconds: 0 };
}
