import { sql } from 'kysely';
import { inBulk } from '#db/bulk.ts';
import type { Db, Trx } from '#db/connect.ts';
import { type Condition, leavesOf } from '#domain/segments.ts';
import { holds, type Reading } from './compile.ts';
import { keyOf, living, readingAt } from './segments.ts';
import type { Sql } from './tests.ts';
import { touchedBy } from './touched.ts';

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
  const touched = fresh.length === 0 ? 0 : await findTouched(trx, fresh, now);
  const counts = { entered: 0, left: 0 };
  for (const row of keyed) {
    const among = isFresh(row) ? sql`select customer_id from touched` : null;
    const moved = await evaluate(trx, row, { ...reading, among });
    counts.entered += moved.entered;
    counts.left += moved.left;
  }
  return { segments: rows.length, whole: rows.length - fresh.length, touched, ...counts };
}

/** Makes the table `touched`, of this transaction. */
async function findTouched(trx: Trx, rows: readonly Row[], now: Date): Promise<number> {
  const since = new Date(Math.min(...rows.map(({ evaluatedAt }) => evaluatedAt?.getTime() ?? 0)));
  const leaves = rows.flatMap(({ condition }) => leavesOf(condition));
  await sql`create temporary table touched on commit drop as
    select distinct customer_id from (${touchedBy(leaves, since, now)} union all select customer_id from customers_ceased) found where customer_id is not null`.execute(
    trx,
  );
  await sql`delete from customers_ceased where customer_id in (select customer_id from touched)`.execute(trx);
  await sql`analyze touched`.execute(trx);
  const { rows: counted } = await sql<{ count: number }>`select count(*) as count from touched`.execute(trx);
  return counted[0]?.count ?? 0;
}

/** One statement: who meets the condition, who came, who went. */
async function evaluate(
  trx: Trx,
  { id, condition, key }: Row & { key: string },
  reading: Reading,
): Promise<{ entered: number; left: number }> {
  const { among, now } = reading;
  const asked = (column: Sql<unknown>): Sql => (among === null ? sql`true` : sql`${column} in (${among})`);
  const { rows } = await sql<{ entered: number; left: number }>`
    with met as materialized (
      select c.id from customers c where ${living} and ${asked(sql`c.id`)} and ${holds(condition, reading)}
    ), known as materialized (
      select customer_id from segment_members where segment_id = ${id} and ${asked(sql`customer_id`)}
    ), came as materialized (select id from met where id not in (select customer_id from known)),
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
