import { sql } from 'kysely';
import { inBulk } from '#db/bulk.ts';
import type { Db, Trx } from '#db/connect.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { type Condition, leavesOf } from '#domain/segments.ts';
import { holds, type Reading } from './compile.ts';
import { keyOf, living, readingAt } from './segments.ts';
import { type Touch, touchesOf } from './touched.ts';

/** Counts. */
export interface SegmentsRefreshed extends Readonly<Record<string, number>> {
  segments: number;
  /** Of them, those for which everybody was looked at. */
  whole: number;
  /** Customers looked at for the others. */
  touched: number;
  entered: number;
  left: number;
}

interface Row {
  id: string;
  condition: Condition;
  evaluatedAt: Date | null;
  judgedBy: string | null;
}

/**
 * Brings the members of all segments with a condition up to `now` (business time), and notes who entered and left. Only customers
 * are looked at of whom something came in since, or whom time has carried over an edge; everybody where the condition is new or
 * settings changed. Null where another process is at it.
 */
export function refreshSegments(db: Db, now: Date): Promise<SegmentsRefreshed | null> {
  return inBulk(db, 'segments', async (trx) => {
    const { rows } = await sql<Row>`
      select id, condition, evaluated_at as "evaluatedAt", judged_by as "judgedBy" from segments
      where condition is not null order by id`.execute(trx);
    return refresh(trx, rows, now);
  });
}

/** Metrics and members, where there are segments whose members are older than `everyMs` of business time. Whether there were. */
export async function keepSegmentsFresh(db: Db, now: Date, everyMs: number): Promise<boolean> {
  const { rows } = await sql`
    select from segments where condition is not null and evaluated_at <= ${new Date(now.getTime() - everyMs)} limit 1`.execute(
    db,
  );
  if (rows.length === 0) return false;
  await refreshMetrics(db, now);
  await refreshSegments(db, now);
  return true;
}

/** One segment, everybody looked at: when it was made or changed. */
export async function evaluateSegment(db: Db, id: string, condition: Condition, now: Date): Promise<void> {
  await db.transaction().execute((trx) => refresh(trx, [{ id, condition, evaluatedAt: null, judgedBy: null }], now));
}

async function refresh(trx: Trx, rows: readonly Row[], now: Date): Promise<SegmentsRefreshed> {
  // Whoever changes one of them waits, or is waited for.
  await sql`select from segments where id = any(${rows.map(({ id }) => id)}::uuid[]) order by id for update`.execute(
    trx,
  );
  const { reading, versions } = await readingAt(trx, now);
  const keyed = rows.map((row) => ({ ...row, key: keyOf(row.condition, reading.segments, versions) }));
  const isFresh = ({ evaluatedAt, judgedBy, key }: (typeof keyed)[number]) => evaluatedAt !== null && judgedBy === key;
  const fresh = keyed.filter(isFresh);
  const since = new Date(Math.min(...fresh.map(({ evaluatedAt }) => evaluatedAt?.getTime() ?? 0)));
  const touchesOn = (condition: Condition) => touchesOf(leavesOf(condition), since, now);
  const touched =
    fresh.length === 0
      ? 0
      : await findTouched(
          trx,
          fresh.map(({ condition }) => touchesOn(condition)),
        );
  const counts = { entered: 0, left: 0 };
  for (const row of keyed) {
    const names = isFresh(row) ? touchesOn(row.condition).map(({ name }) => name) : null;
    const moved = await evaluate(trx, row, { ...reading, few: names !== null }, names);
    counts.entered += moved.entered;
    counts.left += moved.left;
  }
  return { segments: rows.length, whole: rows.length - fresh.length, touched, ...counts };
}

/** Makes the table `touched`, of this transaction: customers as they are, with the names of what touched them. Each touch is looked
 *  up once for all segments that it concerns. */
async function findTouched(trx: Trx, touches: readonly Touch[][]): Promise<number> {
  const known = new Map(touches.flat().map((touch) => [touch.name, touch]));
  const found = [...known.values()].map(
    ({ name, customers }) => sql`select ${name}::text as touch, customer_id from (${customers}) found`,
  );
  await sql`create temporary table touched on commit drop as
    select c.*, touches from customers c join (
      select customer_id, array_agg(distinct touch) as touches from (${sql.join(found, sql` union all `)}) found
      where customer_id is not null group by 1) found on found.customer_id = c.id`.execute(trx);
  await sql`delete from customers_ceased where customer_id in (select id from touched)`.execute(trx);
  await sql`analyze touched`.execute(trx);
  const { rows } = await sql<{ count: number }>`select count(*) as count from touched`.execute(trx);
  return rows[0]?.count ?? 0;
}

/** One statement: who meets the condition, who came, who went; among those who were touched so, or all. */
async function evaluate(
  trx: Trx,
  { id, condition, key }: Row & { key: string },
  reading: Reading,
  touches: readonly string[] | null,
): Promise<{ entered: number; left: number }> {
  const { now } = reading;
  const touched = touches && sql`touched where touches && ${[...touches]}::text[]`;
  const asked = touched === null ? sql`customers c` : sql`(select * from ${touched} offset 0) c`;
  const isAsked = touched === null ? sql`true` : sql`customer_id in (select id from ${touched})`;
  const { rows } = await sql<{ entered: number; left: number }>`
    with met as materialized (select c.id from ${asked} where ${living} and ${holds(condition, reading)}),
    known as materialized (select customer_id from segment_members where segment_id = ${id} and ${isAsked}),
    came as materialized (select id from met where id not in (select customer_id from known)),
    went as materialized (select customer_id from known where customer_id not in (select id from met)),
    added as (insert into segment_members (segment_id, customer_id, since) select ${id}, id, ${now} from came order by id),
    removed as (delete from segment_members where segment_id = ${id} and customer_id in (select customer_id from went)),
    told as (
      insert into segment_changes (segment_id, customer_id, entered, at)
      select ${id}::uuid, id, true, ${now}::timestamptz from came union all select ${id}, customer_id, false, ${now} from went
    ), counted as (select (select count(*) from came)::int as entered, (select count(*) from went)::int as "left")
    update segments set size = size + entered - "left", evaluated_at = ${now}, judged_by = ${key} from counted
    where id = ${id} returning entered, "left"`.execute(trx);
  return rows[0] ?? { entered: 0, left: 0 };
}
