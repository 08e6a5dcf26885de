import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { afterAll, inject } from 'vitest';
import { connect, createPool, type Db } from '#db/connect.ts';

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
  const template = new URL(server).pathname.slice(1);
  await admin(server, `create database ${name} template ${template}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const pool = createPool(url.href, 20);
  afterAll(async () => {
    await pool.end();
    await admin(server, `drop database ${name} with (force)`);
  });
  return { url: url.href, pool, db: connect(pool) };
}

async function admin(server: string, statement: string): Promise<void> {
  const url = new URL(server);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
