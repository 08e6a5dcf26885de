import { type Kysely, sql, type Transaction } from 'kysely';
import { workflowId } from '#domain/ids.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { newId } from './ids.ts';
import { type OutboxRow, putOutbox } from './outbox.ts';
import { ensureMonths } from './partitions.ts';
import type { DB } from './schema.ts';

/** A customer's word about advertising on a channel, said by way of a message that they got. */
export interface ConsentWord {
  customerId: string;
  channel: ChannelName;
  messageId: string | null;
  /** Where it was said: `one-click`, `page` … */
  source: string;
  ip: string | null;
  /** Business time. */
  at: Date;
}

/** What a preference page shows about the customer that a message went to. */
export interface Preference {
  customerId: string;
  channel: ChannelName;
  /** Null after erasure. */
  address: string | null;
  locale: string;
  subscribed: boolean;
  /** Nobody is left to say or hear anything. */
  erased: boolean;
}

/** Null where there is no such message. */
export async function preferenceOf(db: Kysely<DB>, messageId: string): Promise<Preference | null> {
  const { rows } = await sql<Preference>`
    select m.customer_id as "customerId", m.channel, m.address, m.locale,
      c.erased_at is null and not exists (${deniedFor(sql`m.customer_id`, sql`m.channel`)}) as subscribed,
      c.erased_at is not null as erased
    from messages m join customers c on c.id = m.customer_id where m.id = ${messageId}`.execute(db);
  return rows[0] ?? null;
}

/** A word on all channels counts for each. */
function deniedFor(customer: ReturnType<typeof sql>, channel: ReturnType<typeof sql>) {
  return sql`
    select from consent_states s where s.customer_id = ${customer} and s.purpose = 'advertising' and s.topic = '*'
      and s.channel in (${channel}, '*') and s.state = 'denied'`;
}

/**
 * Ends advertising to a customer on a channel. When this resolves it is committed: nothing more is reserved or begins to be
 * submitted, since both ask for consent under the same lock. Returns the signals for live runs of `journeys` (those that
 * advertise), claimed for the caller to relay. Safe to repeat.
 */
export async function unsubscribe(
  db: Kysely<DB>,
  word: ConsentWord,
  journeys: readonly string[],
): Promise<OutboxRow[]> {
  return underLock(db, word, (trx, customerId) => endAdvertising(trx, { ...word, customerId }, journeys));
}

/** `unsubscribe`, inside a transaction that holds the lock of the customer, who lives and was not merged. */
export async function endAdvertising(
  trx: Transaction<DB>,
  word: ConsentWord,
  journeys: readonly string[],
): Promise<OutboxRow[]> {
  if (await isSubscribed(trx, word)) await say(trx, word, 'denied');
  await dropReserved(trx, word);
  const runs = await trx
    .selectFrom('runs')
    .select(['workflow_id', 'journey', 'customer_id', 'key'])
    .where('customer_id', '=', word.customerId)
    .where('ended_at', 'is', null)
    .where(sql<boolean>`journey = any(${[...journeys]}::text[])`)
    .execute();
  const reason = 'unsubscribed';
  return putOutbox(
    trx,
    runs.map((run) => ({ ...run, signal: 'exit', reason, occurred_at: word.at })),
  );
}

/** "That was a mistake": advertising on this channel is wanted again. Becoming reachable is a trigger itself, so what the
 *  customer did lately starts the `journeys` that follow activity. Returns their signals, claimed for the caller to relay.
 *  Safe to repeat. */
export async function resubscribe(
  db: Kysely<DB>,
  word: ConsentWord,
  journeys: readonly string[],
): Promise<OutboxRow[]> {
  return underLock(db, word, async (trx, customerId) => {
    const said = { ...word, customerId };
    if (await isSubscribed(trx, said)) return [];
    await narrowDenial(trx, said);
    await say(trx, said, 'granted');
    const active = await recentlyActive(trx, customerId, word.at);
    const starts = journeys.flatMap((journey) =>
      active.map(({ key, at }) => ({
        journey,
        key,
        occurred_at: at,
        workflow_id: workflowId(journey, customerId, key),
      })),
    );
    const rows = starts.map((start) => ({ ...start, customer_id: customerId, signal: 'start', reason: 'reachable' }));
    return putOutbox(trx, rows);
  });
}

