import { sql } from 'kysely';
import type { Db } from './connect.ts';
import type { Json } from './schema.ts';

/** An event as it is kept. */
export interface StoredEvent {
  id: string;
  receivedAt: Date;
  occurredAt: Date;
  source: string | null;
  messageId: string;
  type: string;
  name: string;
  customerId: string;
  profile: string;
  /** As it came. */
  payload: Json;
}

const pageSize = 1_000;

/** Events in the order in which they were received, those after the place `after`, and before `until`; page by page. */
export async function* storedEvents(
  db: Db,
  { after, until, limit }: { after: readonly [Date, string] | null; until: Date; limit: number },
): AsyncGenerator<StoredEvent[]> {
  let place = after;
  for (let left = limit; left > 0; ) {
    const rows = await pageAfter(db, place, until, Math.min(left, pageSize));
    yield rows;
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) return;
    place = [last.receivedAt, last.id];
    left -= rows.length;
  }
}

function pageAfter(db: Db, after: readonly [Date, string] | null, until: Date, limit: number): Promise<StoredEvent[]> {
  let query = db
    .selectFrom('events as e')
    .leftJoin('sources as s', 's.id', 'e.source_id')
    .select(['e.id', 'e.received_at as receivedAt', 'e.occurred_at as occurredAt', 's.name as source'])
    .select(['e.message_id as messageId', 'e.type', 'e.name', 'e.customer_id as customerId', 'e.profile', 'e.payload'])
    .where('e.received_at', '<', until);
  if (after !== null) {
    // The first says which months are looked at.
    query = query
      .where('e.received_at', '>=', after[0])
      .where(sql<boolean>`(e.received_at, e.id) > (${after[0]}, ${after[1]}::uuid)`);
  }
  return query.orderBy('e.received_at').orderBy('e.id').limit(limit).execute();
}
