import { AsyncLocalStorage } from 'node:async_hooks';
import { type Kysely, sql } from 'kysely';
import { expect, test } from 'vitest';
import type { DB } from '#db/schema.ts';
import { together } from '#db/together.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, pool } = await freshDatabase();
await pool.query('create table written (n int primary key, transaction xid8 not null)');

const write = (n: number | null) => (on: Kysely<DB>) =>
  sql`insert into written values (${n}, pg_current_xact_id())`.execute(on);

async function lines() {
  const { rows } = await pool.query<{ n: number; transaction: string }>('delete from written returning *');
  return rows.sort((a, b) => a.n - b.n);
}

test('what is written at the same time shares a COMMIT', async () => {
  await Promise.all(Array.from({ length: 20 }, (_, n) => together(db, String(n), write(n))));
  const written = await lines();
  expect(written.map(({ n }) => n)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(new Set(written.map(({ transaction }) => transaction)).size).toBe(1);
});

test('two of one key share nothing', async () => {
  await Promise.all([1, 2].map((n) => together(db, 'one', write(n))));
  const [one, two] = await lines();
  expect(one?.transaction).not.toBe(two?.transaction);
});

test('one that the database refuses fails alone, with its own error', async () => {
  const refused = expect.stringContaining('null value in column "n"');
  const outcomes = await Promise.allSettled([1, null, 3].map((n, place) => together(db, String(place), write(n))));
  expect(outcomes.map((one) => (one.status === 'rejected' ? String(one.reason) : 'written'))).toEqual([
    'written',
    refused,
    'written',
  ]);
  expect((await lines()).map(({ n }) => n)).toEqual([1, 3]);
  await expect(together(db, 'alone', write(null))).rejects.toThrow('null value in column "n"');
});

test('each is written as whoever asked', async () => {
  const who = new AsyncLocalStorage<number>();
  const asking = [7, 8, 9].map((n) =>
    who.run(n, () => together(db, String(n), (on) => write(who.getStore() ?? 0)(on))),
  );
  await Promise.all(asking);
  expect((await lines()).map(({ n }) => n)).toEqual([7, 8, 9]);
});
