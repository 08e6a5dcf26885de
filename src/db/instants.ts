import { type RawBuilder, sql } from 'kysely';

/** An instant as business epoch ms, in SQL. Not `extract`: it counts in decimals, which takes five times as long. */
export function epochMs(instant: RawBuilder<unknown>): RawBuilder<number> {
  return sql`(date_part('epoch', ${instant}) * 1000)::bigint`;
}
