import { afterAll, expect, test } from 'vitest';
import { byIndex, connect, createPool } from '#db/connect.ts';
import { durationMs } from '#domain/duration.ts';
import { seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { grow, growing, pagesOf, stopAutovacuum } from '#test/support/growth.ts';
import { createTimeMachine, type TimeMachine } from '#timemachine/machine.ts';
import { activitiesWith, setUpShop, start, startJourney } from './support.ts';

const { url } = await freshDatabase();
/** As workers decide. */
const pool = createPool(url, 4, byIndex);
const db = connect(pool);
afterAll(() => pool.end());

/** Carts of three customers, from the first message to the last. */
async function carts(machine: TimeMachine, from: number): Promise<void> {
  for (let n = 0; n < 3; n++) {
    const entry = await seedCart(db, new Date(from + n * 60_000));
    machine.at(new Date(entry.triggerAt), () => startJourney(machine.port, entry));
  }
  await machine.sleep(durationMs('P6D'));
}

test('what a run reads does not grow with what is stored, also by plans that were made while there was nothing', async () => {
  await setUpShop(db);
  const machine = await createTimeMachine({ db, pool, start, seed: 'growth', activities: activitiesWith() });
  const later = (days: number) => start.getTime() + days * 86_400_000;
  await carts(machine, later(0));
  await machine.intake.close();
  await stopAutovacuum(pool);
  const empty = await pagesOf(pool, () => carts(machine, later(7)));
  await grow({ url, db }, 10_000, start);
  const grown = await pagesOf(pool, () => carts(machine, later(14)));
  await machine.close();
  expect(empty.messages).toBeGreaterThan(0);
  expect(growing(empty, grown)).toEqual([]);
});
