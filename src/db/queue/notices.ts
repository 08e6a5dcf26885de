import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { epochMs } from '#db/instants.ts';
import { statement } from '#db/statement.ts';
import { deliveries } from './write.ts';

/** A message of a queue, whose it is now, and whether it is still true. */
export interface NoticeRead {
  customerId: string;
  isErased: boolean;
  itemId: string;
  message: string;
  isDone: boolean;
  /** Of an offer: whether the item is still kept for them. */
  isHeld: boolean;
}

/** Null where there is no such notice. */
export async function readNotice(db: Db | Trx, id: string): Promise<NoticeRead | null> {
  return (await reading(db, id))[0] ?? null;
}

const reading = statement<string, NoticeRead>(
  (give) => sql`
    select p.customer_id as "customerId", c.erased_at is not null as "isErased", n.item_id as "itemId", n.message,
      n.done_at is not null as "isDone", h.id is not null and h.ended_at is null as "isHeld"
    from queue_notices n join queue_places p on p.id = n.place_id join customers c on c.id = p.customer_id
    left join holds h on h.id = n.hold_id where n.id = ${give((id) => id)}`,
);

/** By what customers could be written to: kinds of addresses, and channels of their devices. */
export async function addressesOf(trx: Trx, customerIds: readonly string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ id: string; kinds: string[] }>`
    select id, array_agg(kind) as kinds from (
      select customer_id as id, 'email' as kind from profiles where email is not null
      union all select customer_id, 'phone' from profiles where phone is not null
      union all select customer_id, 'telegram' from identities where kind = 'telegram'
      union all select customer_id, channel from devices
    ) known where id = any(${[...customerIds]}::uuid[]) group by 1`.execute(trx);
  return new Map(rows.map(({ id, kinds }) => [id, kinds]));
}

/** What became of a notice: done with a result, or put off until then. The run is due when the next thing is. Under the item's lock. */
export async function settleNotice(trx: Trx, settled: Settling): Promise<void> {
  await settling(trx, settled);
}

interface Settling {
  noticeId: string;
  runId: string;
  at: Date;
  result: string | null;
  until: Date | null;
}

const settling = statement<Settling>((give) => {
  const [id, until] = [give(({ noticeId }) => noticeId), sql`${give((settled) => settled.until)}::timestamptz`];
  const at = sql`${give((settled) => settled.at)}::timestamptz`;
  const result = sql`${give((settled) => settled.result)}::text`;
  const others = sql`select min(n.due_at) from queue_notices n where n.item_id = r.key and n.done_at is null and n.id <> ${id}`;
  // An offer that nobody has taken, and that is not put off, is looked after at once.
  return sql`
    with settled as (
      update queue_notices set due_at = coalesce(${until}, due_at), result = ${result},
        done_at = case when ${result} is not null then ${at} end
      where id = ${id} and done_at is null
    )
    update runs r set due_at = coalesce(least(${until}, (${others}),
        (select coalesce(h.until, case when ${until} is null and (${others}) is null then ${at} end)
          from holds h where h.item_id = r.key and h.ended_at is null)),
        ${at} + interval '31 days')
    where r.id = ${give(({ runId }) => runId)} and r.ended_at is null`;
});

/** A hold that has just been taken up, or was before. */
export interface Accepted {
  until: number;
  customerId: string;
  isNew: boolean;
}

/**
 * The first channel has taken the offer: from now on the hold lasts. The shop hears of it (`hold.accepted`), and the customer's
 * block of the run goes on. Under the item's lock. Null where the hold has ended meanwhile.
 */
export async function acceptHold(
  trx: Trx,
  offer: { noticeId: string; runId: string; at: Date; lastsMs: number },
): Promise<Accepted | null> {
  return (await accepting(trx, offer))[0] ?? null;
}

const accepting = statement<{ noticeId: string; runId: string; at: Date; lastsMs: number }, Accepted>((give) => {
  const at = sql`${give((offer) => offer.at)}::timestamptz`;
  const run = give(({ runId }) => runId);
  return sql`
    with held as (
      select h.*, p.customer_id from holds h join queue_places p on p.id = h.place_id
      where h.id = (select hold_id from queue_notices where id = ${give(({ noticeId }) => noticeId)}) and h.ended_at is null
    ), taken as (
      update holds h set accepted_at = ${at}, until = ${at} + ${give(({ lastsMs }) => lastsMs)} * interval '1 millisecond'
      from held where h.id = held.id and h.until is null
      returning h.id, h.item_id, h.number, h.until, held.customer_id
    ), told as (${deliveries(
      sql`(select id::text || ' accepted' as id, 'hold.accepted' as event, ${epochMs(at)} as at,
        customer_id as "customerId", json_build_object('itemId', item_id, 'holdId', id,
          'until', to_char(until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) as data from taken) r`,
    )}), offered as (
      update run_blocks b set left_at = ${at}, result = 'passed' from taken
      where b.run_id = ${run} and b.block = 'offer' and b.iteration = taken.number and b.left_at is null
    ), holding as (
      insert into run_blocks (run_id, block, iteration, entered_at)
      select ${run}::uuid, 'hold', number, ${at} from taken on conflict do nothing
    ), due as (
      update runs set block = 'hold', due_at = taken.until from taken where runs.id = ${run}::uuid and runs.ended_at is null
    )
    select ${epochMs(sql`coalesce(taken.until, held.until)`)} as until, held.customer_id as "customerId",
      taken.id is not null as "isNew"
    from held left join taken on taken.id = held.id`;
});
