import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { ActivityDeps } from '#activities/deps.ts';
import { lookAtQueue } from '#activities/reservation/look.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer } from '#test/support/messages.ts';

const { db } = await freshDatabase();
const start = new Date('2026-03-02T09:00:00Z');
const deps: ActivityDeps = {
  db,
  clock: manualClock(start),
  channels: {},
  renderer: await createRenderer(),
  publicUrl: 'https://shop.example/vestnik',
  secret: 'a secret of the tests, long enough to sign links with',
  log: { info() {}, warn() {} },
};
const look = () => lookAtQueue(deps, { journey: 'reservation', itemId: 'bag', asks: [], stop: false });

test('who joins while a look waits for the item is not lost: the next look hears of them', async () => {
  const [anna, boris] = [await plantCustomer(db, start), await plantCustomer(db, start)];
  const joins = (customerId: string) =>
    sql`insert into item_news (item_id, what, customer_id, at) values ('bag', 'joined', ${customerId}, ${start})`;
  await sql`insert into items (id, is_queued) values ('bag', true)`.execute(db);
  await joins(anna).execute(db);
  let looking: ReturnType<typeof look> | undefined;
  // As intake does: the item's lock, then what was said.
  await db.transaction().execute(async (trx) => {
    await sql`select from items where id = 'bag' for update`.execute(trx);
    looking = look();
    const waits = async () =>
      (
        await sql`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`.execute(
          db,
        )
      ).rows.length;
    await expect.poll(waits).toBe(1);
    await joins(boris).execute(trx);
  });
  expect((await looking)?.waiting).toEqual([anna]);
  expect((await look()).waiting).toEqual([anna, boris]);
});
