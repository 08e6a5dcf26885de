import { type Kysely, sql } from 'kysely';
import type { ChannelName, ContactClass } from '#domain/journey.ts';
import { countingStates, type MessageState } from '#domain/ledger.ts';
import { type Contact, longestWindowDays, type PolicySettings } from '#domain/policy.ts';
import type { About } from './decisions.ts';
import { type MessageRow, selectMessages } from './messages.ts';
import type { DB } from './schema.ts';

/** Why a customer got a message or did not: what there is beside the decisions. */

/** A message that takes a slot, or took one until it failed. */
export interface ContactRow extends Omit<Contact, 'channels'> {
  channel: ChannelName;
  class: ContactClass;
  journey: string;
  step: string;
  state: MessageState;
  failedAt: Date | null;
}

/** Messages that counted for the contact policy at some time from `from` to `to`, with what was sent in the longest window before. */
export async function contactRows(
  db: Kysely<DB>,
  customerIds: readonly string[],
  from: Date,
  to: Date,
): Promise<ContactRow[]> {
  const { rows } = await sql<ContactRow>`
    select coalesce(run_id || ':' || block || ':' || iteration, id::text) as key, reserved_at as at, class, channel,
      run_id as "runId", sale, journey, block as step, state, failed_at as "failedAt"
    from messages where customer_id = any(${[...customerIds]}::uuid[]) and counts
      and (state = any(${[...countingStates]}::text[]) or failed_at is not null)
      and reserved_at > ${from}::timestamptz - make_interval(days => ${longestWindowDays + 1}) and reserved_at <= ${to}
    order by reserved_at`.execute(db);
  return rows;
}

export interface NamedContact extends Contact {
  journey: string;
  step: string;
}

/** The contacts that counted at an instant, oldest first: a step is one, whatever channels it used. */
export function contactsAt(rows: readonly ContactRow[], instant: Date): NamedContact[] {
  const counted = rows.filter(
    ({ at, state, failedAt }) =>
      at <= instant &&
      ((countingStates as readonly MessageState[]).includes(state) || (failedAt !== null && failedAt > instant)),
  );
  return [...Map.groupBy(counted, ({ key }) => key).values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    const { channel: _, state: __, failedAt: ___, ...contact } = first;
    return [{ ...contact, channels: same.map(({ channel }) => channel), sale: same.some(({ sale }) => sale) }];
  });
}

/** Versions of the contact policy, newest first, with when each came to hold. */
export function policyVersions(db: Kysely<DB>): Promise<{ at: Date; value: PolicySettings }[]> {
  return db
    .selectFrom('settings')
    .select(['created_at as at', sql<PolicySettings>`value`.as('value')])
    .where('name', '=', 'policy')
    .orderBy('version', 'desc')
    .limit(500)
    .execute();
}

/** Of these customers, newest first. */
export function messagesAbout(
  db: Kysely<DB>,
  customerIds: readonly string[],
  { journey, message, from, to }: About,
  limit: number,
): Promise<MessageRow[]> {
  let query = selectMessages(db).where('customer_id', 'in', customerIds);
  if (journey !== undefined) query = query.where('journey', '=', journey);
  if (message !== undefined) query = query.where(sql<boolean>`${message} in (block, template)`);
  if (from !== undefined) query = query.where('reserved_at', '>=', from);
  if (to !== undefined) query = query.where('reserved_at', '<', to);
  return query.orderBy('reserved_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

export interface MissedRow {
  journey: string;
  key: string;
  reason: string;
  firstAt: Date;
  lastAt: Date;
  times: number;
}

/** When these customers met a trigger and did not enter, the newest first. */
export function missedBy(
  db: Kysely<DB>,
  customerIds: readonly string[],
  { journey, from, to }: About,
  limit: number,
): Promise<MissedRow[]> {
  let query = db
    .selectFrom('not_entered')
    .select(['journey', 'key', 'reason', 'first_at as firstAt', 'last_at as lastAt', 'times'])
    .where('customer_id', 'in', customerIds);
  if (journey !== undefined) query = query.where('journey', '=', journey);
  if (from !== undefined) query = query.where('last_at', '>=', from);
  if (to !== undefined) query = query.where('first_at', '<', to);
  return query.orderBy('last_at', 'desc').orderBy('journey').orderBy('reason').limit(limit).execute();
}

export interface PastRun {
  runId: string;
  journey: string;
  key: string;
  enteredAt: Date;
  endedAt: Date | null;
  outcome: string | null;
}

/** Runs that were under way in the time, the newest first. */
export function runsAbout(
  db: Kysely<DB>,
  customerIds: readonly string[],
  { journey, from, to }: About,
  limit: number,
): Promise<PastRun[]> {
  let query = db
    .selectFrom('runs')
    .select(['id as runId', 'journey', 'key', 'entered_at as enteredAt', 'ended_at as endedAt', 'outcome'])
    .where('customer_id', 'in', customerIds);
  if (journey !== undefined) query = query.where('journey', '=', journey);
  if (from !== undefined) query = query.where(sql<boolean>`coalesce(ended_at, 'infinity') >= ${from}`);
  if (to !== undefined) query = query.where('entered_at', '<', to);
  return query.orderBy('entered_at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}
