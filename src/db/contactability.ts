import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ProfileKind } from '#domain/journey.ts';
import type { Contactability } from '#domain/reach.ts';
import type { DB } from './schema.ts';

/** How the customer may be written to, as JSON. Stands in a query whose row `w` has the customer's `id`, and `email` and `phone`
 *  of one profile. */
export const contactabilityJson = contactabilityBy({ chats: true, devices: true });

/** The same without what no channel in question needs: looking for it costs PostgreSQL about as much as finding it. */
export function contactabilityBy({ chats, devices }: { chats: boolean; devices: boolean }): RawBuilder<Contactability> {
  const chat = sql`(select value from identities where customer_id = w.id and kind = 'telegram' order by since desc limit 1)`;
  const theirs = sql`coalesce((select json_agg(json_build_object('channel', channel, 'address', address, 'keys', keys) order by seen_at desc)
      from devices where customer_id = w.id), '[]')`;
  return sql`(
  select json_build_object('email', w.email, 'phone', w.phone, 'telegram', telegram,
    'devices', ${devices ? theirs : sql`json_build_array()`},
    'consents', coalesce(consents, '[]'), 'personalData', personal_data,
    'unconfirmed', coalesce((select json_agg(channel) from opt_ins where customer_id = w.id), '[]'),
    'suppressions', coalesce((select json_agg(json_build_object('channel', channel, 'address', address, 'reason', reason))
      from suppressions where address in (w.email, w.phone, telegram)), '[]'))
  from (
    select json_agg(json_build_object('channel', channel, 'topic', topic, 'state', state)) filter (where purpose = 'advertising') as consents,
      case when bool_or(state = 'denied') filter (where purpose = 'personal_data') then 'denied'
        else min(state) filter (where purpose = 'personal_data') end as personal_data,
      ${chats ? chat : sql`null::text`} as telegram
    from consent_states where customer_id = w.id) said)`;
}

/** How each profile of a customer may be written to; of whom only a chat is known, the personal one. */
export async function contactabilityOf(
  db: Kysely<DB>,
  customerId: string,
): Promise<{ profile: ProfileKind; known: Contactability }[]> {
  const { rows } = await sql<{ profile: ProfileKind; known: Contactability }>`
    select w.kind as profile, ${contactabilityJson} as known
    from (select c.id, coalesce(p.kind, 'personal') as kind, p.email, p.phone
      from customers c left join profiles p on p.customer_id = c.id where c.id = ${customerId}) w
    order by w.kind desc`.execute(db);
  return rows;
}
