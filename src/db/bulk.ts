import { sql } from 'kysely';
import type { Db, Trx } from './connect.ts';

/** So much memory a sort or a hash table may take: for a handful of statements a day. */
const workMem = '64MB';

/**
 * A transaction for statements over whole tables. Workers decide on connections whose plans are for single rows (`byIndex`);
 * here the planner chooses anew. Null where another process has the lock of that name: then it does the work.
 */
export function inBulk<T>(db: Db, name: string, act: (trx: Trx) => Promise<T>): Promise<T | null> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql<{ held: boolean }>`
      select pg_try_advisory_xact_lock(hashtextextended(${`bulk ${name}`}, 0)) as held`.execute(trx);
    if (!rows[0]?.held) return null;
    await sql`
      select set_config(name, value, true) from (values ('enable_seqscan', 'on'), ('enable_hashjoin', 'on'), ('enable_mergejoin', 'on'),
        ('plan_cache_mode', 'force_custom_plan'), ('jit', 'off'), ('work_mem', ${workMem})) setting (name, value)`.execute(
      trx,
    );
    return act(trx);
  });
}
