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
  const { client, nativeConnection } = await devServer();
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'burst.ts'),
    logger: new DefaultLogger('ERROR'),
  });
  const journeys = await Worker.create({ connection: nativeConnection, taskQueue: journeyQueue, workflowBundle });
  const running = journeys.run();
  // Bulk first, service last: ranks are what `priorityKey` counts from one.
  const asked = contactClasses.flatMap((_, rank) => Array<number>(5).fill(rank + 1)).toReversed();
  const handle = await client.workflow.start('burst', { workflowId: 'burst', taskQueue: journeyQueue, args: [asked] });
  await expect
    .poll(async () => (await handle.describe()).raw.pendingActivities?.length, { timeout: 20_000 })
    .toBe(asked.length);
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
