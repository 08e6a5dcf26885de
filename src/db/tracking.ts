import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import type { Visitor } from '#domain/opens.ts';
import { newId } from './ids.ts';
import { ensureMonths } from './partitions.ts';
import type { DB } from './schema.ts';

/** An open or a click, and who it seems to be by; what the ledger knows of the message may tell otherwise. */
export interface TrackedVisit {
  messageId: string;
  kind: 'opened' | 'clicked';
  by: Visitor;
  /** Of a click: its index among the message's links. */
  link: number | null;
  userAgent: string | undefined;
  /** Business time. */
  at: Date;
}

/** Business milliseconds. `tooFast`: since the provider took the message; `burst`: between two links. */
export interface Haste {
  tooFast: number;
  burst: number;
}

export interface Visits {
  /** Resolves when the visit is committed, to where its link leads: null for an open, and where there is no such message or
   *  link. */
  record(visit: TrackedVisit): Promise<string | null>;
}

/** Measured: more together only makes each slower. */
const visitsAtOnce = 200;
/** While one waits for the disk, another collects. */
const lanes = 2;
const attempts = 5;

interface Waiting {
  visit: TrackedVisit;
  resolve(target: string | null): void;
  reject(error: unknown): void;
}

/** Group commit, as intake has it: what comes while others are being written goes together, in one statement. A lone visit goes
 *  at once. */
export function createVisits(db: Kysely<DB>, haste: Haste): Visits {
  const waiting: Waiting[] = [];
  let busy = 0;
  let isKicked = false;

  function kick(): void {
    if (isKicked || busy >= lanes) return;
    isKicked = true;
    // After all requests of this turn of the event loop are in.
    setImmediate(() => {
      isKicked = false;
      if (waiting.length > 0 && busy < lanes) void drain();
    });
  }

  async function drain(): Promise<void> {
    busy += 1;
    while (waiting.length > 0) await write(db, waiting.splice(0, visitsAtOnce), haste);
    busy -= 1;
  }

  return {
    record: (visit) =>
      new Promise((resolve, reject) => {
        waiting.push({ visit, resolve, reject });
        kick();
      }),
  };
}

/** Never rejects. */
async function write(db: Kysely<DB>, batch: readonly Waiting[], haste: Haste): Promise<void> {
  const visits = batch.map(({ visit }) => visit);
  for (let attempt = 1; ; attempt += 1) {
    try {
      for (const month of new Map(visits.map(({ at }) => [at.toISOString().slice(0, 7), at])).values())
        await ensureMonths(db, ['message_events'], month);
      const targets = await recordVisits(db, visits, haste);
      for (const [place, { resolve }] of batch.entries()) resolve(targets.get(place) ?? null);
      return;
    } catch (error) {
      const isDeadlock = error instanceof pg.DatabaseError && error.code === '40P01';
      if (!isDeadlock || attempt >= attempts) {
        for (const { reject } of batch) reject(error);
        return;
      }
      await sleep(Math.random() * 5 * attempt);
    }
  }
}

/**
 * Writes visits in one statement. A message keeps its surest open (human, then unknown, then machine) and of those the first; a
 * person's click is a person's open too, and says that it arrived; a machine's is kept among the events and counts for nothing.
 * Whoever comes sooner than a person could, and whoever follows two links of a message at once, is a machine.
 *
 * The message's row is held first: a visit is either seen by an erasure or sees that the address is gone, and then says nothing of
 * the browser. Returns where links lead, by place.
 */
