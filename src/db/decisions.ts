import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import type { DB } from './schema.ts';

type Any = Db | Transaction<DB>;

/** A line of the decision ledger, as the open API shows it (`interfaces.md`). */
export interface DecisionView {
  id: string;
  at: Date;
  customerId: string;
  journey: string;
  runId: string | null;
  step: string;
  iteration: number;
  channel: string | null;
  decision: string;
  reason: string;
  until: Date | null;
  messageId: string | null;
  details: Record<string, unknown>;
}

/** Which decisions are asked for; what is left out is any. */
export interface About {
  journey?: string | undefined;
  /** A message or a block. */
  message?: string | undefined;
  /** Half-open. */
  from?: Date | undefined;
  to?: Date | undefined;
}

/** Newest first, those before the cursor (time, id). */
export function listDecisions(
  db: Any,
  customerIds: readonly string[],
  before: readonly [Date, string] | null,
  limit: number,
  { journey, message, from, to }: About = {},
): Promise<DecisionView[]> {
  let query = db
    .selectFrom('decisions')
    .select(['id', 'at', 'customer_id as customerId', 'journey', 'run_id as runId', 'block as step', 'iteration'])
    .select(['channel', 'decision', 'reason', 'until', 'message_id as messageId'])
    .select(sql<Record<string, unknown>>`details`.as('details'))
    .where('customer_id', 'in', customerIds);
  if (before) query = query.where(sql<boolean>`(at, id) < (${before[0]}, ${before[1]}::uuid)`);
  if (journey !== undefined) query = query.where('journey', '=', journey);
  if (message !== undefined) query = query.where(sql<boolean>`${message} in (block, details->>'message')`);
  if (from !== undefined) query = query.where('at', '>=', from);
  if (to !== undefined) query = query.where('at', '<', to);
  return query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}
