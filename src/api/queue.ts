import { workflowId } from '#domain/ids.ts';
import type { QueueAnswer, QueueAsk } from '#domain/queue-run.ts';
import { JourneysUnavailable, RequestRefused } from '#relay/port.ts';
import type { ApiDeps } from './deps.ts';
import { Problem } from './problems.ts';

/** The journey whose workflows are the queues of items (J9). */
export const queueJourney = 'reservation';

/** Asks the queue of an item, whose workflow is started where none runs, and waits for its answer. */
export async function askQueue(
  { journeys, clock }: Pick<ApiDeps, 'journeys' | 'clock'>,
  itemId: string,
  ask: QueueAsk,
): Promise<QueueAnswer> {
  if (journeys === undefined) throw new Problem('queue_unavailable');
  const entry = { journey: queueJourney, customerId: '', key: itemId, triggerAt: clock.now().toISOString() };
  const start = { workflowId: workflowId(queueJourney, itemId), entry: { ...entry, time: clock.time } };
  try {
    const answer = await journeys.updateWithStart<QueueAnswer>(start, 'ask', ask);
    // Two joinings at once are none that people do.
    return answer.result === 'merged'
      ? await journeys.updateWithStart(start, 'ask', { ...ask, customerId: answer.into })
      : answer;
  } catch (error) {
    if (error instanceof JourneysUnavailable || error instanceof RequestRefused)
      throw new Problem('queue_unavailable', { headers: { 'Retry-After': '2' } });
    throw error;
  }
}
