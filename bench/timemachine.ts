import { DefaultLogger, Runtime } from '@temporalio/worker';
import { createActivities } from '#activities/index.ts';
import { byIndex, connect, createPool } from '#db/connect.ts';
import { scratchFolder, scratchPostgres } from '#scripts/lib/scratch.ts';
import { setUpShop } from './carts.ts';
import { cleaningUp, median, type Result, round2 } from './lib.ts';
import { deps, emptyActivities, start } from './timemachine/journeys.ts';
import { type Act, emptyOnMachine, realOnMachine } from './timemachine/machine.ts';
import { onServer, timeSkipping } from './timemachine/server.ts';
import { daysOfShop } from './timemachine/shop.ts';
import { sleepingRuns } from './timemachine/sleeping.ts';

/** Cart journeys of four messages over four days, on the time machine beside Temporal's time-skipping server whose time is
 *  driven by `sleep`: with the real activities on the same PostgreSQL (which nobody keeps: no fsync), and with empty ones. What a
 *  sleeping run costs, and how fast a simulated shop lives. */
export const name = 'timemachine';

const journeys = 150;
const rounds = 3;

export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger, telemetryOptions: { logging: { filter: 'error', forward: {} } } });
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await scratchPostgres(dir);
    defer(() => postgres.stop());
    const pool = createPool(postgres.url, 20, byIndex);
    defer(() => pool.end());
    const db = connect(pool);
    await setUpShop(db, start);
    const environment = await timeSkipping(defer);
    const activities = await deps();
    const baselineName = 'the time-skipping server, driven by sleep';
    const real = await beside(
      await realOnMachine(db, pool, defer),
      await onServer(environment, db, (clock) => createActivities({ db, clock, ...activities })),
    );
    const empty = await beside(emptyOnMachine, await onServer(environment, null, emptyActivities));
    return [
      { name, ...real, unit: 'journeys/s', baselineName },
      { name: `${name}-empty`, ...empty, unit: 'journeys/s, empty activities', baselineName },
      ...(await sleepingRuns(name)),
    ];
  }).then(async (results) => [...results, await inAShop()]);
}

/** In a process one time machine at a time, and in a database one shop. */
function inAShop(): Promise<Result> {
  return cleaningUp(async (defer) => {
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await scratchPostgres(dir);
    defer(() => postgres.stop());
    return daysOfShop(name, postgres.url);
  });
}

/** Medians of alternating rounds, in journeys a second. */
async function beside(ours: Act, theirs: Act): Promise<Pick<Result, 'value' | 'baseline' | 'ratio'>> {
  const values: number[] = [];
  const baselines: number[] = [];
  // The first of everything is slower, and each connection plans its statements once.
  await theirs(10);
  await ours(journeys);
  for (let round = 0; round < rounds; round++) {
    baselines.push(await perSecond(theirs));
    values.push(await perSecond(ours));
  }
  const [value, baseline] = [median(values), median(baselines)];
  return { value: round2(value), baseline: round2(baseline), ratio: round2(value / baseline) };
}

async function perSecond(act: Act): Promise<number> {
  const ms = await act(journeys);
  return (journeys * 1_000) / ms;
}
