import { type RawBuilder, sql } from 'kysely';
import { json } from '#db/moves.ts';
import { inOrder } from '#db/pipeline.ts';
import { type Give, statement } from '#db/statement.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import type { Whereabouts } from '#domain/item-queue.ts';

/** What one look at a queue changes. Instants are business epoch ms. */
export interface QueueWrites {
  itemId: string;
  at: Date;
  item: {
    state: Whereabouts;
    saidAt: number | null;
    orderId: string | null;
    places: number;
    holds: number;
    isQueued: boolean;
  };
  /** Ids of news that is taken in. */
  heard: number[];
  places: PlaceRow[];
  holds: HoldRow[];
  /** Places and holds that were there before. */
  ended: { places: Ending[]; holds: Ending[] };
  notices: NoticeRow[];
  /** Notices that nobody is to be told any more. */
  dropped: { id: string; result: string }[];
  webhooks: { id: string; event: string; at: number; customerId: string; data: Record<string, unknown> }[];
  run: QueueRunRow | null;
  blocks: QueueBlock[];
}

interface Ending {
  id: string;
  at: number;
  outcome: string;
}

export interface PlaceRow {
  id: string;
  customerId: string;
  number: number;
  joinedAt: number;
  endedAt: number | null;
  outcome: string | null;
}

export interface HoldRow {
  id: string;
  placeId: string;
  number: number;
  at: number;
  endedAt: number | null;
  outcome: string | null;
}

export interface NoticeRow {
  id: string;
  placeId: string;
  holdId: string | null;
  message: string;
  iteration: number;
  channel: string;
}

/** The run of an item's queue, as it stands now. */
export interface QueueRunRow {
  id: string;
  workflowId: string;
  journey: string;
  settingsVersion: number;
  block: string | null;
  dueAt: number | null;
  outcome: string | null;
}

/** A customer's way through the queue: `queue` by the place's number, `offer` and `hold` by the hold's. */
export interface QueueBlock {
  block: string;
  iteration: number;
  left: { result: 'passed' | 'dropped'; reason: string | null } | null;
}

/** Writes and commits: what ends first, so that what takes its place finds it empty. */
export async function writeQueue(trx: PipelinedTrx, writes: QueueWrites): Promise<void> {
  const { ended, dropped, heard } = writes;
  const ends = ended.places.length + ended.holds.length + dropped.length + heard.length > 0;
  const begins = () => trx.last(() => beginning(trx, writes));
  await (ends ? inOrder([ending(trx, writes), begins()]) : begins());
}

type Rows = (writes: QueueWrites) => readonly unknown[];
const instant = (column: string) => sql.raw(`to_timestamp(${column} / 1000.0)`);

function rows(give: Give<QueueWrites>, of: Rows, columns: string): RawBuilder<unknown> {
  return sql`json_to_recordset(${give((writes) => json(of(writes)))}::json) as r (${sql.raw(columns)})`;
}

const ending = statement<QueueWrites>((give) => {
  const at = sql`${give((writes) => writes.at)}::timestamptz`;
  const ends = (of: Rows) => rows(give, of, 'id uuid, at bigint, outcome text');
  return sql`
    with heard as (delete from item_news where id = any(${give(({ heard }) => heard)}::bigint[])),
    places as (
      update queue_places p set ended_at = ${instant('r.at')}, outcome = r.outcome from ${ends(({ ended }) => ended.places)} where p.id = r.id
    ), holds as (
      update holds h set ended_at = ${instant('r.at')}, outcome = r.outcome from ${ends(({ ended }) => ended.holds)} where h.id = r.id
    ), dropped as (
      update queue_notices n set done_at = ${at}, result = r.result
      from ${rows(give, (writes) => writes.dropped, 'id uuid, result text')} where n.id = r.id and n.done_at is null
      returning n.message, n.iteration, n.channel, n.result
    )
    update messages m set state = case m.state when 'reserved' then 'dropped' else 'unknown' end, reason = 'changed' from dropped d
    where m.run_id = ${give(({ run }) => run?.id ?? null)}::uuid and m.block = d.message and m.iteration = d.iteration
      and m.channel = d.channel and (m.state = 'reserved' or m.state = 'submitting' and (m.lease_until <= now() or d.result = 'stopped'))`;
});

