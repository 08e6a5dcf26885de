import { type Kysely, sql, type Transaction } from 'kysely';
import { channelFacts } from '#domain/channels.ts';
import type { Decision } from '#domain/decide.ts';
import type { ChannelName, ContactClass, MessageFlags, ProfileKind } from '#domain/journey.ts';
import type { MessageState } from '#domain/ledger.ts';
import type { Ledger } from '#domain/policy.ts';
import type { Contactability } from '#domain/reach.ts';
import type { Locale } from '#domain/shop.ts';
import { contactabilityBy } from './contactability.ts';
import { newId } from './ids.ts';
import { epochMs } from './instants.ts';
import { type LedgerJson, ledgerJson, ledgerOf } from './ledger.ts';
import { lockCustomers } from './locks.ts';
import { inOrder } from './pipeline.ts';
import { latestSettings, type SettingsRef, settingsValues } from './remembered.ts';
import type { DB } from './schema.ts';
import { flaggedStatement, statement } from './statement.ts';

/** One contact that a batch asks for. */
export interface ContactRequest {
  customerId: string;
  /** Null: the one of what they are, if it has an address; else the one that has. */
  profile: ProfileKind | null;
  runId: string;
  journey: string;
  class: ContactClass;
  block: string;
  iteration: number;
  channel: ChannelName;
  template: string;
  flags: MessageFlags;
  due: Date;
  validForMs: number;
}

/** What deciding on it depends on. */
export interface ContactFacts {
  gone: 'merged' | 'erased' | null;
  customer: { locale: string | null; zone: string | null; region: string | null; firstName: string | null };
  contact: Contactability;
  ledger: Ledger;
  /** The ledger's row of this very contact, if it was decided before. `leaseLeftMs`: somebody is submitting it for so long yet. */
  known: { id: string; state: MessageState; leaseLeftMs: number } | null;
}

/** Takes the locks of all and then reads what stands behind them, in the requests' order: two statements, sent together. */
export async function lockAndReadContacts(
  trx: Transaction<DB>,
  requests: readonly ContactRequest[],
  now: Date,
): Promise<ContactsRead> {
  const ids = requests.map(({ customerId }) => customerId);
  const [, read] = await inOrder([lockCustomers(trx, ids), readContacts(trx, requests, now)]);
  return read;
}

interface ContactsRead {
  /** Null for customers who are not there. */
  facts: (ContactFacts | null)[];
  shop: unknown;
  policy: unknown;
}

/** One statement, however many. */
async function readContacts(trx: Kysely<DB>, requests: readonly ContactRequest[], now: Date): Promise<ContactsRead> {
  const rows = await reading(trx, { requests, now });
  const { shop = null, policy = null } = rows[0] ?? {};
  const facts: (ContactFacts | null)[] = requests.map(() => null);
  for (const { place, facts: one } of rows) facts[place] = { ...one, ledger: ledgerOf(one.ledger) };
  const values = await settingsValues(trx, { shop, policy });
  return { facts, shop: values.shop?.value ?? null, policy: values.policy?.value ?? null };
}

/** A row for each customer who is there. */
interface Read {
  shop: SettingsRef | null;
  policy: SettingsRef | null;
  place: number;
  facts: ContactFacts & { ledger: LedgerJson };
}

interface Reading {
  requests: readonly ContactRequest[];
  now: Date;
}

function askedBy({ customerId, profile, runId, block, iteration, channel }: ContactRequest, place: number) {
  return { place, customer: customerId, profile, run: runId, block, iteration, channel };
}

/** What the requests need to be read. */
function flagsOf({ requests }: Reading) {
  const addresses = new Set(requests.map(({ channel }) => channelFacts[channel].address));
  return {
    chats: addresses.has('telegram'),
    devices: addresses.has('device'),
    eitherProfile: requests.some(({ profile }) => profile === null),
  };
}

const eitherProfile = sql`lateral (
  select * from profiles where customer_id = c.id and (a.profile is null or kind = a.profile)
  order by email is null and phone is null, (kind = 'corporate') <> (c.kind = 'b2b') limit 1) p on true`;
const oneProfile = sql`profiles p on p.customer_id = c.id and p.kind = a.profile`;

