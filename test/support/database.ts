import { randomUUID } from 'node:crypto';
import type pg from 'pg';
import { afterAll, inject } from 'vitest';
import { connect, createPool, type Db } from '#db/connect.ts';
import { createDatabase, dropDatabase } from '#scripts/provision/databases.ts';

export interface TestDatabase {
  url: string;
  pool: pg.Pool;
  db: Db;
}

/** A migrated database of this test file's own, dropped after it. Call it at the top of the file:
 *  `const { db, pool, url } = await freshDatabase();` */
export async function freshDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(server, name);
  const pool = createPool(url, 20);
  afterAll(async () => {
    await pool.end();
    await dropDatabase(server, name);
  });
  return { url, pool, db: connect(pool) };
}
