import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { epochMs } from '#db/instants.ts';
import { inOrder } from '#db/pipeline.ts';
import { latestSettings, type SettingsRef, settingsValues, type Versioned } from '#db/remembered.ts';
import { statement } from '#db/statement.ts';
import type { ItemNews, Place, Whereabouts } from '#domain/item-queue-state.ts';

/** A message of the queue that is still to be told, and to whom. */
export interface OpenNotice {
  id: string;
  customerId: string;
  message: string;
  iteration: number;
  channel: string;
  due: number;
  holdId: string | null;
  /** Wall time that it may still be on its way: until then nobody but its worker knows what becomes of it. */
  submittingMs: number;
}

/** All that one look at an item's queue depends on. Instants are business epoch ms. */
export interface QueueRead {
  item: {
    whereabouts: Whereabouts;
    saidAt: number | null;
    orderId: string | null;
    places: number;
    holds: number;
  };
  places: Place[];
  /** `submittingMs`: wall time that a message of the offer may still be on its way. */
  hold: {
    id: string;
    placeId: string;
    customerId: string;
    number: number;
    until: number | null;
    submittingMs: number;
    /** Every message that offered it has come back. */
    isBounced: boolean;
  } | null;
  news: (ItemNews & { id: number })[];
  /** Of customers who may join: when they were last in the queue. */
  gone: [customerId: string, at: number][];
  notices: OpenNotice[];
  run: { id: string; settingsVersion: number } | null;
  settings: Versioned | null;
  shop: unknown;
}

export interface QueueRequest {
  itemId: string;
  workflowId: string;
  journey: string;
  /** Those who ask for something by themselves, beside what the news says. */
  customerIds: readonly string[];
}

/** Whether customers can be put in a queue. */
export type Standing = ReadonlyMap<string, { mergedInto: string | null; isErased: boolean }>;

/** Locks those who may join, then the item, as all who lock both do, and then reads the queue: three statements, sent together.
 *  An item that nobody spoke of gets its row. */
export async function lockAndReadQueue(
  trx: Trx,
  request: QueueRequest,
): Promise<{ standing: Standing; queue: QueueRead }> {
  const [standing, , queue] = await inOrder([
    locking(trx, request),
    lockItem(trx, request.itemId),
    readQueue(trx, request),
  ]);
  if (queue !== null) return ofThoseLocked(standing, queue);
  await sql`insert into items (id) values (${request.itemId}) on conflict do nothing`.execute(trx);
  const [again, , made] = await inOrder([
    locking(trx, request),
    lockItem(trx, request.itemId),
    readQueue(trx, request),
  ]);
  if (made === null) throw new Error(`item ${request.itemId} has no row although it was just made`);
  return ofThoseLocked(again, made);
}

/** Who joined or left while this waited for the item has no lock, and is left to the next look: their signal is on its way. */
function ofThoseLocked(rows: readonly StandingRow[], queue: QueueRead): { standing: Standing; queue: QueueRead } {
  const standing = standingOf(rows);
  const isLocked = ({ what, customerId }: ItemNews) =>
    (what !== 'joined' && what !== 'left') || customerId === null || standing.has(customerId);
  return { standing, queue: { ...queue, news: queue.news.filter(isLocked) } };
}

type StandingRow = { id: string; merged_into: string | null; erased: boolean };

const locking = statement<QueueRequest, StandingRow>(
  (give) => sql`
    select id, merged_into, erased_at is not null as erased from customers
    where id in (select customer_id from item_news where item_id = ${give(({ itemId }) => itemId)} and what in ('joined', 'left')
      union select unnest(${give(({ customerIds }) => [...customerIds])}::uuid[]))
    order by id for share`,
);

function standingOf(rows: readonly StandingRow[]): Standing {
  return new Map(rows.map(({ id, merged_into, erased }) => [id, { mergedInto: merged_into, isErased: erased }]));
}

