import { sql } from 'kysely';
import { channelFacts } from '#domain/channels.ts';
import type { ChannelName } from '#domain/journey.ts';
import { consentRule } from '#domain/reach.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { allOf, type Sql } from './tests.ts';

/** What `unreachableBecause` (`src/domain/reach.ts`) answers null to, of advertising that is about no topic: on the row `c` of
 *  `customers`, of any of their profiles. A test compares the two. */
export function reachableSql(channel: ChannelName, shop: ShopSettings, theirs: Sql): Sql {
  if (!shop.channels.includes(channel)) return sql`false`;
  const needsYes = consentRule(shop, channel) === 'explicit';
  return allOf([
    sql`c.id in (${addressed(channel, theirs)})`,
    sql`c.id not in (${word(channel, 'denied')} and ${theirs})`,
    needsYes ? sql`c.id in (${word(channel, 'granted')} and ${theirs})` : null,
    sql`c.id not in (select customer_id from opt_ins where channel = ${channel} and ${theirs})`,
    sql`c.id not in (${personalData('denied')} and ${theirs})`,
    shop.personalDataConsent === 'required' ? sql`c.id in (${personalData('granted')} and ${theirs})` : null,
  ]);
}

function word(channel: ChannelName, state: 'granted' | 'denied'): Sql<unknown> {
  return sql`select customer_id from consent_states
    where purpose = 'advertising' and channel in (${channel}, '*') and topic = '*' and state = ${state}`;
}

function personalData(state: 'granted' | 'denied'): Sql<unknown> {
  return sql`select customer_id from consent_states where purpose = 'personal_data' and state = ${state}`;
}

/** Who has an address there that nothing speaks against; the no of an owner before stands until this one says yes. */
function addressed(channel: ChannelName, theirs: Sql): Sql<unknown> {
  return sql`select a.customer_id from (${addresses(channel, theirs)}) a
    where not exists (select from suppressions s where s.channel = ${channel} and s.address = a.address
      and (s.reason <> 'unsubscribed' or a.customer_id not in (${word(channel, 'granted')})))`;
}

function addresses(channel: ChannelName, theirs: Sql): Sql<unknown> {
  const { address: kind } = channelFacts[channel];
  if (kind === 'email')
    return sql`select customer_id, email as address from profiles where email is not null and ${theirs}`;
  if (kind === 'phone')
    return sql`select customer_id, phone as address from profiles where phone is not null and ${theirs}`;
  if (kind === 'telegram')
    return sql`select distinct on (customer_id) customer_id, value as address from identities where kind = 'telegram' and ${theirs}
      order by customer_id, since desc`;
  return sql`select distinct on (customer_id) customer_id, address from devices where channel = ${channel} and ${theirs} order by customer_id, seen_at desc`;
}