const beginning = statement<QueueWrites>((give) => {
  const of = <T>(take: (writes: QueueWrites) => T) => give(take);
  const run = <T>(take: (row: QueueRunRow) => T) => give(({ run: row }) => (row === null ? null : take(row)));
  const [item, at] = [of(({ itemId }) => itemId), sql`${of((writes) => writes.at)}::timestamptz`];
  const dueAt = sql`${instantOrNull(run(({ dueAt }) => dueAt))}`;
  const outcome = sql`${run((row) => row.outcome)}::text`;
  return sql`
    with run as (
      insert into runs as r (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq,
        block, due_at)
      select one.* from (select ${run(({ id }) => id)}::uuid as id, ${run(({ workflowId }) => workflowId)}, ${run(({ journey }) => journey)},
        'service', ${item}, null::uuid, ${run(({ settingsVersion }) => settingsVersion)}::int, ${at}, ${at}, 0,
        ${run(({ block }) => block)}, ${dueAt}) one
      where id is not null
      on conflict (id) do update set block = excluded.block, due_at = excluded.due_at, outcome = ${outcome},
        ended_at = case when ${outcome} is null then null else ${at} end
    ), item as (
      update items set state = ${of((writes) => writes.item.state)}, said_at = ${instantOrNull(of((writes) => writes.item.saidAt))},
        order_id = ${of((writes) => writes.item.orderId)}, is_queued = ${of((writes) => writes.item.isQueued)},
        places = ${of((writes) => writes.item.places)}, holds = ${of((writes) => writes.item.holds)}
      where id = ${item}
    ), places as (
      insert into queue_places (id, item_id, customer_id, number, joined_at, ended_at, outcome)
      select id, ${item}, "customerId", number, ${instant('"joinedAt"')}, ${instant('"endedAt"')}, outcome from ${rows(
        give,
        (writes) => writes.places,
        'id uuid, "customerId" uuid, number int, "joinedAt" bigint, "endedAt" bigint, outcome text',
      )}
    ), holds as (
      insert into holds (id, item_id, place_id, number, offered_at, ended_at, outcome)
      select id, ${item}, "placeId", number, ${instant('at')}, ${instant('"endedAt"')}, outcome from ${rows(
        give,
        (writes) => writes.holds,
        'id uuid, "placeId" uuid, number int, at bigint, "endedAt" bigint, outcome text',
      )}
    ), notices as (
      insert into queue_notices (id, item_id, place_id, hold_id, message, iteration, channel, due_at)
      select id, ${item}, "placeId", "holdId", message, iteration, channel, ${at} from ${rows(
        give,
        (writes) => writes.notices,
        'id uuid, "placeId" uuid, "holdId" uuid, message text, iteration int, channel text',
      )}
    ), blocks as (
      insert into run_blocks as b (run_id, block, iteration, entered_at, left_at, result, reason)
      select ${run(({ id }) => id)}::uuid, block, iteration, ${at}, case when result is not null then ${at} end, result, reason from ${rows(
        give,
        (writes) => writes.blocks.map(({ left, ...one }) => ({ ...one, ...left })),
        'block text, iteration int, result text, reason text',
      )}
      on conflict (run_id, block, iteration) do update set left_at = excluded.left_at, result = excluded.result, reason = excluded.reason
    )
    ${deliveries(
      rows(
        give,
        (writes) => writes.webhooks.map((one) => ({ ...one, itemId: writes.itemId })),
        'id text, event text, at bigint, "customerId" uuid, data json',
      ),
    )}`;
});

const instantOrNull = (value: RawBuilder<unknown>) => sql`to_timestamp(${value}::bigint / 1000.0)`;

/** What is told to each endpoint that wants to hear of it, from rows `r` of events. The payload is kept to the byte. */
export function deliveries(events: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into webhook_deliveries (id, endpoint_id, event, payload, at)
    select md5(r.id || e.id)::uuid, e.id, r.event, json_build_object('type', r.event,
      'timestamp', to_char(${instant('r.at')} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
      'data', r.data::jsonb || jsonb_build_object('customerId', r."customerId", 'userIds', coalesce((
        select jsonb_agg(value order by since) from identities where customer_id = r."customerId" and kind = 'user_id'), '[]')))::text,
      ${instant('r.at')}
    from ${events} join webhook_endpoints e on r.event = any(e.events) or split_part(r.event, '.', 1) || '.*' = any(e.events)
    on conflict (id) do nothing`;
}
