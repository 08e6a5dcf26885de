import { sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import type { Db } from '#db/connect.ts';
import { durationMs } from '#domain/duration.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { livingShop } from '#scripts/simulate/living.ts';
import { freshDatabase } from '#test/support/database.ts';

const start = new Date('2026-03-02T00:00:00Z');
const shop: ShopSettings = { ...defaultShop, channels: ['email', 'telegram', 'app_push'] };
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
/** Half the visits, and twice as many carts in them: what journeys are about in half the time. */
const rates = { visitsAWeek: 0.6, cartVisits: 0.17, unsubscribes: 0.01, bounces: 0.01 };

/** A shop that lives so many days on the time machine; after each stretch nothing may be broken. */
async function play(customers: number, stretches: readonly number[]) {
  const { url } = await freshDatabase();
  const settings = { shop, policy, ...journeys };
  const lives = await livingShop({ databaseUrl: url, customers, seed: 3, start, rates, settings, jobsEveryDays: 15 });
  afterAll(() => lives.close());
  for (const days of stretches) {
    await lives.machine.runUntil(new Date(start.getTime() + days * durationMs('P1D')));
    expect(await lives.broken()).toEqual([]);
  }
  return lives;
}

const rowsOf = async (db: Db, table: string): Promise<string[]> => {
  const { rows } = await sql<{ row: string }>`select t::text as row from ${sql.table(table)} t order by 1`.execute(db);
  return rows.map(({ row }) => row);
};

test('100 customers for a quarter: no promise is broken at any month’s end', { timeout: 900_000 }, async () => {
  const { db, received } = await play(100, [30, 60, 90]);
  const { rows } = await sql<{ decision: string; count: number }>`
    select decision, count(*)::int as count from decisions group by 1`.execute(db);
  const counts = Object.fromEntries(rows.map(({ decision, count }) => [decision, count]));
  expect(received).toBeGreaterThan(500);
  // Every answer that a decision may give was given.
  expect(Object.keys(counts).sort()).toEqual(expect.arrayContaining(['defer', 'drop', 'send', 'stop', 'suppress']));
});

test('the same shop lives the same life, to the byte', { timeout: 900_000 }, async () => {
  const lives = [await play(10, [14]), await play(10, [14])] as const;
  expect(lives[0].received).toBeGreaterThan(10);
  for (const table of ['messages', 'message_events', 'decisions', 'runs', 'run_blocks', 'orders', 'not_entered']) {
    const [one, other] = [await rowsOf(lives[0].db, table), await rowsOf(lives[1].db, table)];
    expect(one, table).toEqual(other);
  }
});
