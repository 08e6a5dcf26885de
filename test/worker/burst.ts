import { proxyActivities } from '@temporalio/workflow';
import { sendQueue } from '#domain/queues.ts';

interface Sends {
  send(of: number): Promise<void>;
}

/** Asks for all of these sends at once, each in its place of the queue. */
export async function burst(priorities: number[]): Promise<void> {
  const send = (priorityKey: number) =>
    proxyActivities<Sends>({
      taskQueue: sendQueue('sms'),
      startToCloseTimeout: '1 minute',
      priority: { priorityKey },
    }).send(priorityKey);
  await Promise.all(priorities.map(send));
}
