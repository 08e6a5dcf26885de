import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import { fateOf, findRequest } from './message-requests.ts';
import type { DB } from './schema.ts';

type Any = Db | Transaction<DB>;

/** A row of the ledger, as the open API shows it (`interfaces.md`). No address: it is the customer's profile that has one. */
export interface MessageRow {
  id: string;
  customerId: string;
  journey: string;
  runId: string | null;
  step: string;
  iteration: number;
  channel: string;
  template: string;
  locale: string;
  class: string;
  kind: string;
  state: string;
  reason: string | null;
  dueAt: Date;
  reservedAt: Date;
  acceptedAt: Date | null;
  deliveredAt: Date | null;
  openedAt: Date | null;
  openedBy: string | null;
  clickedAt: Date | null;
  unsubscribedAt: Date | null;
  complainedAt: Date | null;
  failedAt: Date | null;
  failedReason: string | null;
  goods: string[];
}

export interface MessageFilter {
  /** A customer and those merged into it. */
  customerIds?: readonly string[];
  journey?: string;
  state?: string;
}

/** Newest first, those before the id `before`. By id, which has the time of reservation in it: its index serves any filter. */
export function listMessages(
  db: Any,
  filter: MessageFilter,
  before: string | null,
  limit: number,
): Promise<MessageRow[]> {
  let query = selectMessages(db);
  if (filter.customerIds) query = query.where('customer_id', 'in', filter.customerIds);
  if (filter.journey !== undefined) query = query.where('journey', '=', filter.journey);
  if (filter.state !== undefined) query = query.where('state', '=', filter.state);
  if (before !== null) query = query.where('id', '<', before);
  return query.orderBy('id', 'desc').limit(limit).execute();
}

/** Of these customers, newest first, those before (time, id). */
export function messagesOf(
  db: Any,
  customerIds: readonly string[],
  before: readonly [Date, string] | null,
  limit: number,
): Promise<MessageRow[]> {
  let query = selectMessages(db).where('customer_id', 'in', customerIds);
  if (before) query = query.where(sql<boolean>`(reserved_at, id) < (${before[0]}, ${before[1]}::uuid)`);
  return query.orderBy('reserved_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

export async function findMessage(db: Any, id: string): Promise<MessageRow | null> {
  return (await selectMessages(db).where('id', '=', id).executeTakeFirst()) ?? null;
}

/** A transactional send that has no row in the ledger: `reserved` while its run is to come, `dropped` where nothing came of it. */
export async function requestedMessage(db: Any, id: string): Promise<MessageRow | null> {
  const request = await findRequest(db, id);
  if (request === null) return null;
  const { reason, runId } = await fateOf(db, id);
  const { customerId, template, cascade, locale, requestedAt } = request;
  const nothingYet = { acceptedAt: null, deliveredAt: null, openedAt: null, openedBy: null, clickedAt: null };
  return {
    ...{ id, customerId, runId, template, reason, ...nothingYet, unsubscribedAt: null, complainedAt: null },
    ...{ journey: 'message', step: 'send', iteration: 1, class: 'service', kind: 'service', goods: [] },
    channel: cascade.channels[0]?.channel ?? 'email',
    locale: locale ?? '',
    state: reason === null ? 'reserved' : 'dropped',
    dueAt: requestedAt,
    reservedAt: requestedAt,
    failedAt: null,
    failedReason: null,
  };
}

/** The columns of `MessageRow`. */
export function selectMessages(db: Any) {
  return db
    .selectFrom('messages')
    .select(['id', 'customer_id as customerId', 'journey', 'run_id as runId', 'block as step', 'iteration', 'channel'])
    .select(['template', 'locale', 'class', 'kind', 'state', 'reason', 'due_at as dueAt', 'reserved_at as reservedAt'])
    .select([
      'accepted_at as acceptedAt',
      'delivered_at as deliveredAt',
      'opened_at as openedAt',
      'opened_by as openedBy',
    ])
    .select(['clicked_at as clickedAt', 'unsubscribed_at as unsubscribedAt', 'complained_at as complainedAt'])
    .select(['failed_at as failedAt', 'failed_reason as failedReason', 'goods']);
}
