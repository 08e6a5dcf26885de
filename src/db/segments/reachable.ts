import { sql } from 'kysely';
import { channelFacts } from '#domain/channels.ts';
import type { ChannelName } from '#domain/journey.ts';
import { consentRule } from '#domain/reach.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { allOf, type HasRow, type Sql } from './tests.ts';

/** What `unreachableBecause` (`src/domain/reach.ts`) answers null to, of advertising that is about no topic: on the row `c` of
 *  `customers`, of any of their profiles. A test compares the two. */
export function reachableSql(channel: ChannelName, shop: ShopSettings, hasRow: HasRow): Sql {
  if (!shop.channels.includes(channel)) return sql`false`;
  const says = (state: 'granted' | 'denied') => hasRow(sql`consent_states`, [onAdvertising(channel, state)]);
  const saysOfData = (state: 'granted' | 'denied') =>
    hasRow(sql`consent_states`, [sql`purpose = 'personal_data' and state = ${state}`]);
  return allOf([
    hasRow(addresses(channel), [isGood(channel)]),
    sql`not ${says('denied')}`,
    consentRule(shop, channel) === 'explicit' ? says('granted') : null,
    sql`not ${hasRow(sql`opt_ins`, [sql`channel = ${channel}`])}`,
    sql`not ${saysOfData('denied')}`,
    shop.personalDataConsent === 'required' ? saysOfData('granted') : null,
  ]);
}

function onAdvertising(channel: ChannelName, state: 'granted' | 'denied'): Sql {
  return sql`purpose = 'advertising' and channel in (${channel}, '*') and topic = '*' and state = ${state}`;
}

/** Of an address `a`: nothing speaks against it; the no of an owner before stands until this one says yes. */
function isGood(channel: ChannelName): Sql {
  return sql`not exists (select from suppressions s where s.channel = ${channel} and s.address = a.address
    and (s.reason <> 'unsubscribed' or not exists (
      select from consent_states said where said.customer_id = a.customer_id and ${onAdvertising(channel, 'granted')})))`;
}

function addresses(channel: ChannelName): Sql<unknown> {
  const { address } = channelFacts[channel];
  if (address === 'email' || address === 'phone')
    return sql`(select customer_id, ${sql.ref(address)} as address from profiles where ${sql.ref(address)} is not null) a`;
  if (address === 'telegram')
    return sql`(select distinct on (customer_id) customer_id, value as address from identities where kind = 'telegram'
      order by customer_id, since desc) a`;
  return sql`(select distinct on (customer_id) customer_id, address from devices where channel = ${channel}
    order by customer_id, seen_at desc) a`;
}
