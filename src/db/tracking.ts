import { type Kysely, sql } from 'kysely';
import type { Visitor } from '#domain/opens.ts';
import { newId } from './ids.ts';
import { ensureMonths } from './partitions.ts';
import type { DB } from './schema.ts';

/** What judging a visit takes. */
export interface TrackedMessage {
  id: string;
  /** When the provider took it, else when it was reserved: business time. */
  sentAt: Date;
  /** Where its links lead, by the index that a token carries. */
  links: string[];
}

export interface TrackedVisit {
  messageId: string;
  by: Visitor;
  userAgent: string | undefined;
  /** Business time. */
  at: Date;
}

/** Null where there is no such message. */
export async function trackedMessage(db: Kysely<DB>, messageId: string): Promise<TrackedMessage | null> {
  const row = await db
    .selectFrom('messages')
    .select(['id', 'links', sql<Date>`coalesce(accepted_at, reserved_at)`.as('sentAt')])
    .where('id', '=', messageId)
    .executeTakeFirst();
  return row ?? null;
}

/** The message keeps its surest open (human, then unknown, then machine) and of those the first, whatever order they are
 *  heard of in. A person's open says that it arrived. */
export async function recordOpen(db: Kysely<DB>, visit: TrackedVisit): Promise<void> {
  await recordVisit(db, visit, 'opened', null);
}

/** A person's click is a person's open too. A machine's is kept among the message's events and counts for nothing. */
export async function recordClick(db: Kysely<DB>, visit: TrackedVisit, link: number): Promise<void> {
  await recordVisit(db, visit, 'clicked', link);
}

/** The message's row is held first: a visit is either seen by an erasure or sees that the address is gone, and then says
 *  nothing of the browser. */
async function recordVisit(
  db: Kysely<DB>,
  { messageId, by, userAgent, at }: TrackedVisit,
  kind: 'opened' | 'clicked',
  link: number | null,
): Promise<void> {
  await ensureMonths(db, ['message_events'], at);
  const human = by === 'human';
  const opens = kind === 'opened' || human;
  const clicks = kind === 'clicked' && human;
  await sql`
    with message as (select id, address from messages where id = ${messageId} for no key update),
    visit as (
      insert into message_events (id, at, message_id, kind, by, link, user_agent)
      select ${newId(at)}::uuid, ${at}::timestamptz, id, ${kind}, ${by}, ${link}::int,
        case when address is not null then ${userAgent?.slice(0, 500) ?? null}::text end
      from message returning message_id
    )
    update messages set
      ${surestOpen(sql`${by}::text`, sql`${at}::timestamptz`)},
      clicked_at = case when ${clicks} then least(clicked_at, ${at}::timestamptz) else clicked_at end,
      state = case when ${human} and state in ('accepted', 'unknown') then 'delivered' else state end,
      accepted_at = case when ${human} and state = 'unknown' then coalesce(accepted_at, ${at}::timestamptz) else accepted_at end,
      delivered_at = case when ${human} and state in ('accepted', 'unknown', 'delivered')
        then least(delivered_at, ${at}::timestamptz) else delivered_at end
    where id = (select message_id from visit) and ${opens}`.execute(db);
}

/** Assignments by which a message keeps its surest open (human, then unknown, then machine), and of those the first. `by` null:
 *  no open. */
export function surestOpen(by: ReturnType<typeof sql>, at: ReturnType<typeof sql>): ReturnType<typeof sql> {
  return sql`
    opened_at = case
      when ${rank(by)} > ${rank(sql`messages.opened_by`)} then ${at}
      when messages.opened_by = ${by} then least(messages.opened_at, ${at})
      else messages.opened_at end,
    opened_by = case when ${rank(by)} > ${rank(sql`messages.opened_by`)} then ${by} else messages.opened_by end`;
}

function rank(by: ReturnType<typeof sql>) {
  return sql`coalesce(array_position(array['machine', 'unknown', 'human'], ${by}), 0)`;
}
