import { type RawBuilder, sql } from 'kysely';
import type { ProfileKind } from '#domain/journey.ts';
import type { Window } from '#domain/occasions.ts';
import type { Contactability } from '#domain/reach.ts';
import type { Stage } from '#domain/stages.ts';
import type { Db, Trx } from './connect.ts';
import { contactabilityJson } from './contactability.ts';

/** Starts that wait for their time in `waiting_starts`, and those that lifecycle stages write there (`src/activities/starts.ts` tells the story). */

/** A journey whose starts are spread. */
export interface Waiting {
  journey: string;
  /** Where to. */
  windows: readonly Window[];
}

/** A journey as its stages start it. */
export interface StageJourney extends Waiting {
  stages: readonly Stage[];
  quarterly: boolean;
  /** Of whom it is switched on. */
  profiles: readonly ProfileKind[];
}

export interface Planned {
  /** Transitions or customers that were looked at. */
  taken: number;
  /** Starts that were written. */
  planned: number;
}

/** The share of the whole at which the `n`th is placed. Multiples of the golden ratio lie evenly however many there are, so that nobody has
 *  to count them first, and whoever writes one again puts it where it was. */
const golden = 0.618_033_988_749_894_9;

/** A share of the windows' time, as an instant. */
export function spread({ windows }: Pick<StageJourney, 'windows'>, n: Part) {
  const before = windows.map((_, place) => windows.slice(0, place).reduce((sum, { ms }) => sum + ms, 0));
  const total = windows.reduce((sum, { ms }) => sum + ms, 0);
  const from = windows.map((window) => new Date(window.from));
  return sql`(select (${from}::timestamptz[])[place] + (at - (${before}::float8[])[place]) * interval '1 millisecond'
    from (select at, width_bucket(at, ${before}::float8[]) as place
      from (select mod(${n} * ${golden}::numeric, 1)::float8 * ${total}::float8 as at) one) placed)`;
}

/** On what occasion somebody comes into a stage at `t.at`, on the shop's calendar: a quarter, or a day. */
function occasion({ quarterly }: StageJourney, zone: string) {
  const local = sql`t.at at time zone ${zone}`;
  return quarterly ? sql`to_char(${local}, 'YYYY-"Q"Q')` : sql`to_char(${local}, 'YYYY-MM-DD')`;
}

/**
 * Takes the next `limit` changes of stage and writes the starts that follow, in one transaction with the place of the last one: killed
 * at any moment, none is lost or written twice. Who had no stage before starts nothing: they come from an import, or have just ordered.
 */
export function planTransitions(
  db: Db,
  journeys: readonly StageJourney[],
  zone: string,
  limit: number,
): Promise<Planned> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ after: number; until: number | null; taken: number }>`
      with here as (select seq from start_cursor for update),
      next as (select seq from stage_transitions where seq > (select seq from here) order by seq limit ${limit})
      select (select seq from here) as after, max(seq) as until, count(*)::int as taken from next`.execute(trx);
    const { after = 0, until = null, taken = 0 } = rows[0] ?? {};
    if (until === null) return { taken: 0, planned: 0 };
    let planned = 0;
    for (const one of journeys) {
      const { numAffectedRows } = await sql`
        insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
        select ${one.journey}, customer_id, profile || ':' || ${occasion(one, zone)}, profile, to_stage, at, ${spread(one, sql`seq`)}
        from stage_transitions t where seq > ${after} and seq <= ${until} and from_stage is not null
          and to_stage = any(${[...one.stages]}::text[]) and profile = any(${[...one.profiles]}::text[])
        on conflict do nothing`.execute(trx);
      planned += Number(numAffectedRows ?? 0);
    }
    await sql`update start_cursor set seq = ${until}`.execute(trx);
    return { taken, planned };
  });
}

export interface QuarterScan {
  /** `2026-Q3` */
  quarter: string;
  now: Date;
  /** Nobody is started sooner after they came into their stage. */
  apartMs: number;
  limit: number;
}

