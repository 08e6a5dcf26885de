import { CancellationScope } from '@temporalio/workflow';
import type { Entry, Outcome } from '#domain/journey.ts';
import { contract } from './contract.ts';
import { ItemQueue } from './queue.ts';

/**
 * The queue of an item that exists once (J9). Customers join while it is out on a fitting. When it is back, the first is offered
 * it, by e-mail and Telegram together, and has 16 hours to order from when a channel took the offer; then it goes to the next.
 * Whoever cannot have it is told, with something like it. The rows in PostgreSQL are the queue: each look at it is one activity,
 * and this keeps the deadlines and the order of the work.
 */
export async function reservation(entry: Entry): Promise<Outcome> {
  const queue = new ItemQueue(contract, entry);
  // Whoever stops it makes it look once more. Cut off in the middle it would leave rows that nobody follows.
  return CancellationScope.nonCancellable(async () => {
    for (;;) {
      const outcome = await queue.look();
      if (outcome !== null) return outcome;
      await queue.untilSomethingIsNew();
      await queue.startAnewIfLong();
    }
  });
}
