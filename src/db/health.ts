import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import type { DB } from './schema.ts';

/** Throws where the database does not answer. */
export async function pingDatabase(db: Db): Promise<void> {
  await sql`select 1`.execute(db);
}

/** Such as `18.4`. */
export async function databaseVersion(db: Db): Promise<string> {
  const { rows } = await sql<{ server_version: string }>`show server_version`.execute(db);
  return rows[0]?.server_version.split(' ')[0] ?? '';
}

/** Messages by journey and state, of those reserved since `since`. */
export async function messageCounts(
  db: Db | Transaction<DB>,
  journeys: readonly string[],
  since: Date,
): Promise<{ journey: string; state: string; count: number }[]> {
  const { rows } = await sql<{ journey: string; state: string; count: number }>`
    select journey, state, count(*)::int as count from messages
    where journey = any(${journeys}::text[]) and reserved_at > ${since} group by journey, state`.execute(db);
  return rows;
}
