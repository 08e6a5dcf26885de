import { proxyActivities, sleep } from '@temporalio/workflow';
import { journeyQueue, sendQueue } from '#domain/queues.ts';

interface Empty {
  nothing(): Promise<void>;
}

const onQueue = (taskQueue: string) => proxyActivities<Empty>({ taskQueue, startToCloseTimeout: '1 minute' });
const onJourneys = onQueue(journeyQueue);
const onEmail = onQueue(sendQueue('email'));

/** What a cart journey costs Temporal and nothing else: as many timers, and as many activities on the same queues. */
export async function bare(timers: number[]): Promise<void> {
  await onJourneys.nothing();
  for (const ms of timers) {
    await sleep(ms);
    await onEmail.nothing();
  }
  await onJourneys.nothing();
}
