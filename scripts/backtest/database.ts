import type pg from 'pg';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { createDatabase, dropDatabase } from '#scripts/provision/databases.ts';

export interface SideDatabase {
  pool: pg.Pool;
  db: Db;
  drop(): Promise<void>;
}

/** A database of its own for one side, as migrated as `template`, in the same server. */
export async function sideDatabase(template: string, name: string): Promise<SideDatabase> {
  const url = await createDatabase(template, name);
  // As workers have them: statistics of a young database say nothing.
  const pool = createPool(url, 10, byIndex);
  return {
    pool,
    db: connect(pool),
    async drop() {
      await pool.end();
      await dropDatabase(template, name);
    },
  };
}
