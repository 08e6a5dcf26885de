import { sql } from 'kysely';
import { isBrowsing } from '#domain/segment-effects.ts';
import { type Any, type Invariant, sentences } from './invariant.ts';

/** Each event has one effect. */

export const eventsOnce: Invariant = (db) =>
  sentences(
    db,
    sql`select format('event %L of source %s is stored %s times', message_id, source_id, count(*)) as what
      from events group by source_id, message_id having count(*) > 1`,
  );

/** Keys are kept for a week of wall time; of older events they may be gone. What was erased has an id of its own. */
export const eventsHaveKeys: Invariant = (db) =>
  sentences(
    db,
    sql`select format('event %s has no key by which a repeat would be known', e.id) as what
      from events e join customers c on c.id = e.customer_id
      where c.erased_at is null
        and e.received_at > coalesce((
          select origin + greatest(interval '0', now() - interval '7 days' - origin) * scale - interval '1 second'
          from business_clock where now() - interval '7 days' > origin), '-infinity')
        and not exists (
          select from event_keys k
          where k.hash = substring(sha256(convert_to(e.source_id || ' ' || e.message_id, 'UTF8')) from 1 for 16))`,
  );

/** Visits and browsing move a counter by one each, whoever they are counted for by now. Erasure forgets counters. */
export const activitiesCounted: Invariant = async (db) => {
  const { rows: erased } = await sql`select from customers where erased_at is not null limit 1`.execute(db);
  if (erased.length > 0) return [];
  const happened = await browsingByProfile(db);
  const counted = await countersByProfile(db);
  return [...new Set([...happened.keys(), ...counted.keys()])].flatMap((profile) => {
    const [events, count] = [happened.get(profile) ?? 0, counted.get(profile) ?? 0];
    return events === count
      ? []
      : [`${profile} profiles count ${count} visits and activities, and ${events} are stored`];
  });
};

async function browsingByProfile(db: Any): Promise<Map<string, number>> {
  const { rows } = await sql<{ profile: string; name: string; count: number }>`
    select profile, name, count(*)::int as count from events group by profile, name`.execute(db);
  const byProfile = new Map<string, number>();
  for (const { profile, name, count } of rows)
    if (isBrowsing(name)) byProfile.set(profile, (byProfile.get(profile) ?? 0) + count);
  return byProfile;
}

async function countersByProfile(db: Any): Promise<Map<string, number>> {
  const { rows } = await sql<{ kind: string; count: number }>`
    select kind, sum(activity_seq)::int as count from profiles group by kind`.execute(db);
  return new Map(rows.map(({ kind, count }) => [kind, count]));
}

export const ordersKept: Invariant = (db) =>
  sentences(
    db,
    sql`select format('event %s tells of order %L, which is not on record', id, order_id) as what
      from (select id, trim(payload->'properties'->>'order_id') as order_id from events where name = 'Order Completed') e
      where length(order_id) between 1 and 200 and not exists (select from orders o where o.order_id = e.order_id)`,
  );
