import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import type { JourneyActivities } from '#activities/journeys.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import type { Next } from '#domain/journey.ts';
import { temporalPort } from '#relay/temporal.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { workflowBundle } from '#worker/bundle.ts';

// Moments inside an activity that only an activity of the test can force.

const environment = await timeSkipping();
const port = temporalPort(environment.client, { taskQueue: 'journeys' });

test('a goal that comes while a false alarm is being looked at ends the run at once, not when its wait is over', async () => {
  const start = await environment.currentTimeMs();
  const next: Next = { block: 'idle', iteration: 1, channel: 'email', due: start + durationMs('P10D'), say: 'waits' };
  const id = workflowId('abandonment', 'customer', 'personal');
  const goal = () => port.signal(id, { kind: 'goal', reason: 'Order Completed', at: new Date(start).toISOString() });
  let looks = 0;
  const activities: JourneyActivities = {
    enter: async () => ({ entered: true, runId: 'run', settingsVersion: 0, asked: 0, next }),
    deliver: async () => ({ story: 'nothing is due', next }),
    finish: async () => {
      looks += 1;
      if (looks > 1) return { ended: true, outcome: 'goal', again: null };
      await goal();
      return { ended: false, next };
    },
  };
  const connection = environment.nativeConnection;
  const worker = await Worker.create({
    connection,
    activities,
    taskQueue: 'journeys',
    workflowBundle: await workflowBundle(),
  });
  const ended = await worker.runUntil(async () => {
    const triggerAt = new Date(start).toISOString();
    const entry = {
      journey: 'abandonment',
      customerId: 'customer',
      key: 'personal',
      triggerAt,
      time: { origin: 0, scale: 1 },
    };
    await port.signalWithStart({
      workflowId: id,
      entry,
      notice: { kind: 'start', reason: 'Product Added', at: triggerAt },
    });
    await goal();
    return environment.client.workflow.getHandle(id).result();
  });
  expect([ended, looks]).toEqual(['goal', 2]);
  const { closedAt } = (await port.describe(id)) ?? {};
  expect((closedAt?.getTime() ?? 0) - start).toBeLessThan(durationMs('P1D'));
});
