import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { freshDatabase } from '#test/support/database.ts';
import { devServer, timeSkipping } from '#test/support/temporal.ts';

const { db } = await freshDatabase();
const other = await freshDatabase();
const temporal = await devServer();
const skipping = await timeSkipping();

test('a test file has a migrated database of its own', async () => {
  await sql`insert into event_keys (hash) values (${Buffer.alloc(16)})`.execute(db);
  expect((await db.selectFrom('event_keys').selectAll().execute()).length).toBe(1);
  expect(await other.db.selectFrom('event_keys').selectAll().execute()).toEqual([]);
});

test('the dev server knows the search attributes of runs', async () => {
  const { customAttributes } = await temporal.connection.operatorService.listSearchAttributes({ namespace: 'default' });
  expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining(['Journey', 'CustomerId']));
});

test('the time-skipping server jumps over a year', async () => {
  const before = await skipping.currentTimeMs();
  await skipping.sleep('365 days');
  expect(await skipping.currentTimeMs()).toBeGreaterThanOrEqual(before + 365 * 86_400_000);
});
