import { type RawBuilder, sql, type Transaction } from 'kysely';
import type { DB } from './schema.ts';

/**
 * Before customers are erased: what must not be written to is kept without saying what it was, and who said no to e-mail stays
 * unsubscribed. `migrations/0002_erasure.sql` brings it back when somebody takes the address.
 */
export async function keepSuppressions(trx: Transaction<DB>, ids: readonly string[], at: Date): Promise<void> {
  await sql`
    with theirs as materialized (${addressesOf(ids)}), gone as (
      delete from suppressions s using theirs where s.address = theirs.address returning s.*
    ), kept as (
      select channel, address, reason, at from gone
      union all
      select 'email', address, 'unsubscribed', ${at}::timestamptz from theirs
      where kind = 'email' and not exists (select from gone where channel = 'email' and gone.address = theirs.address)
        and exists (select from consent_states where customer_id = any(${[...ids]}::uuid[]) and purpose = 'advertising'
          and topic = '*' and channel in ('email', '*') and state = 'denied')
    )
    insert into suppressions (channel, address, reason, at)
    select distinct on (channel, address) channel, erased_address(address), reason, at from kept order by channel, address
    on conflict (channel, address) do nothing`.execute(trx);
}

/** Addresses of these customers that nobody else has. */
function addressesOf(ids: readonly string[]): RawBuilder<unknown> {
  const theirs = sql`any(${[...ids]}::uuid[])`;
  return sql`
    select kind, value as address from identities
    where customer_id = ${theirs} and kind not in ('user_id', 'anonymous_id')
    union select 'email', email from profiles where customer_id = ${theirs} and email is not null
    union select 'phone', phone from profiles where customer_id = ${theirs} and phone is not null
    union select case channel when 'email' then 'email' else 'phone' end, address from messages
      where customer_id = ${theirs} and address is not null
    except select kind, value from identities where customer_id <> all(${[...ids]}::uuid[])`;
}
