import { sql } from 'kysely';
import type { Db } from './connect.ts';

/** Which of these journeys somebody has switched on by their settings. */
export async function switchedOn(db: Db, journeys: readonly string[]): Promise<ReadonlySet<string>> {
  if (journeys.length === 0) return new Set();
  const { rows } = await sql<{ name: string }>`
    select name from (
      select distinct on (name) name, value->'enabled' as enabled from settings where name = any(${[...journeys]}::text[])
      order by name, version desc) newest
    where enabled = 'true'`.execute(db);
  return new Set(rows.map(({ name }) => name));
}
