import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import { channelFacts } from '#domain/channels.ts';
import type { ChannelName } from '#domain/journey.ts';
import type { SuppressionReason } from '#domain/reach.ts';
import type { DB } from './schema.ts';

/** A word that nothing may go to an address any more, whoever has it. `unsubscribed`: only for addresses that nobody has;
 *  where there is a customer it is their consent. */
export interface NewSuppression {
  channel: ChannelName;
  address: string;
  reason: SuppressionReason;
  /** Business time. */
  at: Date;
}

/**
 * Suppresses addresses. One that no customer has (any more: they may have been erased while the provider was still talking of
 * them) is kept as its hash, and stands in clear again when somebody takes it (`migrations/0002_erasure.sql`); of a device
 * that nobody has nothing is kept. Of several words the strictest stays, whatever order they come in.
 */
export async function suppress(db: Kysely<DB> | Transaction<DB>, words: readonly NewSuppression[]): Promise<void> {
  if (words.length === 0) return;
  const column = (of: (word: NewSuppression) => string) => words.map(of);
  await sql`
    with given as (
      select distinct on (channel, address) * from unnest(${column((word) => word.channel)}::text[],
        ${column((word) => channelFacts[word.channel].address)}::text[], ${column((word) => word.address)}::text[],
        ${column((word) => word.reason)}::text[], ${column((word) => word.at.toISOString())}::timestamptz[])
        as word (channel, kind, address, reason, at)
      order by channel, address, ${strictness(sql`reason`)} desc, at
    ), told as (
      select *, case kind when 'device' then exists (select from devices d where d.channel = given.channel and d.address = given.address)
        else exists (select from identities i where i.kind = given.kind and i.value = given.address) end as is_theirs
      from given
    )
    insert into suppressions as s (channel, address, reason, at)
    select channel, case when is_theirs then address else erased_address(address) end as kept, reason, at
    from told where is_theirs or kind <> 'device' order by channel, kept
    on conflict (channel, address) do update set reason = excluded.reason, at = excluded.at
      where ${strictness(sql`s.reason`)} < ${strictness(sql`excluded.reason`)}`.execute(db);
}

/** The first two stop advertising only; who is gone is not even there to be reached. */
function strictness(reason: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`array_position(array['unsubscribed', 'complained', 'blocked', 'bounced'], ${reason})`;
}

/**
 * Before customers are erased: what must not be written to is kept without saying what it was, and who said no on a channel
 * stays unsubscribed there. `migrations/0002_erasure.sql` brings it back when somebody takes the address.
 */
export async function keepSuppressions(trx: Transaction<DB>, ids: readonly string[], at: Date): Promise<void> {
  await sql`
    with theirs as materialized (${addressesOf(ids)}), gone as (
      delete from suppressions s using theirs where s.address = theirs.address returning s.*
    ), refused as (
      select c.channel, c.kind from ${channels} where exists (
        select from consent_states where customer_id = any(${[...ids]}::uuid[]) and purpose = 'advertising'
          and topic = '*' and channel in (c.channel, '*') and state = 'denied')
    ), kept as (
      select channel, address, reason, at from gone where channel not in (select channel from ${channels} where kind = 'device')
      union all
      select channel, address, 'unsubscribed', ${at}::timestamptz from refused join theirs using (kind)
      where kind <> 'device'
        and not exists (select from gone where gone.channel = refused.channel and gone.address = theirs.address)
    )
    insert into suppressions (channel, address, reason, at)
    select distinct on (channel, address) channel, erased_address(address), reason, at from kept order by channel, address
    on conflict (channel, address) do nothing`.execute(trx);
}

/** Channels and the kinds of their addresses, as rows `c`. */
const channels = sql`(values ${sql.join(
  Object.entries(channelFacts).map(([channel, { address }]) => sql`(${sql.lit(channel)}, ${sql.lit(address)})`),
)}) as c (channel, kind)`;

/** Addresses of these customers that nobody else has. */
function addressesOf(ids: readonly string[]): RawBuilder<unknown> {
  const theirs = sql`any(${[...ids]}::uuid[])`;
  return sql`
    select kind, value as address from identities
    where customer_id = ${theirs} and kind not in ('user_id', 'anonymous_id')
    union select 'email', email from profiles where customer_id = ${theirs} and email is not null
    union select 'phone', phone from profiles where customer_id = ${theirs} and phone is not null
    union select 'device', address from devices where customer_id = ${theirs}
    union select c.kind, address from messages join ${channels} using (channel)
      where customer_id = ${theirs} and address is not null
    except select kind, value from identities where customer_id <> all(${[...ids]}::uuid[])`;
}
