import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { byIndex, connect, createPool, type Db } from '#db/connect.ts';
import { checkInvariants } from '#db/invariants.ts';
import { createKey } from '#db/keys.ts';
import { saveSettings } from '#db/settings.ts';
import { durationMs } from '#domain/duration.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { directSink } from '#scripts/simulate/direct.ts';
import { playedShop } from '#scripts/simulate/machine.ts';
import { createShop } from '#simulator/shop.ts';
import { freshDatabase } from '#test/support/database.ts';
import { publicUrl, secret } from '#test/support/journeys.ts';
import { journeyRules } from '#test/support/rules.ts';
import { createTimeMachine } from '#timemachine/machine.ts';

const start = new Date('2026-03-02T00:00:00Z');
const settings: ShopSettings = { ...defaultShop, channels: ['email', 'telegram', 'app_push'] };
const cascade = {
  channels: ['email', 'telegram', 'app_push'].map((channel) => ({ channel, advanceWhen: 'not_clicked', after: 'P1D' })),
};
const journeys = { abandonment: { cascade, expensiveFrom: 1_500_000 } };
const rule = { channels: [], classes: [], unit: 'message' };
const policy = {
  rules: [
    { ...rule, name: 'one-a-day', max: 1, window: 'P1D', clock: 'calendar' },
    { ...rule, name: 'three-in-7-days', max: 3, window: 'P7D', clock: 'rolling' },
  ],
};
const log = { info() {}, warn() {} };
const renderer = await createRenderer();
const rates = { unsubscribes: 0.01, bounces: 0.01 };

/** A shop that lives so many days on the time machine; after each stretch nothing may be broken. */
async function play(customers: number, stretches: readonly number[]) {
  const { url } = await freshDatabase();
  // As workers have them: statistics of a young database say nothing.
  const pool = createPool(url, 10, byIndex);
  const db = connect(pool);
  const played = playedShop(createShop({ seed: 3, customers, start, rates }));
  const written = { shop: settings, policy, abandonment: journeys.abandonment };
  for (const [name, value] of Object.entries(written)) await saveSettings(db, name, value, 'test', start);
  const activities = { channels: played.channels, renderer, publicUrl, secret, log };
  const machine = await createTimeMachine({ db, pool, start, seed: 'quarter', shop: () => settings, activities });
  const source = await createKey(db, 'sources', 'simulated shop', start);
  const parts = { db, intake: machine.intake, clock: machine.clock, shop: settings, onOutbox: machine.onOutbox };
  played.begin(machine, directSink({ ...parts, sourceId: source?.id ?? '' }));
  for (const days of stretches) {
    await machine.runUntil(new Date(start.getTime() + days * durationMs('P1D')));
    const options = { now: machine.clock.now(), journeys: journeyRules(journeys), isAtRest: true };
    expect(await checkInvariants(db, options)).toEqual([]);
  }
  await machine.close();
  return { db, pool, received: played.received };
}

const rowsOf = async (db: Db, table: string): Promise<string[]> => {
  const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(table)} t order by 1`.execute(db);
  return rows.map(({ row }) => row);
};

test('100 customers for a quarter: no promise is broken at any month’s end', { timeout: 300_000 }, async () => {
  const { db, pool, received } = await play(100, [30, 60, 90]);
  const { rows } = await sql<{ decision: string; count: number }>`
    select decision, count(*)::int as count from decisions group by 1`.execute(db);
  const counts = Object.fromEntries(rows.map(({ decision, count }) => [decision, count]));
  expect(received).toBeGreaterThan(500);
  // Every answer that a decision may give was given.
  expect(Object.keys(counts).sort()).toEqual(expect.arrayContaining(['defer', 'drop', 'send', 'stop', 'suppress']));
  await pool.end();
});

test('the same shop lives the same life, to the byte', { timeout: 120_000 }, async () => {
  const lives = [await play(10, [14]), await play(10, [14])] as const;
  expect(lives[0].received).toBeGreaterThan(10);
  for (const table of ['messages', 'message_events', 'decisions', 'runs', 'run_blocks', 'orders', 'not_entered']) {
    const [one, other] = [await rowsOf(lives[0].db, table), await rowsOf(lives[1].db, table)];
    expect(one, table).toEqual(other);
  }
  for (const { pool } of lives) await pool.end();
});
