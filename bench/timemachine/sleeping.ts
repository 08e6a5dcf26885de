import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { type Result, round2 } from '#bench/lib.ts';
import { durationMs } from '#domain/duration.ts';
import { emptyMachine } from './machine.ts';

/** What sleeping runs cost. */

const few = 4_000;
const many = 100_000;
const megabyte = 1_048_576;
const asleep = durationMs('PT36H');
/** So that what a run does before it sleeps is not spread over what all do. */
const apartMs = 20;
/** Megabytes: V8 takes what it may before it collects garbage. */
const heap = 640;

export async function sleepingRuns(name: string): Promise<Result[]> {
  const [value, baseline] = [await bytesOfRun(0), await bytesOfRun(few)];
  const sleepers = [`--max-old-space-size=${heap}`, join(import.meta.dirname, 'sleepers.ts'), `${many}`];
  const { stdout } = await promisify(execFile)(process.execPath, sleepers);
  const resident = Number(stdout);
  return [
    {
      name: `${name}-sleeping`,
      ...{ value, unit: 'bytes a run', baseline, ratio: round2(value / baseline) },
      baselineName: 'all of them with their code in memory',
    },
    {
      name: `${name}-100k`,
      ...{ value: resident, unit: 'MB resident, a process with 100,000 of them', baseline: 1_024 },
      ...{ baselineName: 'a gigabyte', ratio: round2(resident / 1_024) },
    },
  ];
}

/** Of those that wait for their second message, `maxCached` with their code in memory. */
async function bytesOfRun(maxCached: number): Promise<number> {
  const before = await bytes();
  const { engine, begin } = await emptyMachine(maxCached);
  begin(few, apartMs);
  await engine.runUntil(engine.now + asleep);
  const used = (await bytes()) - before;
  await engine.close();
  return Math.round(used / few);
}

/** Megabytes of memory that this process has when so many runs wait for their first message, garbage included. */
export async function residentWith(count: number): Promise<number> {
  const { engine, begin } = await emptyMachine();
  begin(count, apartMs);
  await engine.runUntil(engine.now + count * apartMs + 1_000);
  await bytes();
  const { rss } = process.memoryUsage();
  await engine.close();
  return Math.round(rss / megabyte);
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
