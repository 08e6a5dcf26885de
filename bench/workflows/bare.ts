import { proxyActivities, sleep } from '@temporalio/workflow';
import { journeyQueue, sendQueue } from '#domain/queues.ts';

interface Empty {
  /** Says when it was run. */
  nothing(): Promise<number>;
}

const onQueue = (taskQueue: string) => proxyActivities<Empty>({ taskQueue, startToCloseTimeout: '1 minute' });
const onJourneys = onQueue(journeyQueue);
const onEmail = onQueue(sendQueue('email'));

/** What a cart journey costs Temporal and nothing else: as many timers, and as many activities on the same queues. Each
 *  wait counts from the activity before it, the first from `began`. */
export async function bare(waits: number[], began: number): Promise<void> {
  await onJourneys.nothing();
  let last = began;
  for (const ms of waits) {
    const left = last + ms - Date.now();
    if (left > 0) await sleep(left);
    last = await onEmail.nothing();
  }
  await onJourneys.nothing();
}
