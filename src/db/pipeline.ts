import { Socket } from 'node:net';
import pg from 'pg';
import { survivingLosses } from './connect.ts';

/** Every statement here looks up a few rows by key. Prepared while a table was empty, a plan would scan it, and still do so
 *  when it has grown, until statistics come: measured, flushes of 200 events went from 10 to 60 ms. */
const byIndex = [
  'enable_seqscan=off',
  'enable_hashjoin=off',
  'enable_mergejoin=off',
  'plan_cache_mode=force_generic_plan',
];

/** Sends together what is written in one turn of the event loop: a flush has a dozen statements, and a system call for each
 *  cost as much as all else that Node does for it. */
class GatheringSocket extends Socket {
  #isGathering = false;

  override cork(): void {
    super.cork();
    if (this.#isGathering) return;
    this.#isGathering = true;
    super.cork();
    process.nextTick(() => {
      this.#isGathering = false;
      super.uncork();
    });
  }
}

/** Prepared, unlike plain text, these are gathered with the statements around them. */
export const beginTransaction = { name: 'begin', text: 'begin' };
export const commitTransaction = { name: 'commit', text: 'commit' };

/** A small pool beside `pool`, on the same database, whose connections send statements without waiting for the answers of
 *  those before: a transaction then costs as many round trips as it has decisions, not statements. */
export function pipelining({ options }: pg.Pool, max: number): pg.Pool {
  const settings = [options.options, ...byIndex].filter((text) => text !== undefined).join(' -c ');
  const pool = new pg.Pool({
    ...options,
    options: settings,
    max,
    pipeline: true,
    stream: () => new GatheringSocket(),
    connectionTimeoutMillis: 5_000,
  });
  survivingLosses(pool);
  return pool;
}

/** A client whose transaction failed is rolled back, or thrown away where even that fails. */
export async function withClient<T>(pool: pg.Pool, act: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  try {
    const result = await act(client);
    client.release();
    return result;
  } catch (error) {
    const isClean = await client.query('rollback').then(
      () => true,
      () => false,
    );
    client.release(!isClean);
    throw error;
  }
}

/** Statements that were sent one after another without waiting: when one fails, those behind it fail because the
 *  transaction is aborted, and the first failure is the one to tell. */
export async function inOrder<T extends readonly Promise<unknown>[]>(
  statements: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const settled = await Promise.allSettled(statements);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return Promise.all(statements) as Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }>;
}
