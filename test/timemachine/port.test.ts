import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { afterAll, expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import type { Entry } from '#domain/journey.ts';
import { type JourneyPort, RequestRefused } from '#relay/port.ts';
import { ensureSearchAttributes, temporalPort } from '#relay/temporal.ts';
import { devServer } from '#test/support/temporal.ts';
import { Engine } from '#timemachine/engine.ts';
import { journeysOf } from '#timemachine/port.ts';
import { createSceneActivities } from './scene-activities.ts';
import { start } from './support.ts';

// Who asks a journey, and waits for its answer: the same port, on the dev server and on the time machine.

const workflowsPath = join(import.meta.dirname, 'scenes.ts');
const workflowBundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
const activities = createSceneActivities();

function entryOf(customerId: string): Entry {
  return { journey: 'line', customerId, key: '', triggerAt: start.toISOString(), time: { origin: 0, scale: 1 } };
}

const workflowId = 'line:lamp';
const lamp = { workflowId, entry: entryOf('lamp') };
const joins = (port: JourneyPort, name: string) => port.updateWithStart<number>(lamp, 'join', name);

async function onServer(): Promise<JourneyPort> {
  const environment = await devServer();
  const { connection, client, nativeConnection, namespace = 'default' } = environment;
  await ensureSearchAttributes(connection, namespace);
  const taskQueue = 'port';
  const worker = await Worker.create({ connection: nativeConnection, taskQueue, workflowBundle, activities });
  const running = worker.run();
  afterAll(async () => {
    await port.terminate(workflowId, 'the test is over');
    worker.shutdown();
    await running;
  });
  const port = temporalPort(client, { taskQueue });
  return port;
}

async function onMachine() {
  const bundle = workflowBundle;
  const engine = await Engine.open({ bundle, activities, start, seed: 'port', maxCached: 0 });
  afterAll(() => engine.close());
  return { engine, port: journeysOf(engine) };
}

/** Asks, refused requests included, and looks. */
async function ask(port: JourneyPort): Promise<unknown[]> {
  const refused = await joins(port, 'anna').then(() => joins(port, 'anna').catch((error: Error) => error));
  // One after the other: of two at once a server may take either first.
  const both = [await joins(port, 'boris'), await joins(port, 'vera')];
  const { journey, state } = (await port.describe(workflowId)) ?? {};
  return [
    refused instanceof RequestRefused && refused.message,
    both,
    await port.query(workflowId, 'members'),
    { journey, state },
    await port.query('line:nobody', 'members'),
  ];
}

test('update-with-start, query and describe: the same on the dev server and on the time machine', async () => {
  const expected = await ask(await onServer());
  expect(expected).toEqual([
    'anna is in the line',
    [2, 3],
    ['anna', 'boris', 'vera'],
    { journey: 'line', state: 'running' },
    null,
  ]);
  expect(await ask((await onMachine()).port)).toEqual(expected);
});

test('a line that waits for three years keeps its members, run after run, and hears who joins', async () => {
  const { engine, port } = await onMachine();
  await joins(port, 'anna');
  const first = await port.describe(workflowId);
  // Asked for by the world outside while the machine runs: it goes on until the answer is there.
  let second: number | undefined;
  engine.at(start.getTime() + durationMs('P500D'), async () => {
    second = await joins(port, 'boris');
  });
  await engine.runUntil(start.getTime() + durationMs('P1095D'));
  expect(second).toBe(2);
  const last = await port.describe(workflowId);
  expect(last?.state).toBe('running');
  expect(last?.runId).not.toBe(first?.runId);
  expect(engine.counts.started).toBe(37);
  expect(await port.query(workflowId, 'members')).toEqual(['anna', 'boris']);
});
