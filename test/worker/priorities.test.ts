import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import pino from 'pino';
import { expect, test } from 'vitest';
import { contactClasses } from '#domain/journey.ts';
import { journeyQueue, sendQueue } from '#domain/queues.ts';
import { installRuntime } from '#process/temporal.ts';
import { devServer } from '#test/support/temporal.ts';

installRuntime(pino({ level: 'silent' }));

test('what waits in a channel’s queue goes by the rank of its class, however late it was put there', async () => {
  const { client, namespace, nativeConnection } = await devServer();
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'burst.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  const journeys = await Worker.create({ connection: nativeConnection, taskQueue: journeyQueue, workflowBundle });
  const running = journeys.run();
  // Bulk first, service last: ranks are what `priorityKey` counts from one.
  const asked = contactClasses.flatMap((_, rank) => Array<number>(5).fill(rank + 1)).toReversed();
  const handle = await client.workflow.start('burst', { workflowId: 'burst', taskQueue: journeyQueue, args: [asked] });
  // All of them: who comes first of those that are there is no question of rank.
  const waiting = async () => {
    const taskQueue = { name: sendQueue('sms') };
    const activity = 2; // temporal.api.enums.v1.TaskQueueType
    const request = { namespace: namespace ?? 'default', taskQueue, taskQueueType: activity, reportStats: true };
    const { stats } = await client.workflowService.describeTaskQueue(request);
    return Number(stats?.approximateBacklogCount);
  };
  await expect.poll(waiting).toBe(asked.length);
  const sent: number[] = [];
  const sms = await Worker.create({
    connection: nativeConnection,
    taskQueue: sendQueue('sms'),
    // One after another, so that the order is the queue's.
    maxConcurrentActivityTaskExecutions: 1,
    maxConcurrentActivityTaskPolls: 1,
    activities: { send: async (rank: number) => void sent.push(rank) },
  });
  const sending = sms.run();
  await handle.result();
  for (const worker of [sms, journeys]) worker.shutdown();
  await Promise.all([running, sending]);
  expect(sent).toEqual(asked.toSorted((a, b) => a - b));
});
