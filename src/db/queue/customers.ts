import { sql } from 'kysely';
import type { QueryConfig } from 'pg';
import type { Trx } from '#db/connect.ts';
import { queueJourney } from '#db/intake-items.ts';
import { type OutboxRow, putOutbox } from '#db/outbox.ts';
import { workflowId } from '#domain/ids.ts';

const run = `runs r where r.workflow_id = '${workflowId(queueJourney, '')}' || p.item_id and r.ended_at is null`;

/**
 * Places of `from` pass to `into`, under both customers' locks and then the items'. Who had two places in one queue keeps the
 * better: the one that the item is kept for, else the first.
 */
export function passPlaces(from: string, into: string, at: Date): QueryConfig[] {
  return [
    {
      text: `select 1 from items where id in (select item_id from queue_places where customer_id in ($1, $2)
        union select item_id from item_news where customer_id in ($1, $2)) order by id for update`,
      values: [from, into],
    },
    {
      text: `
        with theirs as (
          select p.id, row_number() over (partition by p.item_id order by h.id is null, p.number) as place
          from queue_places p left join holds h on h.place_id = p.id and h.ended_at is null
          where p.customer_id in ($1, $2) and p.ended_at is null
        ), ended as (
          update queue_places p set ended_at = $3, outcome = 'merged' from theirs where theirs.id = p.id and theirs.place > 1
          returning p.item_id, p.number
        )
        update run_blocks b set left_at = $3, result = 'dropped', reason = 'queue:merged' from ended p
        where b.run_id = (select r.id from ${run}) and b.block = 'queue' and b.iteration = p.number and b.left_at is null`,
      values: [from, into, at],
    },
    { text: 'update queue_places set customer_id = $2 where customer_id = $1', values: [from, into] },
    { text: 'update item_news set customer_id = $2 where customer_id = $1', values: [from, into] },
    {
      // Told of one sale once.
      text: `
        update queue_notices n set done_at = $2, result = 'merged'
        from queue_places p, queue_notices o join queue_places q on q.id = o.place_id
        where p.id = n.place_id and p.customer_id = $1 and q.customer_id = $1 and n.done_at is null and o.id < n.id
          and n.message = 'item-sold' and (o.item_id, o.message, o.channel, o.due_at) = (n.item_id, n.message, n.channel, n.due_at)`,
      values: [into, at],
    },
  ];
}

/** Whoever is erased waits for nothing any more. Returns the signals to the queues that they were in, claimed for the caller. */
export async function leaveQueues(trx: Trx, ids: readonly string[], at: Date): Promise<OutboxRow[]> {
  const theirs = sql`any(${[...ids]}::uuid[])`;
  await sql`
    select 1 from items where id in (select item_id from queue_places where customer_id = ${theirs} and ended_at is null)
    order by id for update`.execute(trx);
  const { rows } = await sql<{ item: string }>`
    with ended as (
      update queue_places set ended_at = ${at}, outcome = 'erased' where customer_id = ${theirs} and ended_at is null
      returning item_id, number, id
    ), left_block as (
      update run_blocks b set left_at = ${at}, result = 'dropped', reason = 'queue:erased' from ended p
      where b.run_id = (select r.id from ${sql.raw(run)}) and b.block = 'queue' and b.iteration = p.number and b.left_at is null
    ), untold as (
      update queue_notices set done_at = ${at}, result = 'erased'
      where done_at is null and place_id in (select id from queue_places where customer_id = ${theirs})
    ), unsaid as (
      delete from item_news where customer_id = ${theirs} and what in ('joined', 'left')
    ), nameless as (
      update item_news set customer_id = null where customer_id = ${theirs} and what not in ('joined', 'left')
    ), unnamed as (
      update webhook_deliveries set payload = (payload::jsonb #- '{data,userIds}')::text
      where payload::jsonb -> 'data' ->> 'customerId' = any(${[...ids]}::text[])
    )
    select distinct item_id as item from ended order by 1`.execute(trx);
  const signals = rows.map(({ item }) => ({
    workflow_id: workflowId(queueJourney, item),
    signal: 'start',
    journey: queueJourney,
    customer_id: null,
    key: item,
    reason: 'erased',
    occurred_at: at,
  }));
  return putOutbox(trx, signals);
}
