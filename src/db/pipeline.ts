import pg from 'pg';
import { byIndex, survivingLosses } from './connect.ts';
import { GatheringSocket } from './gathering-socket.ts';

/** Prepared, unlike plain text, these are gathered with the statements around them. */
export const beginTransaction = { name: 'begin', text: 'begin' };
export const commitTransaction = { name: 'commit', text: 'commit' };

/** A small pool beside `pool`, on the same database, whose connections send statements without waiting for the answers of
 *  those before: a transaction then costs as many round trips as it has decisions, not statements. */
export function pipelining({ options }: pg.Pool, max: number): pg.Pool {
  const pool = new pg.Pool({
    ...options,
    options: byIndex,
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
export async function inOrder<const T extends readonly Promise<unknown>[]>(
  statements: T,
): Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }> {
  const settled = await Promise.allSettled(statements);
  for (const one of settled) if (one.status === 'rejected') throw one.reason;
  return Promise.all(statements) as Promise<{ -readonly [Index in keyof T]: Awaited<T[Index]> }>;
}
