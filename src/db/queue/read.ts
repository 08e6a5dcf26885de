import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { epochMs } from '#db/instants.ts';
import { perPool } from '#db/per-pool.ts';
import { inOrder } from '#db/pipeline.ts';
import { latestSettings, type SettingsRef, settingsValues, type Versioned } from '#db/remembered.ts';
import { SharedTransactions } from '#db/shared-transaction.ts';
import { statement } from '#db/statement.ts';
import { type PipelinedTrx, pipelined } from '#db/transaction.ts';
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

/** The queue under its lock, and those who may join it under theirs. */
export interface QueueUnderLock {
  standing: Standing;
  queue: QueueRead;
}

/**
 * Locks those who may join an item's queue, then the item, as all who lock both do, reads the queue, and commits what `act` writes. An
 * item that nobody spoke of gets its row. Those who ask at the same time share a transaction, but for items that somebody else
 * has locked: who has locked one never waits for another. `act` may be asked a second time, when the first came to nothing.
 */
export function underQueueLock<T>(
  db: Db,
  request: QueueRequest,
  act: (trx: PipelinedTrx, read: QueueUnderLock) => Promise<T>,
): Promise<T> {
  const alone = () => pipelined(db, async (trx) => act(trx, await lockAndReadQueue(trx, request)));
  return sharedOn(db).run(request.itemId, request, act, alone);
}

const sharedOn = perPool((db) => new SharedTransactions(db, lockAndReadFree));

/** Statements that are sent together. */
async function lockAndReadQueue(trx: Trx, request: QueueRequest): Promise<QueueUnderLock> {
  const { itemId } = request;
  const [standing, , , queue] = await inOrder([
    lockStanding(trx, [request]),
    making(trx, itemId),
    lockItem(trx, itemId),
    readQueue(trx, request),
  ]);
  if (queue === null) throw new Error(`item ${itemId} has no row although it was just made`);
  return ofThoseLocked(standing, queue);
}

const making = statement<string>(
  (give) => sql`insert into items (id) values (${give((id) => id)}) on conflict do nothing`,
);

/** Nothing of those that have no row, or whose lock is not free. */
async function lockAndReadFree(trx: Trx, requests: readonly QueueRequest[]): Promise<(QueueUnderLock | undefined)[]> {
  const items = requests.map(({ itemId }) => itemId);
  const reads = inOrder(requests.map((request) => readQueue(trx, request)));
  const [standing, locked, queues] = await inOrder([lockStanding(trx, requests), lockingFree(trx, items), reads]);
  const isLocked = new Set(locked.map(({ id }) => id));
  return queues.map((queue, place) =>
    queue !== null && isLocked.has(items[place] ?? '') ? ofThoseLocked(standing, queue) : undefined,
  );
}

/** Who joined or left while this waited for the item has no lock, and is left to the next look: their signal is on its way. */
function ofThoseLocked(standing: Standing, queue: QueueRead): QueueUnderLock {
  const isLocked = ({ what, customerId }: ItemNews) =>
    (what !== 'joined' && what !== 'left') || customerId === null || standing.has(customerId);
  return { standing, queue: { ...queue, news: queue.news.filter(isLocked) } };
}

async function lockStanding(trx: Trx, requests: readonly QueueRequest[]): Promise<Standing> {
  const items = requests.map(({ itemId }) => itemId);
  const rows = await locking(trx, { items, customers: requests.flatMap(({ customerIds }) => customerIds) });
  return new Map(rows.map(({ id, merged_into, erased }) => [id, { mergedInto: merged_into, isErased: erased }]));
}

type StandingRow = { id: string; merged_into: string | null; erased: boolean };

const locking = statement<{ items: readonly string[]; customers: readonly string[] }, StandingRow>(
  (give) => sql`
    select id, merged_into, erased_at is not null as erased from customers
    where id in (select customer_id from item_news where item_id = any(${give(({ items }) => items)}::text[]) and what in ('joined', 'left')
      union select unnest(${give(({ customers }) => customers)}::uuid[]))
    order by id for share`,
);

const lockingFree = statement<readonly string[], { id: string }>(
  (give) => sql`select id from items where id = any(${give((ids) => ids)}::text[]) order by id for update skip locked`,
);

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
