import { workflowId } from '#domain/ids.ts';
import type { ItemSaid } from '#domain/item-said.ts';
import type { Table } from './intake-tables.ts';
import { claimSeconds } from './outbox.ts';

/** Journey of the queues of items (J9). */
export const queueJourney = 'reservation';

/**
 * News of items, and the signals to the workflows of those for which somebody waits. The item's row is locked, so that of two
 * flushes the later sees what the earlier wrote: whoever joins is told of what came before, and what comes after is told to
 * their queue. Orders are kept only where the item is known: most goods have no queue.
 */
export const itemNews: Table<ItemSaid> = {
  name: 'item_news',
  columns: {
    item: { type: 'text', of: (row) => row.item },
    what: { type: 'text', of: (row) => row.what },
    customer_id: { type: 'uuid', of: (row) => row.customerId },
    order_id: { type: 'text', of: (row) => row.orderId },
    at: { type: 'timestamptz', of: (row) => row.at },
  },
  text: `, spoken as (
      insert into items as i (id, is_queued) select item, bool_or(what = 'joined') from rows
      where what not in ('ordered', 'cancelled') group by item order by item
      on conflict (id) do update set is_queued = i.is_queued or excluded.is_queued returning id, is_queued
    ), of_order as (
      select i.id as item_id, r.order_id from rows r join items i on i.order_id = r.order_id where r.what = 'cancelled'
      union select n.item_id, r.order_id from rows r join item_news n on n.order_id = r.order_id and n.what = 'ordered' where r.what = 'cancelled'
    ), ordered as (
      select id, is_queued from items where id not in (select item from rows where what not in ('ordered', 'cancelled'))
        and (id in (select item from rows where what = 'ordered') or id in (select item_id from of_order))
      order by id for update
    ), known as (select * from spoken union all select * from ordered),
    said as (
      select r.item, r.what, r.customer_id, r.order_id, r.at from rows r where r.what <> 'cancelled'
      union all select o.item_id, r.what, r.customer_id, r.order_id, r.at from rows r join of_order o using (order_id) where r.what = 'cancelled'
    ), kept as (
      insert into item_news (item_id, what, customer_id, order_id, at)
      select item, what, customer_id, order_id, at from said where item in (select id from known) order by at
    )
    insert into outbox (workflow_id, signal, journey, customer_id, key, reason, occurred_at, claimed_until)
    select '${workflowId(queueJourney, '')}' || k.id, 'start', '${queueJourney}', null::uuid, k.id, newest.what, newest.at,
      now() + interval '${claimSeconds} s'
    from known k cross join lateral (select what, at from said where item = k.id order by at desc limit 1) newest
    where k.is_queued order by k.id
    on conflict (workflow_id, signal) do update set seq = outbox.seq + 1, reason = excluded.reason,
      occurred_at = excluded.occurred_at, claimed_until = excluded.claimed_until, attempts = 0, last_error = null
    returning *`,
};
