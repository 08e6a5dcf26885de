import type { Pool } from 'pg';
import { seedCustomer } from '#bench/carts.ts';
import type { Defer } from '#bench/lib.ts';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { Engine } from '#timemachine/engine.ts';
import { createTimeMachine } from '#timemachine/machine.ts';
import { journeysOf } from '#timemachine/port.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { allSent, deps, emptyActivities, messages, start, startJourney, whole } from './journeys.ts';

/** So many journeys from their start to their end; wall milliseconds. */
export type Act = (count: number) => Promise<number>;

/** The real activities on PostgreSQL. All carts are left at one instant, as on the server. */
export async function realOnMachine(db: Db, pool: Pool, defer: Defer): Promise<Act> {
  const machine = await createTimeMachine({ db, pool, start, seed: 'bench', activities: await deps() });
  defer(() => machine.close());
  return async (count) => {
    const before = await messages(db);
    const at = machine.clock.now();
    const customers: string[] = [];
    for (let n = 0; n < count; n++) customers.push(await seedCustomer(db, at));
    const began = performance.now();
    for (const customer of customers) await startJourney(machine.port, customer, at);
    await machine.sleep(whole);
    const ms = performance.now() - began;
    await allSent(db, before, count);
    return ms;
  };
}

/** A machine whose activities do nothing, and what starts journeys on it. */
export async function emptyMachine(maxCached?: number) {
  let now = () => 0;
  const clock = { time: { origin: 0, scale: 1 }, now: () => new Date(now()) };
  const cached = maxCached === undefined ? {} : { maxCached };
  const activities = { ...emptyActivities(clock) };
  const options = { bundle: await workflowBundle(), start, seed: 'bench', activities, lanesOf: () => [], ...cached };
  const engine = await Engine.open(options);
  now = () => engine.time();
  const port = journeysOf(engine);
  const begin = (count: number, apartMs: number) => {
    for (let n = 0; n < count; n++) {
      const at = new Date(engine.now + n * apartMs);
      engine.at(at.getTime(), () => startJourney(port, newId(at), at));
    }
  };
  return { engine, begin };
}

export async function emptyOnMachine(count: number): Promise<number> {
  const { engine, begin } = await emptyMachine();
  const began = performance.now();
  begin(count, 0);
  await engine.runUntil(engine.now + whole);
  const ms = performance.now() - began;
  const { activations } = engine.counts;
  await engine.close();
  if (activations < count * 10) throw new Error(`${activations} workflow tasks are too few for ${count} journeys`);
  return ms;
}
