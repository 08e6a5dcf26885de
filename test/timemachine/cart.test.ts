import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import type { Entry } from '#domain/journey.ts';
import { seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { createTimeMachine } from '#timemachine/machine.ts';
import { activitiesWith, idOf, setUpShop, start, startJourney } from './support.ts';

const customers = 3;

/** Cart journeys over six days; every row that they leave, and how often a run's code was rebuilt. */
async function cartJourneys(seed: string, maxCached?: number) {
  const { db, pool } = await freshDatabase();
  await setUpShop(db);
  const cached = maxCached === undefined ? {} : { maxCached };
  const machine = await createTimeMachine({ db, pool, start, seed, activities: activitiesWith(), ...cached });
  const entries: Entry[] = [];
  for (let n = 0; n < customers; n++) entries.push(await seedCart(db, new Date(start.getTime() + n * 60_000)));
  for (const entry of entries) machine.at(new Date(entry.triggerAt), () => startJourney(machine.port, entry));
  await machine.sleep(durationMs('P6D'));
  const rowsOf = async (table: string) =>
    (await sql<{ row: string }>`select t::text as row from ${sql.table(table)} t order by 1`.execute(db)).rows;
  const tables = ['runs', 'run_blocks', 'messages', 'decisions'];
  const rows = await Promise.all(tables.map(rowsOf));
  const runs = await Promise.all(entries.map((entry) => machine.port.describe(idOf(entry))));
  await machine.close();
  return { db, entries, rows, runs, counts: machine.counts };
}

test('J4 four messages over four days, at the instants that the settings say', async () => {
  const { db, entries, runs } = await cartJourneys('one');
  for (const { customerId, triggerAt } of entries) {
    const messages = db.selectFrom('messages').select(['template', 'accepted_at']).orderBy('id');
    const sent = await messages.where('customer_id', '=', customerId).execute();
    expect(sent.map(({ template }) => template)).toEqual([
      'cart-reminder',
      'cart-still-here',
      'cart-questions',
      'cart-last-call',
    ]);
    const hours = sent.map(({ accepted_at }) => ((accepted_at?.getTime() ?? 0) - Date.parse(triggerAt)) / 3_600_000);
    expect(hours).toEqual([0.5, 3.5, 27.5, 99.5]);
  }
  expect(runs.map((run) => run?.state)).toEqual(entries.map(() => 'completed'));
});

test('the same seed gives the same bytes, also when every run is rebuilt before each workflow task', async () => {
  const kept = await cartJourneys('two');
  const evicted = await cartJourneys('two', 0);
  expect(kept.counts).toEqual({ started: customers, activations: customers * 11, rebuilt: 0 });
  expect(evicted.counts).toEqual({ ...kept.counts, rebuilt: customers * 10 });
  expect(evicted.rows).toEqual(kept.rows);
  expect(evicted.runs).toEqual(kept.runs);
  expect(kept.rows.flat().length).toBeGreaterThan(customers * 10);
});

test('another seed gives other ids', async () => {
  const [one, other] = [await cartJourneys('three'), await cartJourneys('four')];
  expect(other.runs.map((run) => run?.runId)).not.toEqual(one.runs.map((run) => run?.runId));
});
