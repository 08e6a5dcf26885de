import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { DB } from './schema.ts';
import { statement } from './statement.ts';

export interface Versioned {
  version: number;
  value: unknown;
}

/** Which version of some settings holds, as a query tells it (`latestSettings`). */
export interface SettingsRef {
  id: string;
  version: number;
}

/** Above all versions. */
const newest = sql`2147483647`;

/** The newest version under a name, or the newest up to `version`, as JSON; null where nothing was set. */
export function latestSettings(
  name: RawBuilder<unknown>,
  version: RawBuilder<unknown> = sql`null`,
): RawBuilder<SettingsRef | null> {
  return sql`(
    select json_build_object('version', s.version, 'id', s.id) from settings s
    where s.name = ${name} and s.version <= coalesce(${version}::int, ${newest}) order by s.version desc limit 1)`;
}

/** More than there are versions alive. */
const mostKept = 500;

/** A version never changes, and its id is like no other's: of no database. */
const kept = new Map<string, Versioned>();

/** The values that `refs` name: asked for once, and then the same objects each time. A decision would else carry a shop's whole
 *  settings from the database and take them apart, to find those that it saw a moment ago. */
export async function settingsValues<Name extends string>(
  db: Kysely<DB>,
  refs: Readonly<Record<Name, SettingsRef | null>>,
): Promise<Record<Name, Versioned | null>> {
  const named = Object.entries<SettingsRef | null>(refs);
  const unknown = named.flatMap(([, ref]) => (ref === null || kept.has(ref.id) ? [] : [ref.id]));
  if (unknown.length > 0) await readValues(db, unknown);
  const values = named.map(([name, ref]) => [name, ref && (kept.get(ref.id) ?? null)]);
  for (const oldest of kept.keys()) {
    if (kept.size <= mostKept) break;
    kept.delete(oldest);
  }
  return Object.fromEntries(values) as Record<Name, Versioned | null>;
}

/** The newest version under a name; null where nothing was set. */
export async function newestSettings(db: Kysely<DB>, name: string): Promise<Versioned | null> {
  const [{ ref } = { ref: null }] = await naming(db, name);
  return (await settingsValues(db, { ref })).ref;
}

const naming = statement<string, { ref: SettingsRef | null }>(
  (give) => sql`select ${latestSettings(sql`${give((name) => name)}::text`)} as ref`,
);

async function readValues(db: Kysely<DB>, ids: readonly string[]): Promise<void> {
  const { rows } = await sql<Versioned & { id: string }>`
    select id, version, value from settings where id = any(${[...ids]}::uuid[])`.execute(db);
  for (const { id, ...value } of rows) kept.set(id, value);
}
