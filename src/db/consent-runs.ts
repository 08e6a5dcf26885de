import { sql, type Transaction } from 'kysely';
import { workflowId } from '#domain/ids.ts';
import { profileOfKey } from '#domain/occasions.ts';
import { type Contactability, isReachable, wantsNothing } from '#domain/reach.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { Topic } from '#domain/topics.ts';
import type { contactabilityOf } from './contactability.ts';
import type { NewOutboxRow } from './outbox.ts';
import type { DB } from './schema.ts';

/** Runs that end and begin with what a customer says about being written to. */

type Trx = Transaction<DB>;
type Profiles = Awaited<ReturnType<typeof contactabilityOf>>;

/** A journey that advertises. `followsActivity`: who can be reached again may be in it at once; `startsWhenReachable`: who could not be
 *  reached when its trigger came. */
export interface Advertising {
  name: string;
  topic: Topic | '*';
  followsActivity: boolean;
  startsWhenReachable?: boolean;
}

/** The journeys that words are about, in their shop. */
export interface Followed {
  shop: ShopSettings;
  journeys: readonly Advertising[];
}

function profileOf(profiles: Profiles, key: string): Contactability | undefined {
  return (profiles.find(({ profile }) => profile === profileOfKey(key)) ?? profiles[0])?.known;
}

/** Runs whose customer wants to hear of their topic on no channel any more. */
export async function unwantedRuns(
  trx: Trx,
  customerId: string,
  profiles: Profiles,
  at: Date,
  { shop, journeys }: Followed,
): Promise<NewOutboxRow[]> {
  const runs = await trx
    .selectFrom('runs')
    .select(['workflow_id', 'journey', 'customer_id', 'key'])
    .where('customer_id', '=', customerId)
    .where('ended_at', 'is', null)
    .execute();
  const unwanted = runs.filter(({ journey, key }) => {
    const advertising = journeys.find(({ name }) => name === journey);
    const known = profileOf(profiles, key);
    return advertising !== undefined && known !== undefined && wantsNothing(known, shop, advertising.topic);
  });
  return unwanted.map((run) => ({ ...run, signal: 'exit', reason: 'unsubscribed', occurred_at: at }));
}

/** Journeys that begin because their customer can be written to now: what they did lately, or asked for before, is not lost. */
export async function startsOf(
  trx: Trx,
  customerId: string,
  [before, after]: [Profiles, Profiles],
  at: Date,
  { shop, journeys }: Followed,
): Promise<NewOutboxRow[]> {
  const became = after.flatMap(({ profile, known }) => {
    const then = profileOf(before, profile);
    return journeys
      .filter(({ topic }) => {
        if (then !== undefined && isReachable(then, shop, topic)) return false;
        return isReachable(known, shop, topic);
      })
      .map((journey) => ({ ...journey, profile }));
  });
  const following = became.filter(({ followsActivity }) => followsActivity);
  const waiting = became.filter(({ startsWhenReachable }) => startsWhenReachable).map(({ name }) => name);
  const active = following.length > 0 ? await recentlyActive(trx, customerId, at) : [];
  const missed = waiting.length > 0 ? await missedUnreachable(trx, customerId, waiting) : [];
  return [
    ...following.flatMap(({ name, profile }) => {
      const moment = active.find(({ key }) => key === profile);
      return moment === undefined ? [] : [startOf(name, customerId, profile, 'reachable', moment.at)];
    }),
    ...missed.map((name) => startOf(name, customerId, '', 'reachable', at)),
  ];
}

/** Which of the journeys the customer met the trigger of while they could not be written to. */
async function missedUnreachable(trx: Trx, customerId: string, journeys: string[]): Promise<string[]> {
  const missed = trx.selectFrom('not_entered').select('journey').distinct().where('customer_id', '=', customerId);
  const rows = await missed.where('reason', '=', 'unreachable').where('journey', 'in', journeys).execute();
  return rows.map(({ journey }) => journey);
}

export function startOf(journey: string, customerId: string, key: string, reason: string, at: Date): NewOutboxRow {
  const workflow_id = workflowId(journey, customerId, key);
  return { workflow_id, signal: 'start', journey, customer_id: customerId, key, reason, occurred_at: at };
}

/** Profiles with activity of the last day: old news starts nothing. */
async function recentlyActive(trx: Trx, customerId: string, now: Date): Promise<{ key: string; at: Date }[]> {
  const { rows } = await sql<{ key: string; at: Date }>`
    select kind as key, greatest(last_activity_at, last_visit_at) as at from profiles
    where customer_id = ${customerId} and greatest(last_activity_at, last_visit_at) > ${now}::timestamptz - interval '24 hours'`.execute(
    trx,
  );
  return rows;
}
