import pg from 'pg';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';

export interface SideDatabase {
  pool: pg.Pool;
  db: Db;
  drop(): Promise<void>;
}

/** A database of its own for one side, as migrated as `template`, in the same server. */
export async function sideDatabase(template: string, name: string): Promise<SideDatabase> {
  const url = new URL(template);
  const from = url.pathname.slice(1);
  await asAdmin(template, `create database ${name} template ${from}`);
  url.pathname = `/${name}`;
  // As workers have them: statistics of a young database say nothing.
  const pool = createPool(url.href, 10, byIndex);
  return {
    pool,
    db: connect(pool),
    async drop() {
      await pool.end();
      await asAdmin(template, `drop database ${name} with (force)`);
    },
  };
}

/** Beside the template: a database that somebody is connected to is no template. */
async function asAdmin(template: string, statement: string): Promise<void> {
  const url = new URL(template);
  url.pathname = '/postgres';
  const client = new pg.Client({ connectionString: url.href });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
