import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, expect, test } from 'vitest';
import { timeSkipping } from '#test/support/temporal.ts';
import { Engine } from '#timemachine/engine.ts';
import { payloadsOf } from '#timemachine/sdk.ts';
import { createSceneActivities } from './scene-activities.ts';
import { start } from './support.ts';

// What the machine makes of a workflow is what the time-skipping server makes of it.

const minute = 60_000;
const workflowsPath = join(import.meta.dirname, 'scenes.ts');
const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });

/** The least of a server that a scene needs. */
interface Stage {
  start(type: string, id: string, arg: unknown): Promise<void>;
  signal(id: string, name: string, word: string): Promise<void>;
  cancel(id: string): Promise<void>;
  update(id: string, name: string, n: number): Promise<unknown>;
  query(id: string, name: string): Promise<unknown>;
  sleep(minutes: number): Promise<void>;
  stateOf(id: string): Promise<string>;
  /** Of a workflow that has ended. */
  result(id: string): Promise<unknown>;
}

async function onServer(): Promise<Stage> {
  const environment = await timeSkipping();
  const { client } = environment;
  const options = { connection: environment.nativeConnection, taskQueue: 'scenes', workflowBundle: bundle };
  const worker = await Worker.create({ ...options, activities: createSceneActivities() });
  const running = worker.run();
  afterAll(() => {
    worker.shutdown();
    return running;
  });
  const handle = (id: string) => client.workflow.getHandle(id);
  return {
    start: async (type, workflowId, arg) =>
      void (await client.workflow.start(type, { workflowId, args: [arg], taskQueue: 'scenes' })),
    signal: (id, name, word) => handle(id).signal(name, word),
    cancel: async (id) => void (await handle(id).cancel()),
    update: (id, name, n) => handle(id).executeUpdate(name, { args: [n] }),
    query: (id, name) => handle(id).query(name),
    sleep: (minutes) => environment.sleep(minutes * minute),
    stateOf: async (id) => (await handle(id).describe()).status.name.toLowerCase(),
    result: (id) => handle(id).result(),
  };
}

async function onMachine(maxCached = 100): Promise<Stage & { engine: Engine }> {
  const engine = await Engine.open({ bundle, activities: createSceneActivities(), start, seed: 'scenes', maxCached });
  const live = (id: string) => {
    const run = engine.live(id);
    if (!run) throw new Error(`${id} does not run`);
    return run;
  };
  const nothing = { headers: {}, memo: {}, searchAttributes: {} };
  return {
    engine,
    start: async (type, workflowId, arg) =>
      void engine.start({ workflowId, type, args: payloadsOf([arg]), taskQueue: 'scenes', ...nothing }),
    signal: async (id, name, word) => engine.signal(live(id), name, word),
    cancel: async (id) => engine.cancel(live(id)),
    update: (id, name, n) => engine.updates.send(live(id), name, n),
    query: (id, name) => engine.query(live(id), name),
    sleep: (minutes) => engine.runUntil(engine.now + minutes * minute),
    stateOf: async (id) => engine.newest(id)?.describe().state ?? 'unknown',
    result: async (id) => engine.newest(id)?.value(),
  };
}

type Scene = (stage: Stage) => Promise<unknown>;

/** Lets a workflow go its way for a time, and looks. */
const alone =
  (type: string, minutes = 300): Scene =>
  async (stage) => {
    const id = `${type}-alone`;
    await stage.start(type, id, id);
    await stage.sleep(minutes);
    return stage.result(id);
  };

const scenes: Record<string, Scene> = {
  'retry policies': alone('retries', 600),
  'local activities': alone('locals'),
  patches: alone('patches'),
  'condition: fulfilled by a signal, and over': async (stage) => {
    await stage.start('waits', 'waits', null);
    await stage.sleep(20);
    await stage.signal('waits', 'go', 'there');
    await stage.sleep(60);
    return stage.result('waits');
  },
  'cancellation of activities, timers and the run': async (stage) => {
    await stage.start('cancelling', 'cancelling', 'cancelling');
    await stage.sleep(120);
    await stage.cancel('cancelling');
    await stage.sleep(60);
    return [await stage.stateOf('cancelling'), await stage.result('cancelling')];
  },
  children: async (stage) => {
    await stage.start('children', 'children', 'children');
    await stage.sleep(60);
    return stage.result('children');
  },
  'signals between workflows': async (stage) => {
    // A signal while time runs free would break the test server where it meets a timer.
    await stage.start('hears', 'called', null);
    await stage.start('calling', 'calling', 'called');
    await stage.sleep(60);
    return [await stage.result('calling'), await stage.result('called')];
  },
  'continue-as-new keeps memo and search attributes': async (stage) => {
    await stage.start('again', 'again', 3);
    await stage.sleep(120);
    return stage.result('again');
  },
};

const server = await onServer();

test.for(Object.entries(scenes))('%s', async ([, scene]) => {
  const expected = await scene(server);
  expect(await scene(await onMachine())).toEqual(expected);
  expect(await scene(await onMachine(0)), 'rebuilt before each workflow task').toEqual(expected);
  expect(JSON.stringify(expected).length).toBeGreaterThan(10);
});

// What the time-skipping server lacks, or does not take while time is driven by hand.

test('children of a run that has ended: abandoned, terminated, asked to cancel', async () => {
  const machine = await onMachine();
  await machine.start('leaving', 'leaving', 'leaving');
  await machine.sleep(1);
  const states = ['ABANDON', 'TERMINATE', 'REQUEST_CANCEL'].map((policy) => machine.stateOf(`leaving/${policy}`));
  expect(await Promise.all(states)).toEqual(['running', 'terminated', 'cancelled']);
});

test('updates: validated, completed later, failed; queries in between', async () => {
  const machine = await onMachine(0);
  await machine.start('updates', 'updates', null);
  await machine.sleep(5);
  const refused = expect(machine.update('updates', 'add', -1)).rejects.toThrow('negative');
  const first = machine.update('updates', 'add', 5);
  const failed = expect(machine.update('updates', 'add', 200)).rejects.toThrow('too much');
  expect(await machine.query('updates', 'total')).toBe(0);
  await machine.sleep(15);
  expect(await first).toBe(5);
  await Promise.all([refused, failed]);
  expect(await machine.query('updates', 'total')).toBe(205);
  await expect(machine.query('updates', 'unknown')).rejects.toThrow('unknown');
  const late = expect(machine.update('updates', 'add', 1)).resolves.toBe(206);
  await machine.sleep(200);
  await late;
  expect(await machine.result('updates')).toEqual(['sum 206']);
});

test('a workflow task that fails stops the machine and names run, virtual time and the line of our source', async () => {
  const machine = await onMachine();
  await machine.start('mistaken', 'somebody', null);
  const failed = machine.sleep(120);
  await expect(failed).rejects.toThrow(/mistaken somebody at 2026-03-02T10:00:00.001Z.*reading 'value'/);
  await expect(failed).rejects.toThrow(/at mistake .*scenes\.ts:\d+/);
  await expect(machine.sleep(1)).rejects.toThrow('somebody');
});

test('runs sleep in small space: most of them without their isolate', async () => {
  const { engine, ...machine } = await onMachine(10);
  for (let n = 0; n < 50; n++) await machine.start('patches', `sleeper-${n}`, null);
  await machine.sleep(90);
  expect(engine.counts).toEqual({ started: 50, activations: 100, rebuilt: 50 });
  await machine.sleep(90);
  for (let n = 0; n < 50; n++) expect(await machine.result(`sleeper-${n}`)).toEqual(['true true true']);
});
