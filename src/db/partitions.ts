import { type Kysely, sql } from 'kysely';
import type { DB } from './schema.ts';

type Partitioned = 'events' | 'decisions' | 'message_events';

/** Months that this process knows to be there, by database. */
const known = new WeakMap<object, Set<string>>();

/**
 * Makes the month's partition where it is missing. To be called outside of transactions: `create table … partition of`
 * locks the parent until the commit. `owner` is what the memory is kept by: the pool or database object.
 */
export async function ensureMonths(db: Kysely<DB>, parents: readonly Partitioned[], instant: Date): Promise<void> {
  const month = `${instant.toISOString().slice(0, 7)}-01`;
  const memory = known.get(db) ?? new Set<string>();
  known.set(db, memory);
  for (const parent of parents) {
    const key = `${parent} ${month}`;
    if (memory.has(key)) continue;
    await sql`select ensure_month(${parent}, ${month}::date)`.execute(db);
    memory.add(key);
  }
}