async function recordVisits(
  db: Kysely<DB>,
  visits: readonly TrackedVisit[],
  { tooFast, burst }: Haste,
): Promise<Map<number, string>> {
  const column = <T>(of: (visit: TrackedVisit) => T) => visits.map(of);
  const within = sql`${burst / 1000} * interval '1 second'`;
  const { rows } = await sql<{ place: number; messageId: string; target: string | null; isBurst: boolean }>`
    with given as materialized (
      select * from unnest(${column(({ at }) => newId(at))}::uuid[], ${column(({ messageId }) => messageId)}::uuid[],
        ${column(({ at }) => at.toISOString())}::timestamptz[], ${column(({ kind }) => kind)}::text[],
        ${column(({ by }) => by)}::text[], ${column(({ link }) => link)}::int[],
        ${column(({ userAgent }) => userAgent?.slice(0, 500) ?? null)}::text[], ${together(visits, burst)}::boolean[])
        with ordinality as visit (id, message_id, at, kind, guess, link, user_agent, is_together, place)
    ), message as materialized (
      select id, address is not null as is_theirs, links, coalesce(accepted_at, reserved_at) as sent_at
      from messages where id in (select message_id from given) order by id for no key update
    ), found as materialized (
      select g.*, m.is_theirs, m.links[g.link + 1] as target, m.sent_at,
        g.kind = 'clicked' and (
          g.is_together or exists (select from message_events e where e.message_id = g.message_id and e.kind = 'clicked' and e.link <> g.link
            and e.at between g.at - ${within} and g.at + ${within})) as is_burst
      from given g join message m on m.id = g.message_id
    ), visit as materialized (
      select *, case when is_burst or at < sent_at + ${tooFast / 1000} * interval '1 second' then 'machine' else guess end as by
      from found where kind = 'opened' or target ~* '^https?://'
    ), kept as (
      insert into message_events (id, at, message_id, kind, by, link, user_agent)
      select id, at, message_id, kind, by, link, case when is_theirs then user_agent end from visit
    ), surest as (
      select distinct on (message_id) message_id, by, at from visit where kind = 'opened' or by = 'human'
      order by message_id, ${rank(sql`by`)} desc, at
    ), first as (
      select message_id, min(at) filter (where by = 'human') as seen_at,
        min(at) filter (where by = 'human' and kind = 'clicked') as clicked_at
      from visit group by message_id
    ), told as (
      update messages set
        ${surestOpen(sql`surest.by`, sql`surest.at`)},
        clicked_at = least(messages.clicked_at, first.clicked_at),
        accepted_at = case when messages.state = 'unknown' then coalesce(messages.accepted_at, first.seen_at) else messages.accepted_at end,
        delivered_at = case when messages.state in ('accepted', 'unknown', 'delivered')
          then least(messages.delivered_at, first.seen_at) else messages.delivered_at end,
        state = case when messages.state in ('accepted', 'unknown') and first.seen_at is not null then 'delivered' else messages.state end
      from surest join first using (message_id) where messages.id = surest.message_id
    )
    select place::int, message_id as "messageId", target, is_burst as "isBurst" from found`.execute(db);
  const bursts = new Set(rows.filter(({ isBurst }) => isBurst).map(({ messageId }) => messageId));
  if (bursts.size > 0) await withoutBursts(db, [...bursts].sort(), within);
  return new Map(rows.flatMap(({ place, target }) => (target === null ? [] : [[place - 1, target] as const])));
}

/** By place: whether another link of the same message is followed too fast among these. Here and not in the statement, which would
 *  compare each with each. */
function together(visits: readonly TrackedVisit[], burst: number): boolean[] {
  const clicks = Map.groupBy(
    visits.filter(({ kind }) => kind === 'clicked'),
    ({ messageId }) => messageId,
  );
  return visits.map(({ kind, messageId, link, at }) => {
    const others = kind === 'clicked' ? (clicks.get(messageId) ?? []) : [];
    return others.some((one) => one.link !== link && Math.abs(one.at.getTime() - at.getTime()) <= burst);
  });
}

/** Clicks that were taken for a person's until the next link was followed too fast: the message is told anew from what is left. */
async function withoutBursts(
  db: Kysely<DB>,
  messages: readonly string[],
  within: ReturnType<typeof sql>,
): Promise<void> {
  await db.transaction().execute(async (trx) => {
    await sql`select from messages where id = any(${messages}::uuid[]) order by id for no key update`.execute(trx);
    await sql`
      update message_events e set by = 'machine'
      where e.message_id = any(${messages}::uuid[]) and e.kind = 'clicked' and e.by <> 'machine' and exists (
        select from message_events o where o.message_id = e.message_id and o.kind = 'clicked' and o.link <> e.link
          and o.at between e.at - ${within} and e.at + ${within})`.execute(trx);
    await sql`
      update messages m set clicked_at = (select min(at) from message_events e
          where e.message_id = m.id and e.kind = 'clicked' and e.by = 'human'),
        (opened_at, opened_by) = (select at, by from message_events e
          where e.message_id = m.id and (e.kind in ('opened', 'read') or e.kind = 'clicked' and e.by = 'human')
          order by ${rank(sql`by`)} desc, at limit 1)
      where m.id = any(${messages}::uuid[])`.execute(trx);
  });
}

/** Where a link leads, without a word of it: null where there is no such message or link. */
export async function linkOf(db: Kysely<DB>, messageId: string, link: number): Promise<string | null> {
  const { rows } = await sql<{ target: string | null }>`
    select links[${link}::int + 1] as target from messages where id = ${messageId}`.execute(db);
  return rows[0]?.target ?? null;
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
