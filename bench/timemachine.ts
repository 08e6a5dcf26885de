import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { Pool } from 'pg';
import type { ActivityDeps } from '#activities/deps.ts';
import { createActivities } from '#activities/index.ts';
import type { JourneyActivities } from '#activities/journeys.ts';
import type { Channel } from '#channels/channel.ts';
import { connect, createPool, type Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import type { Clock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import type { Next } from '#domain/journey.ts';
import { journeyQueue, sendQueue } from '#domain/queues.ts';
import type { JourneyPort } from '#relay/port.ts';
import { searchAttributes, temporalPort } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { scratchFolder, scratchPostgres } from '#scripts/lib/scratch.ts';
import { provideTemporal } from '#scripts/provision/temporal.ts';
import { refreshing, type ServerClock, serverClock } from '#test/support/clock.ts';
import { Engine } from '#timemachine/engine.ts';
import { createTimeMachine } from '#timemachine/machine.ts';
import { journeysOf } from '#timemachine/port.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { seedCustomer, setUpShop, waits } from './carts.ts';
import { cleaningUp, type Defer, median, type Result, round2 } from './lib.ts';

/** Cart journeys of four messages over four days, on the time machine beside Temporal's time-skipping server whose time is
 *  driven by `sleep`: with the real activities on PostgreSQL, and with empty ones. And what a sleeping run costs. */
export const name = 'timemachine';

const journeys = 150;
const rounds = 3;
const sleepers = 4_000;
/** Customers leave their carts so far apart in virtual time: about what the server needs to start one. */
const apartMs = 20;
const start = new Date('2026-03-02T09:00:00Z');
const whole = durationMs('P6D');

type Act = (count: number) => Promise<number>;

export function run(): Promise<Result[]> {
  return cleaningUp(async (defer) => {
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger, telemetryOptions: { logging: { filter: 'error', forward: {} } } });
    const { dir, remove } = await scratchFolder();
    defer(remove);
    const postgres = await scratchPostgres(dir);
    defer(() => postgres.stop());
    const pool = createPool(postgres.url, 20);
    defer(() => pool.end());
    const db = connect(pool);
    await setUpShop(db, start);
    const environment = await timeSkipping(defer);
    const server = 'the time-skipping server, driven by sleep';
    const real = await beside(
      await realOnMachine(db, pool, defer),
      await onServer(environment, db, realActivities(db)),
    );
    const empty = await beside(emptyOnMachine, await onServer(environment, null, emptyActivities));
    const [asleep, awake] = [await bytesOfRun(0), await bytesOfRun(sleepers)];
    return [
      { name, ...real, unit: 'journeys/s', baselineName: server },
      { name: `${name}-empty`, ...empty, unit: 'journeys/s, empty activities', baselineName: server },
      {
        name: `${name}-sleeping`,
        value: asleep,
        unit: 'bytes a run',
        baseline: awake,
        baselineName: 'all of them with their code in memory',
        ratio: round2(asleep / awake),
      },
    ];
  });
}

