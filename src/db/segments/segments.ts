import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { rfmSettings } from '#db/metrics/rules.ts';
import { currentSettings } from '#db/settings.ts';
import { type Condition, leavesOf } from '#domain/segments.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { holds, type Reading } from './compile.ts';

type Any = Db | Trx;

/** A segment as it stands. Without a condition its members are imported. */
export interface Segment {
  id: string;
  name: string;
  condition: Condition | null;
  expiresAt: Date | null;
  createdAt: Date;
  evaluatedAt: Date | null;
  size: number;
}

const columns = sql`id, name, condition, expires_at as "expiresAt", created_at as "createdAt", evaluated_at as "evaluatedAt", size`;

/** By name, those after `after`. */
export async function listSegments(db: Any, after: string, limit: number): Promise<Segment[]> {
  const { rows } = await sql<Segment>`
    select ${columns} from segments where name > ${after} order by name limit ${limit}`.execute(db);
  return rows;
}

/** By id, all of them. */
export async function segmentNames(db: Any): Promise<Map<string, string>> {
  const rows = await db.selectFrom('segments').select(['id', 'name']).execute();
  return new Map(rows.map(({ id, name }) => [id, name]));
}

export async function findSegment(db: Any, id: string): Promise<Segment | null> {
  const { rows } = await sql<Segment>`select ${columns} from segments where id = ${id}`.execute(db);
  return rows[0] ?? null;
}

export interface SegmentInput {
  name: string;
  condition: Condition | null;
  expiresAt: Date | null;
}

/** Null where the name is taken. */
export async function insertSegment(
  db: Any,
  { name, condition, expiresAt }: SegmentInput,
  at: Date,
): Promise<string | null> {
  const id = newId(at);
  const { rows } = await sql`
    insert into segments (id, name, condition, expires_at, created_at)
    values (${id}, ${name}, ${condition === null ? null : JSON.stringify(condition)}::jsonb, ${expiresAt}, ${at})
    on conflict (name) do nothing returning id`.execute(db);
  return rows.length === 0 ? null : id;
}

/** Its name and condition, or end. `taken`: another has the name. */
export async function updateSegment(
  db: Any,
  id: string,
  { name, condition, expiresAt }: SegmentInput,
): Promise<'updated' | 'taken'> {
  const { rows } = await sql`select from segments where name = ${name} and id <> ${id}`.execute(db);
  if (rows.length > 0) return 'taken';
  await sql`update segments set name = ${name}, expires_at = ${expiresAt},
    condition = ${condition === null ? null : JSON.stringify(condition)}::jsonb where id = ${id}`.execute(db);
  return 'updated';
}

export async function deleteSegment(db: Any, id: string): Promise<void> {
  await sql`delete from segments where id = ${id}`.execute(db);
}

/** What all conditions are read by at `now`, and the versions of settings in it. */
export async function readingAt(db: Any, now: Date): Promise<{ reading: Reading; versions: number[] }> {
  const { rows } = await sql<{ id: string; condition: Condition | null }>`select id, condition from segments`.execute(
    db,
  );
  const [rfm, saved] = [await rfmSettings(db), await currentSettings(db, 'shop')];
  const shop = { ...defaultShop, ...(saved?.value as Partial<ShopSettings> | undefined) };
  const segments = new Map(rows.map(({ id, condition }) => [id, condition]));
  return {
    reading: { now, shop, rfm: rfm.value, segments, few: false },
    versions: [rfm.version, saved?.version ?? 0],
  };
}

/** Ids that a condition names, and those that theirs name. */
export function namedBy(condition: Condition, segments: Reading['segments'], found = new Set<string>()): Set<string> {
  for (const leaf of leavesOf(condition)) {
    if (leaf.where !== 'segment' || found.has(leaf.id)) continue;
    found.add(leaf.id);
    const named = segments.get(leaf.id);
    if (named) namedBy(named, segments, found);
  }
  return found;
}

/** What an answer depends on but customers: where it is another, everybody is to be looked at. */
export function keyOf(condition: Condition, segments: Reading['segments'], versions: readonly number[]): string {
  const named = [...namedBy(condition, segments)].sort().map((id) => [id, segments.get(id)]);
  return createHash('sha256')
    .update(JSON.stringify([condition, named, versions]))
    .digest('hex')
    .slice(0, 32);
}

/** How many customers meet a condition now; one query. */
export async function sizeOf(db: Any, condition: Condition, reading: Reading): Promise<number> {
  const { rows } = await sql<{ size: number }>`
    select count(*)::int as size from customers c where ${living} and ${holds(condition, reading)}`.execute(db);
  return rows[0]?.size ?? 0;
}

/** Who can be in a segment at all. */
export const living = sql<boolean>`c.merged_into is null and c.erased_at is null`;

/** Whether a customer meets a condition at this moment, whatever the members on record are. */
export async function isMember(db: Any, customerId: string, condition: Condition, reading: Reading): Promise<boolean> {
  const test = holds(condition, { ...reading, few: true });
  const { rows } = await sql`select from customers c where c.id = ${customerId} and ${living} and ${test}`.execute(db);
  return rows.length > 0;
}