/**
 * The next `limit` customers who are in the journey's stages as a quarter begins: each is started again in it. Who came into the stage
 * lately was started then, and waits a while. A journey that was never gone through begins with the next quarter.
 */
export function planQuarter(db: Db, journey: StageJourney, scan: QuarterScan): Promise<Planned> {
  const { quarter, now, apartMs, limit } = scan;
  return db.transaction().execute(async (trx) => {
    const place = await quarterPlace(trx, journey.journey, quarter);
    if (place === null) return { taken: 0, planned: 0 };
    const { rows } = await sql<{ taken: number; planned: number; last: string | null }>`
      with next as (
        select customer_id, row_number() over (order by customer_id) as n from (
          select distinct customer_id from customer_metrics where customer_id > ${place.after}::uuid order by customer_id limit ${limit}) one),
      written as (
        insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
        select ${journey.journey}, m.customer_id, m.profile || ':' || ${quarter}, m.profile, 'quarter', ${now},
          greatest(${spread(journey, sql`(${place.counted}::bigint + next.n)`)}, m.stage_at + ${apartMs}::float8 * interval '1 millisecond')
        from next join customer_metrics m using (customer_id)
        where m.stage = any(${[...journey.stages]}::text[]) and m.profile = any(${[...journey.profiles]}::text[])
        on conflict do nothing returning 1)
      select (select count(*)::int from next) as taken, (select count(*)::int from written) as planned,
        (select customer_id from next order by n desc limit 1) as last`.execute(trx);
    const { taken = 0, planned = 0, last = null } = rows[0] ?? {};
    await sql`update quarter_scans set after_customer = ${last}, counted = counted + ${taken} where journey = ${journey.journey}`.execute(
      trx,
    );
    return { taken, planned };
  });
}

const nobody = '00000000-0000-0000-0000-000000000000';

/** Where the journey stands in going through the quarter; null: everybody has been. */
async function quarterPlace(trx: Trx, journey: string, quarter: string) {
  await sql`insert into quarter_scans (journey, quarter) values (${journey}, ${quarter}) on conflict do nothing`.execute(
    trx,
  );
  const { rows } = await sql<{ quarter: string; after: string | null; counted: number }>`
    select quarter, after_customer as after, counted from quarter_scans where journey = ${journey} for update`.execute(
    trx,
  );
  const [known] = rows;
  if (known === undefined) return null;
  if (known.quarter >= quarter) return known.after === null ? null : { ...known, after: known.after };
  await sql`update quarter_scans set quarter = ${quarter}, after_customer = ${nobody}, counted = 0 where journey = ${journey}`.execute(
    trx,
  );
  return { after: nobody, counted: 0 };
}

/** Nobody goes through the quarter: the journey is switched off as it begins. */
export async function passQuarter(db: Db, journey: string, quarter: string): Promise<void> {
  await sql`insert into quarter_scans as s (journey, quarter) values (${journey}, ${quarter})
    on conflict (journey) do update set quarter = excluded.quarter, after_customer = null
    where s.quarter < excluded.quarter or s.after_customer is not null`.execute(db);
}

/** As of the last recompute. Null: no order is left. `unknown`: it has not looked at them yet, who were joined to another. */
export type KnownStage = Stage | 'unknown' | null;

type Part = RawBuilder<unknown>;

function stageSql(customer: Part, profile: Part): RawBuilder<KnownStage> {
  return sql`coalesce((select stage from customer_metrics m where m.customer_id = ${customer} and m.profile = ${profile}),
    (select 'unknown' from orders o where o.customer_id = ${customer} and o.profile = ${profile} and o.state = 'placed' limit 1))`;
}

/** What a run that a stage has started is about. */
export interface StageStanding {
  stage: KnownStage;
  /** Another run of the journey follows the same profile, and began before: it came with a customer who was joined to this one. */
  isFollowed: boolean;
}

