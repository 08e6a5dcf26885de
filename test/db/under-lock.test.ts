import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Facts } from '#db/facts.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import { underLock } from '#db/under-lock.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, pool } = await freshDatabase();
await pool.query('create table written (customer uuid not null, what text not null, transaction xid8 not null)');
const now = new Date('2026-05-04T09:00:00Z');

async function customersOf(many: number): Promise<string[]> {
  await pool.query('truncate written');
  const made = await pool.query<{ id: string }>(
    'insert into customers (id, created_at) select uuidv7(), now() from generate_series(1, $1) returning id',
    [many],
  );
  return made.rows.map(({ id }) => id);
}

const about = (customerId: string) => ({
  customerId,
  journey: 'welcome',
  key: 'personal',
  profile: 'personal' as const,
  run: { workflowId: `journey:welcome:${customerId}` },
  now,
});

const write = (trx: PipelinedTrx, customer: string, what = 'once') =>
  sql`insert into written values (${customer}, ${what}, pg_current_xact_id())`.execute(trx);

/** Writes a line and says for whom. */
const writing = (customer: string) => async (trx: PipelinedTrx, facts: Facts | null) => {
  await trx.last(() => write(trx, customer));
  return facts?.customer.id;
};

async function linesOf() {
  const { rows } = await pool.query<{ customer: string; what: string; transaction: string }>('select * from written');
  return rows;
}

test('who asks at the same time shares a transaction, and each gets the facts of their own customer', async () => {
  const customers = await customersOf(40);
  expect(await Promise.all(customers.map((id) => underLock(db, about(id), writing(id))))).toEqual(customers);
  const lines = await linesOf();
  expect(lines.map(({ customer }) => customer).sort()).toEqual([...customers].sort());
  // Two groups of at most 32.
  expect(new Set(lines.map(({ transaction }) => transaction)).size).toBe(2);
});

test('who is not there has no facts, beside others who are', async () => {
  const [customer = ''] = await customersOf(1);
  const nobody = '00000000-0000-7000-8000-000000000000';
  const found = await Promise.all([nobody, customer].map((id) => underLock(db, about(id), async (_, facts) => facts)));
  expect(found.map((facts) => facts?.customer.id)).toEqual([undefined, customer]);
});

test('what one of a group throws is thrown to that one, undoes what it wrote, and nothing of the others', async () => {
  const customers = await customersOf(6);
  const outcomes = await Promise.allSettled(
    customers.map((id, place) =>
      underLock(db, about(id), async (trx) => {
        if (place === 0) await write(trx, id, 'half done');
        if (place === 0) throw new Error('cannot decide');
        // The database refuses it, behind the COMMIT's back.
        if (place === 1) await trx.last(() => sql`insert into written values (${id}, null, '1')`.execute(trx));
        await trx.last(() => write(trx, id));
      }),
    ),
  );
  const told = outcomes.map((one) => (one.status === 'rejected' ? String(one.reason) : 'done'));
  expect(told.slice(0, 2)).toEqual(['Error: cannot decide', expect.stringContaining('null value in column "what"')]);
  expect(told.slice(2)).toEqual(['done', 'done', 'done', 'done']);
  const lines = await linesOf();
  expect(lines.map(({ customer, what }) => [customer, what]).sort()).toEqual(
    customers
      .slice(2)
      .map((id) => [id, 'once'])
      .sort(),
  );
});

test('a statement that fails in the middle is no failure of those who have written already', async () => {
  const customers = await customersOf(3);
  const outcomes = await Promise.allSettled(
    customers.map((id, place) =>
      underLock(db, about(id), async (trx) => {
        if (place === 2) await sql`select 1 / 0`.execute(trx);
        await trx.last(() => write(trx, id));
      }),
    ),
  );
  expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  expect((await linesOf()).length).toBe(2);
});

test('of those who ask for one customer at the same time, each sees what was written before', async () => {
  const [customer = '', other = ''] = await customersOf(2);
  const seen: number[] = [];
  const counting = (id: string) =>
    underLock(db, about(id), async (trx) => {
      const { rows } = await sql<{ n: number }>`select count(*) as n from written where customer = ${id}`.execute(trx);
      if (id === customer) seen.push(rows[0]?.n ?? -1);
      await trx.last(() => write(trx, id));
    });
  await Promise.all([customer, customer, other, customer].map(counting));
  expect(seen).toEqual([0, 1, 2]);
});

test('what is read and then written is not read by another in between, though both are in one transaction', async () => {
  const customers = await customersOf(12);
  await pool.query('create table counted (n int not null)');
  await pool.query('insert into counted values (0)');
  await Promise.all(
    customers.map((id) =>
      underLock(db, about(id), async (trx) => {
        const { rows } = await sql<{ n: number }>`select n from counted for update`.execute(trx);
        await trx.last(() => sql`update counted set n = ${(rows[0]?.n ?? 0) + 1}`.execute(trx));
      }),
    ),
  );
  expect((await pool.query('select n from counted')).rows).toEqual([{ n: customers.length }]);
});

test('a customer whose lock another holds is waited for, and read as that one left them; who comes after them is not kept', async () => {
  const [customer = '', beside = '', after = ''] = await customersOf(3);
  const holder = await pool.connect();
  await holder.query('begin');
  await holder.query(`update customers set traits = '{"region":"kz"}' where id = $1`, [customer]);
  const regionOf = (id: string) => underLock(db, about(id), async (_, facts) => facts?.customer.region);
  const read = Promise.all([customer, beside].map(regionOf));
  const waits = async () => (await pool.query('select 1 from pg_locks where not granted')).rows.length;
  await expect.poll(waits).toBeGreaterThan(0);
  expect(await regionOf(after)).toBe(null);
  await holder.query('commit');
  holder.release();
  expect(await read).toEqual(['kz', null]);
});
