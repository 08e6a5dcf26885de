import type { Db } from '#db/connect.ts';
import { type OutboxRow, putOutbox } from '#db/outbox.ts';
import type { Clock } from '#domain/clock.ts';
import { workflowId } from '#domain/ids.ts';

/** A channel has taken the offer of an item: what the item's queue puts down for J10 then. */
export function isOffered(db: Db, clock: Clock, customerId: string, item: string): Promise<OutboxRow[]> {
  const journey = 'reservation-followup';
  const row = { workflow_id: workflowId(journey, customerId, item), signal: 'start', journey, customer_id: customerId };
  return putOutbox(db, [{ ...row, key: item, reason: 'offered', occurred_at: clock.now() }]);
}
