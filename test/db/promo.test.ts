import { sql } from 'kysely';
import { afterAll, describe, expect, test } from 'vitest';
import { connect, createPool } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { readPromo, takeCode } from '#db/promo-codes.ts';
import { codesOfPool, importCodes } from '#db/promo-list.ts';
import { createPromoPool, promoPools, tendPromoPools } from '#db/promo-pools.ts';
import type { PromoPool, PromoSize } from '#domain/promo.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer } from '#test/support/messages.ts';

const { db, url } = await freshDatabase();
const at = new Date('2026-06-20T12:00:00Z');
const all: PromoSize = { name: 'all', when: [], percent: 10 };
let count = 0;

async function makePool(more: Partial<PromoPool> = {}): Promise<{ id: string; name: string }> {
  const name = `pool-${++count}`;
  const pool = { name, sizes: [all], expiry: { after: 'P7D' }, lowStock: 0, generated: null, ...more };
  const id = await createPromoPool(db, pool, at);
  if (id === null) throw new Error('the pool is there already');
  return { id, name };
}

const generated = (pattern: string, more: Partial<NonNullable<PromoPool['generated']>> = {}) => ({
  generated: { pattern, ahead: 10, most: null, ...more },
});

async function makeRun(): Promise<{ customerId: string; runId: string }> {
  const customerId = await plantCustomer(db, at);
  const runId = newId(at);
  const who = { id: runId, workflow_id: `abandonment:${customerId}:personal`, customer_id: customerId };
  const what = { journey: 'abandonment', class: 'abandonment', key: 'personal', settings_version: 0, read_seq: 0 };
  await db
    .insertInto('runs')
    .values({ ...who, ...what, trigger_at: at, entered_at: at })
    .execute();
  return { customerId, runId };
}

/** As a decision does: reads the pool, and takes a code. Where it is to be undone, with its transaction, then when `undoing` says. */
async function issue(
  on: typeof db,
  name: string,
  isUndone = false,
  undoing: () => Promise<void> = async () => {},
): Promise<string | null> {
  const run = await makeRun();
  let code: string | null = null;
  await on
    .transaction()
    .execute(async (trx) => {
      const { pool } = await readPromo(trx, name, run.customerId, run.runId);
      if (pool === null) throw new Error('no pool');
      code = (await takeCode(trx, pool, all, { ...run, block: 'cart-2', iteration: 1, at }))?.code ?? null;
      if (!isUndone) return;
      await undoing();
      throw new Undone();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Undone)) throw error;
    });
  return isUndone ? null : code;
}

class Undone extends Error {}

/** Statements that wait for a lock. */
async function waits(): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*) as count from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
    db,
  );
  return rows[0]?.count ?? 0;
}

describe('16 connections that issue at the same moment', () => {
  const pool = createPool(url, 16);
  const many = connect(pool);
  afterAll(() => pool.end());

  test('give no code twice, lose none, and a pool runs empty exactly', async () => {
    const { id, name } = await makePool();
    const codes = Array.from({ length: 200 }, (_, index) => ({ code: `C-${count}-${index}`, size: all }));
    await importCodes(db, id, codes);
    // A fifth of the decisions is undone: what they had taken comes back, and others that found nothing else waited for it.
    const asked = Array.from({ length: 260 }, (_, index) => issue(many, name, index % 13 === 0));
    const given = (await Promise.all(asked)).filter((code) => code !== null);
    expect(given).toHaveLength(200);
    expect(new Set(given)).toEqual(new Set(codes.map(({ code }) => code)));
    const free = await codesOfPool(db, id, { state: 'free' }, 0, 1000);
    expect(free).toEqual([]);
    expect(await issue(many, name)).toBeNull();
  });

  test('the last code is not given up while another may yet be undone', async () => {
    const { id, name } = await makePool();
    await importCodes(db, id, [{ code: `LAST-${count}`, size: all }]);
    let waiting: Promise<string | null> = Promise.resolve(null);
    await issue(many, name, true, async () => {
      waiting = issue(many, name);
      await expect.poll(waits).toBe(1);
    });
    expect(await waiting).toBe(`LAST-${count}`);
  });

  test('never wait for codes that are made: when none is ahead, more are made, and no two are the same', async () => {
    const { id, name } = await makePool(generated(`G${count}-??????`, { ahead: 3 }));
    const given = await Promise.all(Array.from({ length: 100 }, () => issue(many, name)));
    expect(new Set(given).size).toBe(100);
    expect(given).not.toContain(null);
    const listed = await codesOfPool(db, id, { state: 'issued' }, 0, 1000);
    expect(listed.map(({ code }) => code).toSorted()).toEqual(given.toSorted());
  });

  test('make no more than a pool may have', async () => {
    const { name } = await makePool(generated(`M${count}-??????`, { ahead: 3, most: 20 }));
    const given = await Promise.all(Array.from({ length: 40 }, () => issue(many, name)));
    expect(given.filter((code) => code !== null)).toHaveLength(20);
  });
});

test('two pools of one pattern do not have a code in common, and a pattern that is used up ends', async () => {
  const tight = generated(`T${count}-?`, { ahead: 40 });
  const [one, other] = [await makePool(tight), await makePool(tight)];
  const codes = [
    ...(await codesOfPool(db, one.id, {}, 0, 1000)),
    ...(await codesOfPool(db, other.id, {}, 0, 1000)),
  ].map(({ code }) => code);
  expect(new Set(codes).size).toBe(codes.length);
  expect(codes.length).toBeLessThanOrEqual(31);
  expect(codes.length).toBeGreaterThan(20);
});

test('codes are given once, whatever their letters; giving them again changes nothing', async () => {
  const [{ id }, other] = [await makePool(), await makePool()];
  const given = ['Spring-1', 'SPRING-1', 'Spring-2'].map((code) => ({ code, size: all }));
  expect(await importCodes(db, id, given)).toEqual(['added', 'known', 'added']);
  expect(await importCodes(db, id, given)).toEqual(['known', 'known', 'known']);
  expect(await importCodes(db, other.id, [{ code: 'spring-2', size: all }])).toEqual(['taken']);
});

test('generated pools are filled up, and a pool that runs low is told of once until it is full again', async () => {
  const { id, name } = await makePool(generated(`F${count}-??????`, { ahead: 5, most: 12 }));
  const low = await makePool({ lowStock: 3 });
  const told = async () => (await tendPromoPools(db, at)).map((pool) => pool.name).filter((one) => one === low.name);
  expect([await told(), await told()]).toEqual([[low.name], []]);
  await importCodes(
    db,
    low.id,
    ['L1', 'L2', 'L3'].map((code) => ({ code: `${code}-${count}`, size: all })),
  );
  expect(await told()).toEqual([]);
  await issue(db, low.name);
  expect([await told(), await told()]).toEqual([[low.name], []]);
  for (let index = 0; index < 9; index += 1) await issue(db, name);
  await tendPromoPools(db, at);
  expect((await promoPools(db, { id }))[0]?.stock).toEqual([{ size: 'all', free: 3, issued: 9, redeemed: 0 }]);
});
