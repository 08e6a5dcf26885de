import { sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';

export interface Member {
  customerId: string;
  since: Date;
}

/** Of a segment that has not expired at `now`, by customer, those after `after`. */
export async function membersOf(
  db: Db,
  segmentId: string,
  now: Date,
  after: string | null,
  limit: number,
): Promise<Member[]> {
  const { rows } = await sql<Member>`
    select m.customer_id as "customerId", m.since from segment_members m join segments s on s.id = m.segment_id
      join customers c on c.id = m.customer_id and c.merged_into is null and c.erased_at is null
    where m.segment_id = ${segmentId} and (s.expires_at is null or s.expires_at > ${now})
      and m.customer_id > coalesce(${after}::uuid, '00000000-0000-0000-0000-000000000000')
    order by m.customer_id limit ${limit}`.execute(db);
  return rows;
}

export interface SegmentChange {
  /** Grows. */
  seq: number;
  customerId: string;
  entered: boolean;
  at: Date;
}

/** Who entered and left, the next `limit` behind `after`. */
export async function changesOf(db: Db, segmentId: string, after: number, limit: number): Promise<SegmentChange[]> {
  const { rows } = await sql<SegmentChange>`
    select seq, customer_id as "customerId", entered, at from segment_changes
    where segment_id = ${segmentId} and seq > ${after} order by seq limit ${limit}`.execute(db);
  return rows;
}

/** Somebody as the list from elsewhere names them. */
export interface Named {
  kind: 'user_id' | 'email' | 'phone' | 'id';
  value: string;
}

/** Puts those who are known into a segment without a condition; with `replace` nobody else is in it then. Answers who is not
 *  known, by place. */
export async function importMembers(
  db: Db,
  segmentId: string,
  named: readonly Named[],
  replace: boolean,
  at: Date,
): Promise<Set<number>> {
  return db.transaction().execute(async (trx) => {
    await sql`select from segments where id = ${segmentId} for update`.execute(trx);
    const found = await resolve(trx, named);
    const ids = [...new Set(found.values())];
    if (replace) await leave(trx, segmentId, ids, at);
    await sql`
      with came as (
        insert into segment_members (segment_id, customer_id, since) select ${segmentId}, unnest(${ids}::uuid[]), ${at}
        on conflict do nothing returning customer_id)
      insert into segment_changes (segment_id, customer_id, entered, at) select ${segmentId}, customer_id, true, ${at} from came`.execute(
      trx,
    );
    await sql`update segments set evaluated_at = ${at},
      size = (select count(*) from segment_members where segment_id = ${segmentId}) where id = ${segmentId}`.execute(
      trx,
    );
    return new Set(named.flatMap((_, place) => (found.has(place) ? [] : [place])));
  });
}

/** By place; who was merged is found as who they are now. */
async function resolve(trx: Trx, named: readonly Named[]): Promise<Map<number, string>> {
  const { rows } = await sql<{ place: number; id: string }>`
    with asked as (select kind, value, place::int from unnest(${named.map(({ kind }) => kind)}::text[], ${named.map(({ value }) => value)}::text[])
      with ordinality as asked (kind, value, place)),
    found as (
      select place, customer_id as id from asked join identities i on i.kind = asked.kind and i.value = asked.value
      union all select place, c.id from asked join customers c on asked.kind = 'id' and c.id = case when asked.kind = 'id' then asked.value::uuid end)
    select place - 1 as place, coalesce(c.merged_into, c.id) as id from found join customers c using (id) where c.erased_at is null`.execute(
    trx,
  );
  return new Map(rows.map(({ place, id }) => [place, id]));
}

async function leave(trx: Trx, segmentId: string, staying: readonly string[], at: Date): Promise<void> {
  await sql`
    with went as (
      delete from segment_members where segment_id = ${segmentId} and customer_id <> all(${[...staying]}::uuid[]) returning customer_id)
    insert into segment_changes (segment_id, customer_id, entered, at) select ${segmentId}, customer_id, false, ${at} from went`.execute(
    trx,
  );
}
