import type pg from 'pg';
import { afterAll, expect, test } from 'vitest';
import { createPool } from '#db/connect.ts';
import { pipelining } from '#db/pipeline.ts';
import { freshDatabase } from '#test/support/database.ts';

const { url, pool: admin } = await freshDatabase();
const pools: Record<string, pg.Pool> = { ordinary: createPool(url, 1) };
pools.pipelining = pipelining(createPool(url, 1), 1);
afterAll(() => Promise.all(Object.values(pools).map((pool) => pool.end())));

// A client without a listener for errors, whose connection is lost while nobody waits for an answer, ends the process.
test.each(['ordinary', 'pipelining'])('the database goes away in the middle of a transaction: %s', async (name) => {
  const pool = pools[name];
  if (!pool) throw new Error(`no pool ${name}`);
  const client = await pool.connect();
  await client.query('begin');
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  const ended = new Promise<void>((resolve) => client.once('end', resolve));
  await admin.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
  await ended;
  await expect(client.query('select 1')).rejects.toThrow();
  client.release(true);
  expect((await pool.query('select 1 as alive')).rows).toEqual([{ alive: 1 }]);
});
