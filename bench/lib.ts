import type pg from 'pg';
import { connect, createPool, type Db } from '#db/connect.ts';
import { scratchFolder } from '#scripts/lib/scratch.ts';
import { startPostgres } from '#scripts/provision/postgres.ts';

/** What every benchmark gives back, runs on, and reckons with. */

export interface Result {
  name: string;
  value: number;
  unit: string;
  /** The same measured, in the same run, on the least that could do the job. */
  baseline: number;
  baselineName: string;
  /** value / baseline. */
  ratio: number;
}

export type Defer = (close: () => Promise<unknown>) => void;

/** Runs `act` and then what it has deferred, the latest first, also when it fails. */
export async function cleaningUp<T>(act: (defer: Defer) => Promise<T>): Promise<T> {
  const closers: (() => Promise<unknown>)[] = [];
  try {
    return await act((close) => closers.unshift(close));
  } finally {
    for (const close of closers) await close();
  }
}

/** Runs `act` on a PostgreSQL of its own, with an empty database. */
export function onPostgres<T>(act: (db: Db, pool: pg.Pool) => Promise<T>): Promise<T> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await startPostgres({ dataDir: dir });
    defer(() => postgres.stop());
    const pool = createPool(postgres.url, 2);
    defer(() => pool.end());
    return await act(connect(pool), pool);
  });
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

export function round2(value: number): number {
  return Math.round(value * 100) / 100;
}
