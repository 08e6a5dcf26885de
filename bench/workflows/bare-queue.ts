import {
  allHandlersFinished,
  CancellationScope,
  condition,
  defineSignal,
  defineUpdate,
  proxyActivities,
  setHandler,
  sleep,
} from '@temporalio/workflow';
import { journeyQueue, sendQueue } from '#domain/queues.ts';

interface Empty {
  /** Tells whoever waits for it that the workflow has come so far. */
  nothing(id: string, point: string): Promise<void>;
}

const onQueue = (taskQueue: string) => proxyActivities<Empty>({ taskQueue, startToCloseTimeout: '1 minute' });
const onJourneys = onQueue(journeyQueue);
const onEmail = onQueue(sendQueue('email'));

/** What the queue of an item costs Temporal and nothing else: two updates and three signals, an empty activity for each and one
 *  more at the end, two messages, and two timers that are never over. */
export async function bareQueue(id: string): Promise<void> {
  let signals = 0;
  let joined = 0;
  setHandler(defineSignal('news'), () => void signals++);
  setHandler(defineUpdate<void>('join'), async () => {
    await onJourneys.nothing(id, 'joined');
    joined += 1;
  });
  await condition(() => joined === 2);
  const resting = new CancellationScope();
  const holding = new CancellationScope();
  resting.run(() => sleep('30 days')).catch(() => {});
  for (const [place, point] of (['held', 'ordered', 'sold'] as const).entries()) {
    await condition(() => signals > place);
    await onJourneys.nothing(id, point === 'held' ? 'offered' : point);
    if (point !== 'ordered') await onEmail.nothing(id, point);
    if (point === 'held') {
      resting.cancel();
      holding.run(() => sleep('16 hours')).catch(() => {});
    }
    if (point === 'ordered') holding.cancel();
  }
  await onJourneys.nothing(id, 'over');
  await condition(allHandlersFinished);
}