const reading = flaggedStatement<ReturnType<typeof flagsOf>, Reading, Read>(
  flagsOf,
  (give, flags) => sql`
    with asked as (
      select * from json_to_recordset(${give(({ requests }) => JSON.stringify(requests.map(askedBy)))}::json)
        as a (place int, customer uuid, profile text, run uuid, block text, iteration int, channel text)
    )
      select a.place, json_build_object(
        'gone', case when w.merged_into is not null then 'merged' when w.erased_at is not null then 'erased' end,
        'customer', json_build_object('locale', w.locale, 'zone', w.zone, 'region', w.region,
          'firstName', coalesce(w.traits->>'firstName', split_part(nullif(trim(w.traits->>'name'), ''), ' ', 1))),
        'contact', ${contactabilityBy(flags)},
        'ledger', ${ledgerJson(
          give(({ now }) => now),
          sql`false`,
        )},
        'known', (select json_build_object('id', m.id, 'state', m.state, 'leaseLeftMs', case when m.state = 'submitting'
            then greatest(0, coalesce(${epochMs(sql`m.lease_until - now()`)}, 0)) else 0 end) from messages m
          where m.run_id = a.run and m.customer_id = w.id and m.block = a.block and m.iteration = a.iteration and m.channel = a.channel)
      ) as facts, ${latestSettings(sql`'shop'`)} as shop, ${latestSettings(sql`'policy'`)} as policy
      from asked a cross join lateral (
        select c.*, p.email, p.phone from customers c left join ${flags.eitherProfile ? eitherProfile : oneProfile}
        where c.id = a.customer) w`,
);

/** A request with its answer, as it is written. */
export interface DecidedContact {
  request: ContactRequest;
  decision: Decision;
  details: Record<string, unknown>;
  /** Of a contact that is to be sent. */
  message: { id: string; locale: Locale; address: string | null; zone: string; settingsVersion: number } | null;
}

/** Writes the answers: a line of the decision ledger each, and a reserved row for each that is to be sent. One statement. */
export async function writeContacts(trx: Kysely<DB>, decided: readonly DecidedContact[], now: Date): Promise<void> {
  const reserved = decided.flatMap(({ request, message }) => (message === null ? [] : [messageRow(request, message)]));
  const answers = decided.map(({ request, decision, details, message }) => ({
    id: newId(now),
    customer_id: request.customerId,
    journey: request.journey,
    run_id: request.runId,
    block: request.block,
    iteration: request.iteration,
    channel: request.channel,
    decision: decision.decision,
    reason: decision.reason,
    until: 'until' in decision ? decision.until : null,
    message_id: message?.id ?? null,
    details,
  }));
  await writing(trx, { reserved, answers, now });
}

const writing = statement<{ reserved: unknown; answers: unknown; now: Date }>((give) => {
  const now = sql`${give((input) => input.now)}::timestamptz`;
  return sql`
    with reserved as (
      insert into messages (id, customer_id, run_id, journey, block, iteration, channel, template, locale, class, kind, counts,
        sale, state, settings_version, address, zone, due_at, reserved_at)
      select m.id, m.customer_id, m.run_id, m.journey, m.block, m.iteration, m.channel, m.template, m.locale, m.class, m.kind, m.counts,
        m.sale, 'reserved', m.settings_version, m.address, m.zone, m.due_at, ${now}
      from json_to_recordset(${give(({ reserved }) => JSON.stringify(reserved))}::json) as m (id uuid, customer_id uuid, run_id uuid,
        journey text, block text, iteration int, channel text, template text, locale text, class text, kind text, counts boolean,
        sale boolean, settings_version int, address text, zone text, due_at timestamptz)
      order by m.customer_id
    )
    insert into decisions (id, at, customer_id, journey, run_id, block, iteration, channel, decision, reason, until, message_id, details)
    select id, ${now}, customer_id, journey, run_id, block, iteration, channel, decision, reason, until, message_id, details
    from json_to_recordset(${give(({ answers }) => JSON.stringify(answers))}::json) as a (id uuid, customer_id uuid, journey text,
      run_id uuid, block text, iteration int, channel text, decision text, reason text, until timestamptz, message_id uuid,
      details jsonb)`;
});

function messageRow(request: ContactRequest, message: NonNullable<DecidedContact['message']>) {
  const { id, locale, address, zone, settingsVersion } = message;
  const { flags, template, due } = request;
  return {
    id,
    customer_id: request.customerId,
    run_id: request.runId,
    journey: request.journey,
    block: request.block,
    iteration: request.iteration,
    channel: request.channel,
    template,
    locale,
    class: request.class,
    kind: flags.kind,
    counts: flags.counts,
    sale: flags.sale,
    settings_version: settingsVersion,
    address,
    zone,
    due_at: due,
  };
}
