import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { ChannelName } from '#domain/journey.ts';
import type { Reactions } from '#domain/reactions.ts';
import { hoursOfDay } from '#domain/send-time.ts';
import { defaultShop } from '#domain/shop.ts';
import { epochMs } from './instants.ts';
import type { DB } from './schema.ts';
import type { Value } from './statement.ts';

type Any = Kysely<DB> | Transaction<DB>;

/** So far back habits are looked for. */
export const habitDays = 365;

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
  /** A person's first open of each message, business epoch ms, in no order. */
  opens: number[];
  channels: Partial<Record<ChannelName, Reactions>>;
}

export const noHabits: Habits = { hours: Array<number>(hoursOfDay).fill(0), channels: {} };

/** `Habits` as JSON, to stand in any query; null before they were first computed: `noHabits` holds then. */
export const habitsJson: RawBuilder<Habits | null> = sql`(select json_object_agg(name, value) from habits)`;

export async function readHabits(db: Any): Promise<Habits & { computedAt: Date | null }> {
  const { rows } = await sql<{ habits: Habits | null; computedAt: Date | null }>`
    select ${habitsJson} as habits, (select max(computed_at) from habits) as "computedAt"`.execute(db);
  return { ...noHabits, ...rows[0]?.habits, computedAt: rows[0]?.computedAt ?? null };
}

const human = sql`opened_by = 'human'`;
const reacted = sql`(${human} or clicked_at is not null)`;

/** The same as PostgreSQL writes it, by channel. */
export type CustomerHabitsJson = (Reactions & { channel: ChannelName; opens: number[] | null })[];

/** `CustomerHabits` as JSON, over the year before `now`. Stands in a query that has read the customer's messages. */
export function customerHabitsJson(now: Value<Date>, messages: RawBuilder<unknown>): RawBuilder<CustomerHabitsJson> {
  return sql`coalesce((
    select json_agg(json_build_object('channel', channel, 'sent', sent, 'reacted', reacted, 'opens', opens))
    from (
      select channel, count(*) filter (where accepted_at is not null) as sent,
        count(*) filter (where accepted_at is not null and ${reacted}) as reacted,
        json_agg(${epochMs(sql`opened_at`)}) filter (where ${human}) as opens
      from ${messages} where ${inYearBefore(now)} group by channel) counted), '[]')`;
}

export function customerHabitsOf(json: CustomerHabitsJson): CustomerHabits {
  const channels = json.map(({ channel, sent, reacted }) => [channel, { sent, reacted }]);
  return { opens: json.flatMap(({ opens }) => opens ?? []), channels: Object.fromEntries(channels) };
}

/**
 * Computes everybody's habits anew if those there are older than `everyMs` of business time; false where they are fresh, or
 * somebody else is computing them just now. Reads the messages of a year.
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

/** Computes everybody's habits over the year before `now` and keeps them. */
export async function computeHabits(db: Any, now: Date): Promise<void> {
  const habits: Habits = { hours: await hoursOf(db, now), channels: await channelsOf(db, now) };
  for (const [name, value] of Object.entries(habits))
    await sql`
      insert into habits (name, value, computed_at) values (${name}, ${JSON.stringify(value)}::jsonb, ${now})
      on conflict (name) do update set value = excluded.value, computed_at = excluded.computed_at`.execute(db);
}

/** Zones that PostgreSQL knows. It reads them from files each time, which took longer than all else here. */
let zoneNames: string[] | undefined;

async function knownZones(db: Any): Promise<string[]> {
  if (zoneNames !== undefined) return zoneNames;
  const { rows } = await sql<{ name: string }>`select name from pg_timezone_names`.execute(db);
  zoneNames = rows.map(({ name }) => name);
  return zoneNames;
}

/** A zone that PostgreSQL does not know (an offset such as `+03:00`, nonsense) counts as the shop's. */
async function hoursOf(db: Any, now: Date): Promise<number[]> {
  const { rows } = await sql<{ hour: number; opens: number }>`
    with zones as materialized (select name, lower(name) as spelt from unnest(${await knownZones(db)}::text[]) as name),
    shop as materialized (
      select name from zones where spelt = lower(coalesce(
        (select value->>'zone' from settings where name = 'shop' order by version desc limit 1), ${defaultShop.zone})))
    select extract(hour from m.opened_at at time zone coalesce(z.name, (select name from shop), 'UTC'))::int as hour,
      count(*)::int as opens
    from messages m join customers c on c.id = m.customer_id
      left join zones z on z.spelt = lower(coalesce(m.zone, c.zone))
    where ${human} and ${inYearBefore(now)} group by 1`.execute(db);
  const opens = new Map(rows.map((row) => [row.hour, row.opens]));
  return noHabits.hours.map((none, hour) => opens.get(hour) ?? none);
}

async function channelsOf(db: Any, now: Date): Promise<Habits['channels']> {
  const { rows } = await sql<ChannelHabits & { channel: ChannelName }>`
    select channel, count(*)::int as sent, count(delivered_at)::int as delivered, (count(*) filter (where ${human}))::int as opened,
      count(clicked_at)::int as clicked, (count(*) filter (where ${reacted}))::int as reacted
    from messages where accepted_at is not null and ${inYearBefore(now)} group by 1`.execute(db);
  return Object.fromEntries(rows.map(({ channel, ...habits }) => [channel, habits]));
}

/** What was reserved in the year before `now`. */
export function inYearBefore(now: Value<Date>): RawBuilder<boolean> {
  return sql`reserved_at > ${now}::timestamptz - make_interval(days => ${habitDays}) and reserved_at <= ${now}`;
}