/** Takes the item's lock until the transaction ends. After customers' locks, never before. */
export async function lockItem(trx: Trx, itemId: string): Promise<void> {
  await lockOne(trx, itemId);
}

const lockOne = statement<string>((give) => sql`select 1 from items where id = ${give((id) => id)} for update`);

/** The queue as it is; null where nothing is known of the item. */
export async function readQueue(db: Db | Trx, request: QueueRequest): Promise<QueueRead | null> {
  const read = (await reading(db, request))[0]?.queue;
  if (read === undefined) return null;
  const { settings, shop } = await settingsValues(db, { settings: read.settings, shop: read.shop });
  return { ...read, settings, shop: shop?.value ?? null };
}

/** The queue as PostgreSQL writes it. */
type Read = Omit<QueueRead, 'settings' | 'shop'> & Record<'settings' | 'shop', SettingsRef | null>;

const reading = statement<QueueRequest, { queue: Read }>((give) => {
  const [item, journey] = [give(({ itemId }) => itemId), give((request) => request.journey)];
  return sql`
    with run as (select id, settings_version from runs where workflow_id = ${give(({ workflowId }) => workflowId)} and ended_at is null),
    news as (select * from item_news where item_id = ${item})
    select json_build_object(
      'item', json_build_object('whereabouts', i.state, 'saidAt', ${epochMs(sql`i.said_at`)}, 'orderId', i.order_id, 'places', i.places,
        'holds', i.holds),
      'places', coalesce((select json_agg(json_build_object('id', id, 'customerId', customer_id, 'number', number,
        'joinedAt', ${epochMs(sql`joined_at`)}) order by number) from queue_places where item_id = i.id and ended_at is null), '[]'),
      'hold', (select json_build_object('id', h.id, 'placeId', h.place_id, 'customerId', p.customer_id, 'number', h.number, 'until', ${epochMs(sql`h.until`)},
        'submittingMs', coalesce((select max(${epochMs(sql`m.lease_until - now()`)}) from messages m
          where m.run_id = (select id from run) and m.block = 'offer' and m.iteration = h.number and m.state = 'submitting'
            and m.lease_until > now()), 0),
        'isBounced', coalesce((select bool_and(m.state in ('failed', 'dropped')) from messages m
          where m.run_id = (select id from run) and m.block = 'offer' and m.iteration = h.number), false))
        from holds h join queue_places p on p.id = h.place_id where h.item_id = i.id and h.ended_at is null),
      'news', coalesce((select json_agg(json_build_object('id', id, 'what', what, 'customerId', customer_id, 'orderId', order_id,
        'at', ${epochMs(sql`at`)}) order by id) from news), '[]'),
      'gone', coalesce((select json_agg(json_build_array(customer_id, ${epochMs(sql`at`)})) from (
        select customer_id, max(ended_at) as at from queue_places p where p.item_id = i.id and p.ended_at is not null
          and p.customer_id in (select customer_id from news) group by 1) last), '[]'),
      'notices', coalesce((select json_agg(json_build_object('id', n.id, 'customerId', p.customer_id, 'message', n.message,
        'iteration', n.iteration, 'channel', n.channel, 'due', ${epochMs(sql`n.due_at`)}, 'holdId', n.hold_id,
        'submittingMs', coalesce((select ${epochMs(sql`m.lease_until - now()`)} from messages m
          where m.run_id = (select id from run) and m.block = n.message and m.iteration = n.iteration and m.channel = n.channel
            and m.state = 'submitting' and m.lease_until > now()), 0)) order by n.due_at, n.id)
        from queue_notices n join queue_places p on p.id = n.place_id where n.item_id = i.id and n.done_at is null), '[]'),
      'run', (select json_build_object('id', id, 'settingsVersion', settings_version) from run),
      'settings', ${latestSettings(sql`${journey}::text`, sql`(select settings_version from run)`)},
      'shop', ${latestSettings(sql`'shop'`)}
    ) as queue
    from items i where i.id = ${item}`;
});
