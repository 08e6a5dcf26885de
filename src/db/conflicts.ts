import { type Kysely, sql } from 'kysely';
import type pg from 'pg';
import { survivorOf } from '#domain/identity.ts';
import { epochMs } from './instants.ts';
import { readParties } from './intake-read.ts';
import { mergeCustomers } from './merge.ts';
import type { OutboxRow } from './outbox.ts';
import { withClient } from './pipeline.ts';
import type { DB } from './schema.ts';

/** One of the two that claim an identity, as far as it helps to decide. */
export interface Claimant {
  id: string;
  /** Where they live on, if they were joined to another since. */
  mergedInto: string | null;
  userIds: string[];
  orders: number;
  createdAt: Date;
  lastSeenAt: Date | null;
}

/** Two customers claim one identity (`semantics.md`, Identities). */
export interface ConflictView {
  id: string;
  at: Date;
  kind: string;
  value: string;
  reason: string;
  holder: Claimant;
  claimant: Claimant;
  decision: string | null;
  decidedBy: string | null;
  resolvedAt: Date | null;
}

export interface ConflictFilter {
  isOpen?: boolean;
  customerId?: string;
  id?: string;
}

/** Newest first, those before `before`. */
export async function listConflicts(
  db: Kysely<DB>,
  { isOpen, customerId, id }: ConflictFilter,
  before: string | null,
  limit: number,
): Promise<ConflictView[]> {
  let query = db
    .selectFrom('identity_conflicts')
    .select(['id', 'at', 'kind', 'value', 'reason', 'decision', 'decided_by as decidedBy', 'resolved_at as resolvedAt'])
    .select([claimantOf('holder_id').as('holder'), claimantOf('claimant_id').as('claimant')]);
  if (isOpen !== undefined) query = query.where('resolved_at', isOpen ? 'is' : 'is not', null);
  if (id !== undefined) query = query.where('id', '=', id);
  if (customerId !== undefined)
    query = query.where((eb) => eb.or([eb('holder_id', '=', customerId), eb('claimant_id', '=', customerId)]));
  if (before !== null) query = query.where('id', '<', before);
  const rows = await query.orderBy('id', 'desc').limit(limit).execute();
  return rows.map(({ holder, claimant, ...row }) => ({
    ...row,
    holder: claimantIn(holder),
    claimant: claimantIn(claimant),
  }));
}

/** As PostgreSQL writes one; instants are epoch ms. */
interface Written extends Omit<Claimant, 'createdAt' | 'lastSeenAt'> {
  createdAt: number;
  lastSeenAt: number | null;
}

function claimantIn({ createdAt, lastSeenAt, ...rest }: Written): Claimant {
  return { ...rest, createdAt: new Date(createdAt), lastSeenAt: lastSeenAt === null ? null : new Date(lastSeenAt) };
}

const claimantOf = (column: 'holder_id' | 'claimant_id') => sql<Written>`(
  select json_build_object('id', c.id, 'mergedInto', c.merged_into, 'createdAt', ${epochMs(sql`c.created_at`)},
    'lastSeenAt', ${epochMs(sql`c.last_seen_at`)},
    'userIds', coalesce((select json_agg(value order by value) from identities i where i.customer_id = c.id and i.kind = 'user_id'), '[]'),
    'orders', (select count(*) from orders o where o.customer_id = c.id))
  from customers c where c.id = ${sql.ref(column)})`;

/** What a person says: the two are one (`into` says who stays), or they are not. */
export type Verdict = { decision: 'merge'; into?: string | undefined } | { decision: 'keep_apart' };

export type Decided =
  /** Signals of runs that pass to who stays, claimed for the caller to relay. */
  { result: 'decided'; rows: OutboxRow[] } | { result: 'not_found' | 'decided_before' | 'not_of_it'; rows?: never };

/** Decides a conflict, under both customers' locks. `at` is business time; `by` the name of whose key it is. */
export function decideConflict(
  pool: pg.Pool,
  id: string,
  verdict: Verdict,
  { at, by }: { at: Date; by: string },
): Promise<Decided> {
  return withClient(pool, async (client) => {
    await client.query('begin');
    const decided = await decide(client, id, verdict, at);
    if (decided.result === 'decided')
      await client.query({
        text: `update identity_conflicts set decision = $2, decided_by = $3, resolved_at = $4 where id = $1`,
        values: [id, verdict.decision === 'merge' ? 'merged' : 'kept_apart', by, at],
      });
    await client.query('commit');
    return decided;
  });
}

interface Row {
  holder_id: string;
  claimant_id: string;
  resolved_at: Date | null;
}

async function decide(client: pg.PoolClient, id: string, verdict: Verdict, at: Date): Promise<Decided> {
  const text = 'select holder_id, claimant_id, resolved_at from identity_conflicts where id = $1';
  const read = async () => (await client.query<Row>({ text, values: [id] })).rows[0];
  const before = await read();
  if (before === undefined) return { result: 'not_found' };
  const both = [before.holder_id, before.claimant_id];
  // In the order of ids, as intake does, so that nobody waits in a circle.
  await client.query({ text: 'select from customers where id = any($1) order by id for update', values: [both] });
  // A statement after the lock sees what was committed while this waited for it: others may have joined or erased them.
  const found = await read();
  if (found === undefined) return { result: 'not_found' };
  if (found.resolved_at !== null) return { result: 'decided_before' };
  if (!both.includes(found.holder_id) || !both.includes(found.claimant_id)) return decide(client, id, verdict, at);
  if (verdict.decision === 'keep_apart') return { result: 'decided', rows: [] };
  const into = verdict.into ?? (await survivor(client, both));
  if (!both.includes(into)) return { result: 'not_of_it' };
  const from = both.find((one) => one !== into) ?? into;
  const rows = await mergeCustomers(client, from, into, at);
  // No event says what they are now: segments look at them again.
  await client.query({ text: 'insert into customers_ceased (customer_id) values ($1)', values: [into] });
  return { result: 'decided', rows };
}

async function survivor(client: pg.PoolClient, ids: string[]): Promise<string> {
  const [one, other] = await readParties(client, ids);
  return one && other ? survivorOf(one, other).id : '';
}
