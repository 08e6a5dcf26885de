import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { freshDatabase } from '#test/support/database.ts';
import { Engine } from '#timemachine/engine.ts';
import { lanesOf } from '#timemachine/lanes.ts';
import { createTimeMachine } from '#timemachine/machine.ts';
import { payloadsOf } from '#timemachine/sdk.ts';
import { activitiesWith, start } from './support.ts';

// Which activities overlap, and who starts the regular jobs.

test('activities overlap, unless they share a lane or are to be alone', async () => {
  const workflowsPath = join(import.meta.dirname, 'scenes.ts');
  const bundle = await bundleWorkflowCode({ workflowsPath, logger: new DefaultLogger('ERROR') });
  const underWay: string[] = [];
  const together = new Set<string>();
  const activities = {
    async work(name: string) {
      for (const other of underWay) together.add([name, other].sort().join(' with '));
      underWay.push(name);
      for (let turn = 0; turn < 10; turn++) await setImmediate();
      underWay.splice(underWay.indexOf(name), 1);
    },
  };
  const lanes = (_: string, [name]: unknown[]) => (name === 'all' ? 'alone' : [String(name)[0] ?? '']);
  const engine = await Engine.open({ bundle, activities, start, seed: 'lanes', lanesOf: lanes });
  const nothing = { headers: {}, memo: {}, searchAttributes: {} };
  const args = payloadsOf([['anna-1', 'anna-2', 'boris-1', 'all', 'boris-2', 'vera-1']]);
  const run = engine.start({ workflowId: 'busy', type: 'busy', args, taskQueue: 'scenes', ...nothing });
  await engine.runUntil(start.getTime() + 60_000);
  expect(run.state).toBe('completed');
  expect([...together].sort()).toEqual(['anna-1 with boris-1', 'anna-2 with boris-1', 'boris-2 with vera-1']);
  await engine.close();
});

test('a customer, an item and pools of promo codes are lanes; what names no customer is alone', () => {
  const anna = { customerId: 'anna', key: 'personal' };
  expect(lanesOf({ ...anna, journey: 'abandonment' }, false)).toEqual(['anna']);
  expect(lanesOf({ ...anna, journey: 'abandonment' }, true)).toEqual(['anna', 'promo codes']);
  expect(lanesOf({ ...anna, journey: 'opt-in' }, true)).toEqual(['anna']);
  expect(lanesOf({ customerId: 'anna', journey: 'reservation', key: 'vase' }, false)).toEqual([
    'anna',
    'reservation:vase',
  ]);
  expect(lanesOf({ journey: 'reservation', itemId: 'vase' }, false)).toBe('alone');
  expect(lanesOf('metrics', false)).toBe('alone');
});

test('regular jobs are done on their nights, in the zone of the shop', async () => {
  const { db, pool } = await freshDatabase();
  const machine = await createTimeMachine({
    ...{ db, pool, start, seed: 'jobs', activities: activitiesWith() },
    jobsEveryDays: 2,
  });
  const day = 86_400_000;
  const nights: (string | undefined)[] = [];
  for (let n = 0; n < 4; n++) {
    await machine.sleep(day);
    const run = await machine.port.describe('job:metrics');
    nights.push(`${run?.startedAt.toISOString()} ${run?.state}`);
  }
  const [first, third] = ['2026-03-03T00:00:00.000Z completed', '2026-03-05T00:00:00.000Z completed'];
  expect(nights).toEqual([first, first, third, third]);
  await machine.close();
});
