import { type RawBuilder, sql } from 'kysely';
import { json } from '#db/moves.ts';
import { inOrder } from '#db/pipeline.ts';
import { flaggedStatement, type Give } from '#db/statement.ts';
import type { PipelinedTrx } from '#db/transaction.ts';
import type { Whereabouts } from '#domain/item-queue-state.ts';

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

const some = (rows: readonly unknown[]) => rows.length > 0;

const ending = flaggedStatement(
  ({ heard, ended, dropped }: QueueWrites) => ({
    heard: some(heard),
    places: some(ended.places),
    holds: some(ended.holds),
    dropped: some(dropped),
  }),
  (give, flags) => {
    const ends = (of: Rows) => rows(give, of, 'id uuid, at bigint, outcome text');
    const ctes = [
      flags.heard && sql`heard as (delete from item_news where id = any(${give(({ heard }) => heard)}::bigint[]))`,
      flags.places &&
        sql`places as (
      update queue_places p set ended_at = ${instant('r.at')}, outcome = r.outcome from ${ends(({ ended }) => ended.places)} where p.id = r.id
    )`,
      flags.holds &&
        sql`holds as (
      update holds h set ended_at = ${instant('r.at')}, outcome = r.outcome from ${ends(({ ended }) => ended.holds)} where h.id = r.id
    )`,
      flags.dropped && sql`dropped as (${droppedNotices(give)}), given_back as (${givenBack(give)})`,
    ];
    return sql`with ${sql.join(ctes.filter((cte) => cte !== false))} select`;
  },
);

function droppedNotices(give: Give<QueueWrites>): RawBuilder<unknown> {
  return sql`
      update queue_notices n set done_at = ${give((writes) => writes.at)}::timestamptz, result = r.result
      from ${rows(give, (writes) => writes.dropped, 'id uuid, result text')} where n.id = r.id and n.done_at is null
      returning n.message, n.iteration, n.channel, n.result`;
}

/** Their messages that were not sent take no slot; what a worker died of submitting may have been sent. */
function givenBack(give: Give<QueueWrites>): RawBuilder<unknown> {
  return sql`
      update messages m set state = case m.state when 'reserved' then 'dropped' else 'unknown' end, reason = 'changed' from dropped d
      where m.run_id = ${give(({ run }) => run?.id ?? null)}::uuid and m.block = d.message and m.iteration = d.iteration
        and m.channel = d.channel and (m.state = 'reserved' or m.state = 'submitting' and (m.lease_until <= now() or d.result = 'stopped'))`;
}

const beginning = flaggedStatement(
  ({ run, places, holds, notices, blocks, webhooks }: QueueWrites) => ({
    run: run !== null,
    places: some(places),
    holds: some(holds),
    notices: some(notices),
    blocks: some(blocks),
    webhooks: some(webhooks),
  }),
  (give, flags) => {
    const ctes = [
      flags.run && sql`run as (${runWritten(give)})`,
      flags.places && sql`places as (${placesMade(give)})`,
      flags.holds && sql`holds as (${holdsMade(give)})`,
      flags.notices && sql`notices as (${noticesMade(give)})`,
      flags.blocks && sql`blocks as (${blocksWritten(give)})`,
      flags.webhooks &&
        sql`webhooks as (${deliveries(
          rows(
            give,
            (writes) => writes.webhooks.map((one) => ({ ...one, itemId: writes.itemId })),
            'id text, event text, at bigint, "customerId" uuid, data json',
          ),
        )})`,
    ].filter((cte) => cte !== false);
    return sql`${ctes.length > 0 ? sql`with ${sql.join(ctes)}` : sql``} ${itemWritten(give)}`;
  },
);

const itemOf = (give: Give<QueueWrites>) => give(({ itemId }) => itemId);
const atOf = (give: Give<QueueWrites>) => sql`${give((writes) => writes.at)}::timestamptz`;

function itemWritten(give: Give<QueueWrites>): RawBuilder<unknown> {
  const of = <T>(take: (item: QueueWrites['item']) => T) => give(({ item }) => take(item));
  return sql`
    update items set state = ${of((item) => item.state)}, said_at = ${instantOrNull(of((item) => item.saidAt))},
      order_id = ${of((item) => item.orderId)}, is_queued = ${of((item) => item.isQueued)},
      places = ${of((item) => item.places)}, holds = ${of((item) => item.holds)}
    where id = ${itemOf(give)}`;
}

function runWritten(give: Give<QueueWrites>): RawBuilder<unknown> {
  const run = <T>(take: (row: QueueRunRow) => T) => give(({ run: row }) => (row === null ? null : take(row)));
  const [at, outcome] = [atOf(give), sql`${run((row) => row.outcome)}::text`];
  const dueAt = instantOrNull(run((row) => row.dueAt));
  return sql`
      insert into runs as r (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq,
        block, due_at)
      values (${run(({ id }) => id)}::uuid, ${run(({ workflowId }) => workflowId)}, ${run(({ journey }) => journey)},
        'service', ${itemOf(give)}, null, ${run(({ settingsVersion }) => settingsVersion)}::int, ${at}, ${at}, 0,
        ${run(({ block }) => block)}, ${dueAt})
      on conflict (id) do update set block = excluded.block, due_at = excluded.due_at, outcome = ${outcome},
        ended_at = case when ${outcome} is null then null else ${at} end`;
}

function placesMade(give: Give<QueueWrites>): RawBuilder<unknown> {
  return sql`
      insert into queue_places (id, item_id, customer_id, number, joined_at, ended_at, outcome)
      select id, ${itemOf(give)}, "customerId", number, ${instant('"joinedAt"')}, ${instant('"endedAt"')}, outcome from ${rows(
        give,
        (writes) => writes.places,
        'id uuid, "customerId" uuid, number int, "joinedAt" bigint, "endedAt" bigint, outcome text',
      )}`;
}

function holdsMade(give: Give<QueueWrites>): RawBuilder<unknown> {
  return sql`
      insert into holds (id, item_id, place_id, number, offered_at, ended_at, outcome)
      select id, ${itemOf(give)}, "placeId", number, ${instant('at')}, ${instant('"endedAt"')}, outcome from ${rows(
        give,
        (writes) => writes.holds,
        'id uuid, "placeId" uuid, number int, at bigint, "endedAt" bigint, outcome text',
      )}`;
}

function noticesMade(give: Give<QueueWrites>): RawBuilder<unknown> {
  return sql`
      insert into queue_notices (id, item_id, place_id, hold_id, message, iteration, channel, due_at)
      select id, ${itemOf(give)}, "placeId", "holdId", message, iteration, channel, ${atOf(give)} from ${rows(
        give,
        (writes) => writes.notices,
        'id uuid, "placeId" uuid, "holdId" uuid, message text, iteration int, channel text',
      )}`;
}

function blocksWritten(give: Give<QueueWrites>): RawBuilder<unknown> {
  const at = atOf(give);
  return sql`
      insert into run_blocks as b (run_id, block, iteration, entered_at, left_at, result, reason)
      select ${give(({ run }) => run?.id ?? null)}::uuid, block, iteration, ${at}, case when result is not null then ${at} end, result, reason
      from ${rows(
        give,
        (writes) => writes.blocks.map(({ left, ...one }) => ({ ...one, ...left })),
        'block text, iteration int, result text, reason text',
      )}
      on conflict (run_id, block, iteration) do update set left_at = excluded.left_at, result = excluded.result, reason = excluded.reason`;
}

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