export async function stageStanding(
  trx: Trx,
  { customerId, journey, key, profile }: { customerId: string; journey: string; key: string; profile: ProfileKind },
): Promise<StageStanding> {
  const theirs = sql`runs r where r.customer_id = ${customerId} and r.journey = ${journey} and r.ended_at is null`;
  const { rows } = await sql<StageStanding>`
    select ${stageSql(sql`${customerId}::uuid`, sql`${profile}`)} as stage,
      exists (select from ${theirs} and r.key <> ${key} and r.key like ${`${profile}:%`} and r.entered_at
        < coalesce((select min(r.entered_at) from ${theirs} and r.key = ${key}), 'infinity')) as "isFollowed"`.execute(
    trx,
  );
  return rows[0] ?? { stage: null, isFollowed: false };
}

/** A start whose time has come, and what decides whether it goes. Instants are business time. */
export interface DueStart {
  journey: string;
  customerId: string;
  key: string;
  reason: string;
  dueAt: Date;
  /** Null: there is no such customer. */
  gone: 'erased' | 'merged' | null;
  /** That journey and key were begun before. */
  begun: boolean;
  /** An order of that profile since the start was written. */
  ordered: boolean;
  stage: KnownStage;
  contact: Contactability;
}

/** Takes up to `limit` of those that are due out of the table, longest due first, and leaves alone what another process holds. Who was
 *  joined to another in the meantime is started as that one, at the next look. */
export async function takeDueStarts(trx: Trx, now: Date, limit: number): Promise<DueStart[]> {
  const { rows } = await sql<DueStart>`
    with due as (
      select journey, customer_id, key from waiting_starts where due_at <= ${now}
      order by due_at, customer_id, journey limit ${limit} for update skip locked),
    taken as (delete from waiting_starts s using due where (s.journey, s.customer_id, s.key) = (due.journey, due.customer_id, due.key)
      returning s.*),
    passed as (
      insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
      select journey, c.merged_into, key, profile, reason, since, due_at from taken t join customers c on c.id = t.customer_id
      where c.merged_into is not null on conflict do nothing)
    select t.journey, t.customer_id as "customerId", t.key, t.reason, t.due_at as "dueAt",
      case when w.merged_into is not null then 'merged' when w.erased_at is not null then 'erased' end as gone,
      exists (select from runs r where (r.customer_id, r.journey, r.key) = (t.customer_id, t.journey, t.key)) as begun,
      exists (select from orders o where o.customer_id = t.customer_id and o.profile = t.profile and o.state = 'placed'
        and o.placed_at >= t.since) as ordered,
      ${stageSql(sql`t.customer_id`, sql`t.profile`)} as stage,
      ${contactabilityJson} as contact
    from taken t join lateral (
      select c.id, c.merged_into, c.erased_at, p.email, p.phone
      from customers c left join profiles p on p.customer_id = c.id and p.kind = t.profile where c.id = t.customer_id) w on true
    order by t.due_at, t.customer_id, t.journey`.execute(trx);
  return rows;
}

/** How many wait, by journey. */
export async function startsWaiting(db: Db): Promise<{ journey: string; waiting: number }[]> {
  const { rows } = await sql<{ journey: string; waiting: number }>`
    select journey, count(*)::int as waiting from waiting_starts group by journey order by journey`.execute(db);
  return rows;
}

/** When the next one is due; null where none waits. */
export async function nextStartDue(db: Db): Promise<Date | null> {
  const { rows } = await sql<{ due: Date | null }>`select min(due_at) as due from waiting_starts`.execute(db);
  return rows[0]?.due ?? null;
}

/** How many starts may go now at `perSecond` (wall time), of all workers together: whoever asks keeps others waiting until its transaction
 *  ends, and takes what it used by `spendPace`. */
export async function readPace(trx: Trx, perSecond: number): Promise<number> {
  const { rows } = await sql<{ tokens: number }>`
    update start_pace set filled_at = clock_timestamp(),
      tokens = least(greatest(1, ${perSecond}::float8), tokens + ${perSecond}::float8 * extract(epoch from clock_timestamp() - filled_at)::float8)
    returning tokens`.execute(trx);
  return Math.floor(rows[0]?.tokens ?? 0);
}

export async function spendPace(trx: Trx, used: number): Promise<void> {
  await sql`update start_pace set tokens = tokens - ${used}`.execute(trx);
}