/** Profiles with activity of the last day: old news starts nothing. */
export async function recentlyActive(
  trx: Transaction<DB>,
  customerId: string,
  now: Date,
): Promise<{ key: string; at: Date }[]> {
  const { rows } = await sql<{ key: string; at: Date }>`
    select kind as key, greatest(last_activity_at, last_visit_at) as at from profiles
    where customer_id = ${customerId} and greatest(last_activity_at, last_visit_at) > ${now}::timestamptz - interval '24 hours'`.execute(
    trx,
  );
  return rows;
}

/** Locks the customer, or the one that it was merged into, by a statement of its own: what follows then sees all that was
 *  committed while this waited. Of who was erased nothing is written any more. */
export async function underLock(
  db: Kysely<DB>,
  { customerId, at }: ConsentWord,
  act: (trx: Transaction<DB>, customerId: string) => Promise<OutboxRow[]>,
): Promise<OutboxRow[]> {
  await ensureMonths(db, ['message_events'], at);
  let id = customerId;
  for (;;) {
    const done = await db
      .transaction()
      .execute(async (trx): Promise<{ rows: OutboxRow[] } | { mergedInto: string }> => {
        const query = trx.selectFrom('customers').select(['merged_into', 'erased_at']).where('id', '=', id).forUpdate();
        const { merged_into, erased_at } = await query.executeTakeFirstOrThrow();
        if (erased_at !== null) return { rows: [] };
        return merged_into === null ? { rows: await act(trx, id) } : { mergedInto: merged_into };
      });
    if ('rows' in done) return done.rows;
    id = done.mergedInto;
  }
}

export async function isSubscribed(trx: Transaction<DB>, { customerId, channel }: ConsentWord): Promise<boolean> {
  const { rows } = await sql`${deniedFor(sql`${customerId}`, sql`${channel}`)}`.execute(trx);
  return rows.length === 0;
}

/** Where all channels were denied, from now on only the others are. */
export async function narrowDenial(trx: Transaction<DB>, { customerId, channel }: ConsentWord): Promise<void> {
  const others = channelNames.filter((name) => name !== channel);
  await sql`
    with denial as (
      delete from consent_states where customer_id = ${customerId} and purpose = 'advertising'
        and channel = '*' and topic = '*' and state = 'denied' returning customer_id, at
    )
    insert into consent_states (customer_id, purpose, channel, state, at)
    select denial.customer_id, 'advertising', other, 'denied', denial.at
    from denial, unnest(${others}::text[]) as other
    on conflict (customer_id, purpose, channel, topic) do update set state = 'denied', at = excluded.at`.execute(trx);
}

export async function say(trx: Transaction<DB>, word: ConsentWord, state: 'granted' | 'denied'): Promise<void> {
  const { customerId, channel, messageId, source, ip, at } = word;
  const kind = state === 'denied' ? 'unsubscribed' : 'resubscribed';
  await sql`
    with word as (
      insert into consents (id, customer_id, purpose, channel, state, source, ip, at)
      values (${newId(at)}, ${customerId}, 'advertising', ${channel}, ${state}, ${source}, ${ip}::inet, ${at})
    ), state as (
      insert into consent_states (customer_id, purpose, channel, state, at)
      values (${customerId}, 'advertising', ${channel}, ${state}, ${at})
      on conflict (customer_id, purpose, channel, topic) do update set state = excluded.state, at = excluded.at
    ), event as (
      insert into message_events (id, at, message_id, kind, by)
      select ${newId(at)}::uuid, ${at}::timestamptz, ${messageId}::uuid, ${kind}, 'human' where ${messageId}::uuid is not null
    )
    update messages set unsubscribed_at = coalesce(unsubscribed_at, ${at})
    where id = ${messageId} and ${state} = 'denied'`.execute(trx);
}

export async function dropReserved(trx: Transaction<DB>, { customerId, channel }: ConsentWord): Promise<void> {
  await trx
    .updateTable('messages')
    .set({ state: 'dropped', reason: 'unsubscribed' })
    .where('customer_id', '=', customerId)
    .where('channel', '=', channel)
    .where('kind', '=', 'marketing')
    .where('state', '=', 'reserved')
    .execute();
}
