import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import { GatheringSocket } from './gathering-socket.ts';
import { preparing } from './prepared.ts';
import type { DB } from './schema.ts';

export type Db = Kysely<DB>;
/** Functions that take one need the lock that it holds. */
export type Trx = Transaction<DB>;

// Money comes as bigint; every amount we keep is below 2^53 minor units, and numbers survive JSON.
pg.types.setTypeParser(pg.types.builtins.INT8, (text) => {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`bigint ${text} does not fit a safe integer`);
  return value;
});

const anyPlan = '-c TimeZone=UTC';

/** For statements that look up a few rows by key. Prepared while a table was empty, a plan would scan it, and still do so when it
 *  has grown, until statistics come: measured, flushes of 200 events went from 10 to 60 ms, and deciding on a contact
 *  from 0.5 to 20. */
export const byIndex = [
  anyPlan,
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'plan_cache_mode=force_generic_plan',
].join(' -c ');

/** Connections that send statements without waiting for the answers of those before, where their user does not wait either. */
export function createPool(connectionString: string, max = 10, options = anyPlan): pg.Pool {
  const pool = new pg.Pool({
    connectionString,
    max,
    options,
    // Each connection has made its plans, which costs a hundred times more than using them.
    idleTimeoutMillis: 0,
    pipeline: true,
    stream: () => new GatheringSocket(),
  });
  survivingLosses(pool);
  return pool;
}

/** A connection that the server drops (a restart) emits an error, on the pool where it is idle, on its client where it is
 *  in use; without a listener that would end the process. Whoever uses it learns of it by the next statement. */
export function survivingLosses(pool: pg.Pool): void {
  pool.on('error', () => {});
  pool.on('connect', (client) => client.on('error', () => {}));
}

export function connect(pool: pg.Pool): Db {
  return new Kysely<DB>({ dialect: new PostgresDialect({ pool: preparing(pool) }) });
}
