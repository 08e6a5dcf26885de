import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { inOrder } from '#db/pipeline.ts';
import { pipelined } from '#db/transaction.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db } = await freshDatabase();
await sql`create table notes (id int primary key)`.execute(db);
beforeEach(() => sql`delete from notes`.execute(db));

const ids = async () =>
  (await sql<{ id: number }>`select id from notes order by id`.execute(db)).rows.map(({ id }) => id);
const add = (id: number) => sql`insert into notes values (${id})`;

test('what is executed together sees what went before it, and is committed with the last statement', async () => {
  const seen = await pipelined(db, async (trx) => {
    const [, { rows }] = await inOrder([add(1).execute(trx), sql`select id from notes`.execute(trx)]);
    await trx.last(() => add(2).execute(trx));
    return rows;
  });
  expect(seen).toEqual([{ id: 1 }]);
  expect(await ids()).toEqual([1, 2]);
});

test('a last statement that fails takes the others with it, and its error is told', async () => {
  const failing = pipelined(db, async (trx) => {
    await add(1).execute(trx);
    await trx.last(() => add(1).execute(trx));
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(await ids()).toEqual([]);
});

test('of statements that were sent together the first failure is told, and nothing stays', async () => {
  const failing = pipelined(db, async (trx) => {
    await inOrder([add(1).execute(trx), sql`select 1 / 0`.execute(trx), add(2).execute(trx)]);
  });
  await expect(failing).rejects.toMatchObject({ code: '22012' });
  expect(await ids()).toEqual([]);
});

test('without a last statement it commits at the end; what throws is rolled back', async () => {
  await pipelined(db, (trx) => add(1).execute(trx));
  const failing = pipelined(db, async (trx) => {
    await add(2).execute(trx);
    throw new Error('changed its mind');
  });
  await expect(failing).rejects.toThrow('changed its mind');
  expect(await ids()).toEqual([1]);
});

test('a last statement that does not go out at once is refused: it would come after the COMMIT', async () => {
  const failing = pipelined(db, (trx) => trx.last(() => Promise.resolve().then(() => add(1).execute(trx))));
  await expect(failing).rejects.toThrow('must go out at once');
  expect(await ids()).toEqual([]);
});
