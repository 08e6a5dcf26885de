import { type Kysely, sql } from 'kysely';
import { queueJourney } from '#db/intake-items.ts';
import type { DB } from '#db/schema.ts';
import { workflowId } from '#domain/ids.ts';
import { asTurn } from '#domain/item-queue.ts';
import { readQueue } from './read.ts';

/** An item that a customer waits for, or did. */
export interface Awaited {
  item: string;
  /** Null where the catalogue does not have it. */
  name: string | null;
  url: string | null;
  /** 0: it is kept for them. Null: they are not in its queue any more. */
  position: number | null;
  /** Until when it is kept for them; business epoch ms. */
  until: number | null;
}

/** Items in whose queues a customer is (J9), with what was said and is not yet heard; the latest joined first, then the latest that
 *  they were in. */
export async function awaitedItems(db: Kysely<DB>, customerId: string, limit: number): Promise<Awaited[]> {
  const { rows } = await sql<Pick<Awaited, 'item' | 'name' | 'url'>>`
    select last.item, p.name, p.url from (
      select item, max(at) as at, bool_or(is_live) as is_live from (
        select item_id as item, joined_at as at, ended_at is null as is_live from queue_places where customer_id = ${customerId}
        union all select item_id, at, true from item_news where customer_id = ${customerId} and what = 'joined'
      ) joined group by item
    ) last left join products p on p.id = last.item
    order by last.is_live desc, last.at desc, last.item limit ${limit}`.execute(db);
  return Promise.all(rows.map(async (row) => ({ ...row, ...(await placeIn(db, row.item, customerId)) })));
}

async function placeIn(
  db: Kysely<DB>,
  itemId: string,
  customerId: string,
): Promise<Pick<Awaited, 'position' | 'until'>> {
  const request = { itemId, journey: queueJourney, workflowId: workflowId(queueJourney, itemId), customerIds: [] };
  const queue = await readQueue(db, request);
  if (queue === null) return { position: null, until: null };
  const turn = asTurn(queue);
  turn.hear(queue.news);
  const position = turn.positionOf(customerId);
  return { position, until: position === 0 ? (turn.hold?.until ?? null) : null };
}
