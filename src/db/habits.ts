import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { ChannelName } from '#domain/journey.ts';
import type { Reactions } from '#domain/reactions.ts';
import { hoursOfDay } from '#domain/send-time.ts';
import { defaultShop } from '#domain/shop.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB> | Transaction<DB>;

/** So far back habits are looked for. */
export const habitDays = 365;

/** A customer's newest opens, of which their usual hour is told. */
const mostOpens = 200;

export interface ChannelHabits extends Reactions {
  delivered: number;
  opened: number;
  clicked: number;
}

/** What all customers of the last year have taught. */
export interface Habits {
  /** People's opens by the local hour, from 0 to 23: the first of each message. */
  hours: number[];
  /** `sent`: a provider took it; `reacted`: a person opened or clicked it. */
  channels: Partial<Record<ChannelName, ChannelHabits>>;
}

/** The same of one customer. */
export interface CustomerHabits {
  /** Business epoch ms, newest messages first. */
  opens: number[];
  channels: Partial<Record<ChannelName, Reactions>>;
}

export const noHabits: Habits = { hours: Array<number>(hoursOfDay).fill(0), channels: {} };

/** `Habits` as JSON, to stand in any query; null before they were first computed: `noHabits` holds then. */
export const habitsJson: RawBuilder<Habits | null> = sql`(select jsonb_object_agg(name, value) from habits)`;

export async function readHabits(db: Any): Promise<Habits & { computedAt: Date | null }> {
  const { rows } = await sql<{ habits: Habits | null; computedAt: Date | null }>`
    select ${habitsJson} as habits, (select max(computed_at) from habits) as "computedAt"`.execute(db);
  return { ...noHabits, ...rows[0]?.habits, computedAt: rows[0]?.computedAt ?? null };
}

const reacted = sql`opened_by = 'human' or clicked_at is not null`;

/** `CustomerHabits` as JSON, over the year before `now`. Stands in a query whose row `w` has the customer's `id`. */
export function customerHabitsJson(now: Date): RawBuilder<CustomerHabits> {
  const year = sql`customer_id = w.id and reserved_at > ${yearBefore(now)}`;
  return sql`jsonb_build_object(
    'opens', coalesce((
      select jsonb_agg((extract(epoch from opened_at) * 1000)::bigint) from (
        select opened_at from messages where ${year} and opened_by = 'human'
        order by reserved_at desc limit ${mostOpens}) newest), '[]'),
    'channels', coalesce((
      select jsonb_object_agg(channel, jsonb_build_object('sent', sent, 'reacted', reacted)) from (
        select channel, count(*) as sent, count(*) filter (where ${reacted}) as reacted
        from messages where ${year} and accepted_at is not null group by channel) counted), '{}'))`;
}

/**
 * Computes everybody's habits anew if those there are older than `everyMs` of business time; false where they are fresh, or
 * somebody else is computing them just now. Reads the messages of a year, in one pass.
 */
export async function refreshHabits(db: Kysely<DB>, now: Date, everyMs: number): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const lock = await sql<{ held: boolean }>`select pg_try_advisory_xact_lock(hashtext('habits')) as held`.execute(
      trx,
    );
    if (!lock.rows[0]?.held) return false;
    const { computedAt } = await readHabits(trx);
    if (computedAt !== null && now.getTime() - computedAt.getTime() < everyMs) return false;
    await computeHabits(trx, now);
    return true;
  });
}

/** Computes everybody's habits over the year before `now` and keeps them. A zone that PostgreSQL does not know (an offset such
 *  as `+03:00`, nonsense) counts as the shop's. */
export async function computeHabits(db: Any, now: Date): Promise<void> {
  const shopZone = sql`coalesce((select value->>'zone' from settings where name = 'shop' order by version desc limit 1), ${defaultShop.zone})`;
  await sql`
    with zones as materialized (select name, lower(name) as spelt from pg_timezone_names),
    counted as (
      select m.channel, case when m.opened_by = 'human' then coalesce(m.zone, c.zone) end as zone,
        case when m.opened_by = 'human' then date_bin('15 minutes', m.opened_at, 'epoch') end as opened,
        count(*) filter (where m.accepted_at is not null) as sent,
        count(*) filter (where m.delivered_at is not null) as delivered,
        count(*) filter (where m.opened_by = 'human') as opens,
        count(*) filter (where m.clicked_at is not null) as clicked,
        count(*) filter (where m.accepted_at is not null and (${reacted})) as reacted
      from messages m join customers c on c.id = m.customer_id
      where m.reserved_at > ${yearBefore(now)} and m.reserved_at <= ${now}
      group by 1, 2, 3
    ), hours as (
      select extract(hour from opened at time zone coalesce(z.name, s.name, 'UTC'))::int as hour, sum(opens) as opens
      from counted left join zones z on z.spelt = lower(counted.zone) left join zones s on s.spelt = lower(${shopZone})
      where opened is not null group by 1
    ), channels as (
      select channel, sum(sent) as sent, sum(delivered) as delivered, sum(opens) as opened, sum(clicked) as clicked,
        sum(reacted) as reacted
      from counted group by 1
    )
    insert into habits (name, value, computed_at)
    select 'hours', (select jsonb_agg(coalesce(opens, 0) order by h) from generate_series(0, ${hoursOfDay - 1}::int) h
      left join hours on hour = h), ${now}::timestamptz
    union all
    select 'channels', coalesce((select jsonb_object_agg(channel, to_jsonb(channels) - 'channel') from channels), '{}'), ${now}::timestamptz
    on conflict (name) do update set value = excluded.value, computed_at = excluded.computed_at`.execute(db);
}

function yearBefore(now: Date): RawBuilder<Date> {
  return sql`${now}::timestamptz - make_interval(days => ${habitDays})`;
}