/** Medians of alternating rounds, in journeys a second. */
async function beside(ours: Act, theirs: Act): Promise<Pick<Result, 'value' | 'baseline' | 'ratio'>> {
  const values: number[] = [];
  const baselines: number[] = [];
  await theirs(10); // the first of everything is slower
  await ours(10);
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

const email: Channel = {
  name: 'email',
  provider: 'bench',
  submit: async ({ id }) => ({ result: 'accepted', providerId: id }),
  close: async () => {},
};

async function deps(): Promise<Omit<ActivityDeps, 'db' | 'clock'>> {
  const log = { info() {}, warn() {} };
  const secret = 'a secret of the benchmark, long enough';
  return { channels: { email }, renderer: await createRenderer(), publicUrl: 'https://shop.example', secret, log };
}

function startJourney(port: JourneyPort, customerId: string, at: Date): Promise<void> {
  const triggerAt = at.toISOString();
  return port.signalWithStart({
    workflowId: workflowId('abandonment', customerId, 'personal'),
    entry: { journey: 'abandonment', customerId, key: 'personal', triggerAt, time: { origin: 0, scale: 1 } },
    notice: { kind: 'start', reason: 'Product Added', at: triggerAt },
  });
}

/** A figure about journeys that did not send would be worth nothing. */
async function allSent(db: Db, before: number, count: number): Promise<void> {
  const sent = (await messages(db)) - before;
  if (sent !== count * 4) throw new Error(`${sent} messages of ${count * 4} were sent`);
}

async function messages(db: Db): Promise<number> {
  const counted = db.selectFrom('messages').select((all) => all.fn.countAll<number>().as('n'));
  return Number((await counted.where('state', '=', 'accepted').executeTakeFirstOrThrow()).n);
}

async function realOnMachine(db: Db, pool: Pool, defer: Defer): Promise<Act> {
  const machine = await createTimeMachine({ db, pool, start, seed: 'bench', activities: await deps() });
  defer(() => machine.close());
  return async (count) => {
    const before = await messages(db);
    const first = machine.clock.now().getTime() + apartMs;
    for (let n = 0; n < count; n++) {
      const at = new Date(first + n * apartMs);
      const customerId = await seedCustomer(db, at);
      machine.at(at, () => startJourney(machine.port, customerId, at));
    }
    const began = performance.now();
    await machine.sleep(whole);
    const ms = performance.now() - began;
    await allSent(db, before, count);
    return ms;
  };
}

/** Four steps, a day apart. */
function emptyActivities(clock: Clock): JourneyActivities {
  const next = (n: number): Next | null =>
    n > waits.length
      ? null
      : { block: `cart-${n}`, iteration: 1, channel: 'email', due: clock.now().getTime() + durationMs('P1D'), say: '' };
  return {
    enter: async () => ({ entered: true, runId: 'run', settingsVersion: 0, asked: 0, next: next(1) as Next }),
    deliver: async ({ ask }) => ({ story: '', next: next(ask + 1) }),
    finish: async () => ({ ended: true, outcome: 'completed', again: null }),
  };
}

async function emptyMachine(maxCached?: number) {
  let now = () => 0;
  const clock = { time: { origin: 0, scale: 1 }, now: () => new Date(now()) };
  const engine = await Engine.open({
    bundle: await workflowBundle(),
    activities: { ...emptyActivities(clock) },
    start,
    seed: 'bench',
    lanesOf: () => [],
    ...(maxCached !== undefined && { maxCached }),
  });
  now = () => engine.time();
  const port = journeysOf(engine);
  const begin = (count: number) => {
    for (let n = 0; n < count; n++) {
      const at = engine.now + n * apartMs;
      engine.at(at, () => startJourney(port, newId(new Date(at)), new Date(at)));
    }
  };
  return { engine, begin };
}

async function emptyOnMachine(count: number): Promise<number> {
  const { engine, begin } = await emptyMachine();
  const began = performance.now();
  begin(count);
  await engine.runUntil(engine.now + whole);
  const ms = performance.now() - began;
  const { activations } = engine.counts;
  await engine.close();
  if (activations < count * 10) throw new Error(`${activations} workflow tasks are too few for ${count} journeys`);
  return ms;
}

/** Of runs that wait for their second message, `maxCached` of them with their code in memory. */
async function bytesOfRun(maxCached: number): Promise<number> {
  const before = await bytes();
  const { engine, begin } = await emptyMachine(maxCached);
  begin(sleepers);
  await engine.runUntil(engine.now + durationMs('PT36H'));
  const used = (await bytes()) - before;
  await engine.close();
  return Math.round(used / sleepers);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

async function bytes(): Promise<number> {
  // Buffers are let go of some turns after their owners.
  for (let turn = 0; turn < 5; turn++) {
    collectGarbage();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function timeSkipping(defer: Defer): Promise<TestWorkflowEnvironment> {
  const path = await provideTemporal('testServer');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path } },
  });
  defer(() => environment.teardown());
  const keyword = 2; // temporal.api.enums.v1.IndexedValueType
  await environment.connection.operatorService.addSearchAttributes({
    namespace: environment.namespace ?? 'default',
    searchAttributes: Object.fromEntries(Object.keys(searchAttributes).map((attribute) => [attribute, keyword])),
  });
  return environment;
}

function realActivities(db: Db) {
  return async (clock: Clock): Promise<JourneyActivities> => createActivities({ db, clock, ...(await deps()) });
}

/** Workers live for one measurement each: those of another would take its tasks. */
async function onServer(
  environment: TestWorkflowEnvironment,
  db: Db | null,
  activitiesFor: (clock: Clock) => JourneyActivities | Promise<JourneyActivities>,
): Promise<Act> {
  const clock = await serverClock(environment);
  const port = temporalPort(environment.client, { taskQueue: journeyQueue });
  const activities = await activitiesFor(clock);
  return (count) =>
    withWorkers(environment, clock, activities, async () => {
      const before = db ? await messages(db) : 0;
      await clock.refresh();
      const customers: string[] = [];
      for (let n = 0; n < count; n++) customers.push(db ? await seedCustomer(db, clock.now()) : newId(clock.now()));
      const began = performance.now();
      for (const customer of customers) await startJourney(port, customer, clock.now());
      await environment.sleep(whole);
      const ms = performance.now() - began;
      if (db) await allSent(db, before, count);
      return ms;
    });
}

async function withWorkers<T>(
  environment: TestWorkflowEnvironment,
  clock: ServerClock,
  activities: JourneyActivities,
  act: () => Promise<T>,
): Promise<T> {
  const interceptors = { activity: [() => ({ inbound: refreshing(clock) })] };
  const common = { connection: environment.nativeConnection, activities, interceptors };
  const workers = await Promise.all([
    Worker.create({
      ...common,
      taskQueue: journeyQueue,
      workflowBundle: await workflowBundle(),
      maxCachedWorkflows: 500,
    }),
    Worker.create({ ...common, taskQueue: sendQueue('email') }),
  ]);
  const running = workers.map((worker) => worker.run());
  try {
    return await act();
  } finally {
    for (const worker of workers) worker.shutdown();
    await Promise.all(running);
  }
}
