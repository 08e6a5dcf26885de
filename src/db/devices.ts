import { type Kysely, sql, type Transaction } from 'kysely';
import type { Word } from '#domain/consent.ts';
import { type ConsentRules, type Said, say } from './consents.ts';
import type { OutboxRow } from './outbox.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB> | Transaction<DB>;
export type DeviceChannel = 'web_push' | 'app_push';

/** A browser or an app that takes notifications. */
export interface NewDevice {
  channel: DeviceChannel;
  /** The endpoint (web push) or the registration token (FCM). */
  address: string;
  /** Of web push (RFC 8291), base64url; null for apps. */
  keys: { p256dh: string; auth: string } | null;
  userAgent: string | null;
}

export interface Registration {
  customerId: string;
  /** Where the owner has just allowed notifications; null: an old permission is only told again, and a no stays a no. */
  allowed: { source: string; ip: string | null } | null;
  /** Business time. */
  at: Date;
}

/** Devices of a channel that one customer may have; the oldest give way. Write keys are public, and a queue of made-up
 *  devices must not be sent to. */
const mostDevices = 10;

/**
 * Gives a device to a customer, whoever had it before: it belongs to the last who used it. Allowing notifications is consent
 * to advertising on the channel, and becoming reachable a trigger. Returns signals, claimed for the caller to relay. Of who was
 * erased nothing is kept. Safe to repeat.
 */
export async function registerDevice(
  db: Kysely<DB>,
  device: NewDevice,
  { customerId, allowed, at }: Registration,
  rules: ConsentRules,
): Promise<OutboxRow[]> {
  const said: Said = {
    ...saidOf(customerId, allowed, at),
    words: () => (allowed === null ? [] : [wordOf(device.channel, 'granted')]),
    change: (trx, id) => keep(trx, device, id, at),
  };
  return (await say(db, said, rules)).rows;
}

function wordOf(channel: DeviceChannel, state: Word['state']): Word {
  return { purpose: 'advertising', channel, topic: '*', state };
}

function saidOf(customerId: string, said: { source: string; ip: string | null } | null, at: Date): Omit<Said, 'words'> {
  return { customerId, messageId: null, source: said?.source ?? '', ip: said?.ip ?? null, at };
}

async function keep(trx: Transaction<DB>, device: NewDevice, customerId: string, at: Date): Promise<void> {
  const { channel, address, keys, userAgent } = device;
  await sql`
    insert into devices as d (channel, address, customer_id, keys, user_agent, created_at, seen_at)
    values (${channel}, ${address}, ${customerId}, ${jsonOrNull(keys)}::jsonb, ${userAgent}, ${at}, ${at})
    on conflict (channel, address) do update set customer_id = excluded.customer_id, keys = excluded.keys,
      user_agent = coalesce(excluded.user_agent, d.user_agent), seen_at = excluded.seen_at`.execute(trx);
  await sql`
    delete from devices where channel = ${channel} and customer_id = ${customerId} and address in (
      select address from devices where channel = ${channel} and customer_id = ${customerId}
      order by seen_at desc, created_at desc, address offset ${mostDevices})`.execute(trx);
}

function jsonOrNull(value: object | null): string | null {
  return value === null ? null : JSON.stringify(value);
}

/** A browser has got another address for the same subscription (`pushsubscriptionchange`): its owner stays. False where
 *  nobody has the old one. */
export async function replaceDevice(db: Any, old: string, device: NewDevice, at: Date): Promise<boolean> {
  const { channel, address, keys, userAgent } = device;
  const { rows } = await sql<{ found: boolean }>`
    with old as (select * from devices where channel = ${channel} and address = ${old}), gone as (
      delete from devices using old where devices.channel = old.channel and devices.address = old.address
        and old.address <> ${address}
    )
    insert into devices as d (channel, address, customer_id, keys, user_agent, created_at, seen_at)
    select channel, ${address}, customer_id, ${jsonOrNull(keys)}::jsonb, coalesce(${userAgent}, user_agent), created_at, ${at}
    from old on conflict (channel, address) do update set customer_id = excluded.customer_id, keys = excluded.keys,
      user_agent = excluded.user_agent, seen_at = excluded.seen_at
    returning true as found`.execute(db);
  return rows.length > 0;
}

/** Its owner wants no notifications on this device any more. With the last one of the channel goes the consent to advertising
 *  on it. Returns signals, claimed for the caller to relay. Safe to repeat. */
export async function forgetDevice(
  db: Kysely<DB>,
  { channel, address }: Pick<NewDevice, 'channel' | 'address'>,
  by: { source: string; ip: string | null; at: Date },
  rules: ConsentRules,
): Promise<OutboxRow[]> {
  const devices = db.selectFrom('devices').select('customer_id');
  const owner = await devices.where('channel', '=', channel).where('address', '=', address).executeTakeFirst();
  if (!owner) return [];
  const said: Said = {
    ...saidOf(owner.customer_id, by, by.at),
    words: (known) => {
      const others = known.devices.filter((device) => device.channel === channel && device.address !== address);
      return others.length > 0 ? [] : [wordOf(channel, 'denied')];
    },
    change: (trx) => forgetDevices(trx, channel, [address]),
  };
  return (await say(db, said, rules)).rows;
}

/** What takes nothing any more, as its push service says (`gone` of a submission). Its owner has said nothing, so their
 *  consent stays for the next device. */
export async function forgetDevices(db: Any, channel: DeviceChannel, addresses: readonly string[]): Promise<void> {
  if (addresses.length === 0) return;
  await db.deleteFrom('devices').where('channel', '=', channel).where('address', 'in', addresses).execute();
}

export interface DeviceRow {
  channel: string;
  userAgent: string | null;
  createdAt: Date;
  seenAt: Date;
}

/** Those of a customer, the newest first, with their addresses. */
export function devicesOfCustomers(db: Any, ids: readonly string[]): Promise<(DeviceRow & { address: string })[]> {
  return db
    .selectFrom('devices')
    .select(['channel', 'address', 'user_agent as userAgent', 'created_at as createdAt', 'seen_at as seenAt'])
    .where('customer_id', 'in', ids)
    .orderBy('seen_at', 'desc')
    .orderBy('address')
    .execute();
}

/** Who holds an id of a person; null where nobody is known by it. */
export async function holderOf(
  db: Any,
  { userId, anonymousId }: { userId?: string | undefined; anonymousId?: string | undefined },
): Promise<string | null> {
  const [kind, value] = userId === undefined ? ['anonymous_id', anonymousId] : ['user_id', userId];
  if (value === undefined) return null;
  const query = db
    .selectFrom('identities')
    .select('customer_id')
    .where('kind', '=', kind ?? '');
  return (await query.where('value', '=', value).executeTakeFirst())?.customer_id ?? null;
}
