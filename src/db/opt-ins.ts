import { type Kysely, sql } from 'kysely';
import type { ChannelName } from '#domain/journey.ts';
import type { DB } from './schema.ts';

/** Channels on which a yes of the customer waits to be confirmed. */
export async function unconfirmedChannels(db: Kysely<DB>, customerId: string): Promise<ChannelName[]> {
  const { rows } = await sql<{ channel: ChannelName }>`
    select channel from opt_ins where customer_id = ${customerId} order by channel`.execute(db);
  return rows.map(({ channel }) => channel);
}

/** Lets words that were just written wait for their confirmation. */
export async function awaitConfirmation(
  db: Kysely<DB>,
  customerId: string,
  channels: readonly ChannelName[],
  at: Date,
): Promise<void> {
  await sql`
    insert into opt_ins (customer_id, channel, asked_at)
    select ${customerId}::uuid, channel, ${at}::timestamptz from unnest(${[...channels]}::text[]) as channel order by channel
    on conflict do nothing`.execute(db);
}

/** Whether a letter of `journey` went to the customer since then. */
export async function wasAskedSince(
  db: Kysely<DB>,
  customerId: string,
  journey: string,
  since: Date,
): Promise<boolean> {
  const { rows } = await sql`
    select from messages where customer_id = ${customerId} and journey = ${journey} and reserved_at > ${since}
      and state in ('submitting', 'accepted', 'delivered', 'unknown') limit 1`.execute(db);
  return rows.length > 0;
}
