import { Failure } from '#domain/failure.ts';
import type { TimeScale } from '#domain/journey.ts';

/** The business clock of a database that is reachable and migrated; else one sentence on what to do. */
export async function databaseReady(readClock: () => Promise<TimeScale | null>): Promise<TimeScale> {
  const time = await readClock().catch((error: unknown) => {
    throw explained(error);
  });
  if (!time) throw new Failure('The database has never been started: run "npm run migrate" first.');
  return time;
}

/** PostgreSQL's `undefined_table`. */
const undefinedTable = '42P01';

/** One sentence for what usually goes wrong with a database; other errors as they are. */
export function explained(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (code === undefinedTable) return new Failure('The database is empty: run "npm run migrate" first.');
  // Classes 28 and 3D: refused login, no such database. Others in capitals are the network's.
  if (/^(E[A-Z]+|28...|3D...)$/.test(code))
    return new Failure(`DATABASE_URL cannot be reached (${code}): check the address, and that PostgreSQL runs.`);
  return error;
}
