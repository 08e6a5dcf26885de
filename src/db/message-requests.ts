import { createHmac, hash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type { Cascade } from '#domain/cascade.ts';
import { workflowId } from '#domain/ids.ts';
import type { ProfileKind } from '#domain/journey.ts';
import type { Contactability } from '#domain/reach.ts';
import type { Locale } from '#domain/shop.ts';
import { contactabilityJson } from './contactability.ts';
import { type OutboxRow, putOutbox } from './outbox.ts';
import type { DB } from './schema.ts';
import { createSealer } from './seal.ts';

type Any = Kysely<DB> | Transaction<DB>;

/** One transactional or test send, as it was asked for. */
export interface MessageRequest {
  id: string;
  customerId: string;
  profile: ProfileKind;
  requestedAt: Date;
  validForMs: number;
  template: string;
  /** In whose folder its texts lie. */
  journey: string;
  /** The version of the shop's own template; null: its texts are ours. */
  templateId: string | null;
  cascade: Cascade;
  locale: Locale | null;
  /** Where it goes, if not where the profile says. */
  to: { kind: 'email' | 'phone'; address: string } | null;
  isTest: boolean;
}

export interface NewRequest extends MessageRequest {
  data: unknown;
}

/** What tells a repeated call from another: the caller's key, and what was asked under it. */
export interface Idempotency {
  key: string;
  callerId: string;
  body: unknown;
}

/** What was asked before under the same key: the same, or something else. */
export type AskedBefore = { result: 'known'; request: MessageRequest } | { result: 'other_body' };

export type Requested = { result: 'taken'; outbox: OutboxRow[] } | AskedBefore;

const journey = 'message';

/** Puts a send down together with the start of its run, in one transaction. Who comes with the same key at the same time waits
 *  for it, and gets its answer. `secret`: what data is sealed with. */
export function requestMessage(
  db: Kysely<DB>,
  request: NewRequest,
  idempotency: Idempotency | null,
  secret: string,
): Promise<Requested> {
  return db.transaction().execute(async (trx): Promise<Requested> => {
    const earlier = idempotency && (await claimKey(trx, request.id, idempotency, secret));
    if (earlier) return earlier;
    await insertRequest(trx, request, secret);
    const { id, customerId, requestedAt } = request;
    const start = {
      workflow_id: workflowId(journey, customerId, id),
      signal: 'start',
      journey,
      customer_id: customerId,
    };
    const outbox = await putOutbox(trx, [{ ...start, key: id, reason: 'Message Requested', occurred_at: requestedAt }]);
    return { result: 'taken', outbox };
  });
}

/** What was asked under this key before; null where nothing was, without waiting for who asks right now. */
export async function askedBefore(db: Any, idempotency: Idempotency, secret: string): Promise<AskedBefore | null> {
  const query = db.selectFrom('idempotency_keys').select(['body', 'request_id']);
  const row = await query.where('hash', '=', keyOf(idempotency)).executeTakeFirst();
  return row ? answerTo(db, row, idempotency, secret) : null;
}

async function claimKey(trx: Transaction<DB>, id: string, idempotency: Idempotency, secret: string) {
  const row = { hash: keyOf(idempotency), body: bodyOf(idempotency, secret), request_id: id };
  const insert = trx
    .insertInto('idempotency_keys')
    .values(row)
    .onConflict((conflict) => conflict.doNothing());
  const { numInsertedOrUpdatedRows } = await insert.executeTakeFirst();
  return numInsertedOrUpdatedRows === 1n ? null : askedBefore(trx, idempotency, secret);
}

async function answerTo(
  db: Any,
  row: { body: Buffer; request_id: string },
  idempotency: Idempotency,
  secret: string,
): Promise<AskedBefore> {
  if (!row.body.equals(bodyOf(idempotency, secret))) return { result: 'other_body' };
  const request = await findRequest(db, row.request_id);
  return request === null ? { result: 'other_body' } : { result: 'known', request };
}

function keyOf({ callerId, key }: Idempotency): Buffer {
  return hash('sha256', `${callerId} ${key}`, 'buffer');
}

function bodyOf({ body }: Idempotency, secret: string): Buffer {
  return createHmac('sha256', secret).update(JSON.stringify(body)).digest();
}

async function insertRequest(trx: Transaction<DB>, request: NewRequest, secret: string): Promise<void> {
  const { id, to, data } = request;
  await trx
    .insertInto('message_requests')
    .values({
      id,
      customer_id: request.customerId,
      profile: request.profile,
      requested_at: request.requestedAt,
      valid_for_ms: request.validForMs,
      template: request.template,
      journey: request.journey,
      template_id: request.templateId,
      cascade: JSON.stringify(request.cascade),
      locale: request.locale,
      address_kind: to?.kind ?? null,
      address: to?.address ?? null,
      data: sealerOf(secret).seal(JSON.stringify(data), id),
      is_test: request.isTest,
    })
    .execute();
}

const sealerOf = (secret: string) => createSealer(secret, 'vestnik message data');

/** What a message is filled with; null where it was deleted, or sealed under another secret. */
export function openData(sealed: Buffer | null, id: string, secret: string): Record<string, unknown> | null {
  const text = sealed === null ? null : sealerOf(secret).open(sealed, id);
  return text === null ? null : JSON.parse(text);
}

const requestColumns = sql`m.id, m.customer_id as "customerId", m.profile, m.requested_at as "requestedAt", m.valid_for_ms as "validForMs",
  m.template, m.journey, m.template_id as "templateId", m.cascade, m.locale, m.is_test as "isTest",
  case when m.address is not null then json_build_object('kind', m.address_kind, 'address', m.address) end as "to"`;

export async function findRequest(db: Any, id: string): Promise<MessageRequest | null> {
  const { rows } =
    await sql<MessageRequest>`select ${requestColumns} from message_requests m where m.id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** A request as its run reads it under the customer's lock. */
export interface RequestRead extends MessageRequest {
  data: Buffer | null;
  /** Whether a message has its id already. */
  isIdTaken: boolean;
  /** How it reaches the customer: at the address that it names, if it names one. */
  contact: Contactability;
}

/** Null where there is none, or where it was erased with its customer. */
export async function readRequest(db: Any, id: string): Promise<RequestRead | null> {
  const { rows } = await sql<RequestRead>`
    select ${requestColumns}, m.data, exists (select from messages where id = m.id) as "isIdTaken", ${contactabilityJson} as contact
    from message_requests m left join profiles p on p.customer_id = m.customer_id and p.kind = m.profile
    cross join lateral (select m.customer_id as id,
      case when m.address_kind = 'email' then m.address else p.email end as email,
      case when m.address_kind = 'phone' then m.address else p.phone end as phone) w
    where m.id = ${id}`.execute(db);
  return rows[0] ?? null;
}

/** How a customer would be reached by a request to this address, or to one of their profile. */
export async function contactFor(
  db: Any,
  customerId: string,
  profile: ProfileKind,
  to: MessageRequest['to'],
): Promise<{ contact: Contactability; locale: string | null } | null> {
  const { rows } = await sql<{ contact: Contactability; locale: string | null }>`
    select ${contactabilityJson} as contact, w.locale
    from (select c.id, c.locale, case when ${to?.kind ?? null} = 'email' then ${to?.address ?? null} else p.email end as email,
        case when ${to?.kind ?? null} = 'phone' then ${to?.address ?? null} else p.phone end as phone
      from customers c left join profiles p on p.customer_id = c.id and p.kind = ${profile}
      where c.id = ${customerId} and c.merged_into is null and c.erased_at is null) w`.execute(db);
  return rows[0] ?? null;
}

/** Whose an identity is; null where it is nobody's. */
export async function ownerOf(db: Any, kind: 'user_id' | 'email' | 'phone', value: string): Promise<string | null> {
  const query = db.selectFrom('identities').select('customer_id').where('kind', '=', kind).where('value', '=', value);
  return (await query.executeTakeFirst())?.customer_id ?? null;
}

/** What is known of a request that no message has come of (yet): why there is none, where it is decided. */
export async function fateOf(db: Any, id: string): Promise<{ reason: string | null; runId: string | null }> {
  const { rows } = await sql<{ reason: string | null; runId: string | null }>`
    select r.id as "runId", coalesce(
      (select d.reason from decisions d where d.run_id = r.id and d.customer_id = split_part(r.workflow_id, ':', 2)::uuid
        and d.decision in ('skip', 'drop', 'suppress', 'stop') order by d.at desc limit 1),
      r.outcome, 'not_entered:' || n.reason) as reason
    from (select ${id}::text as key) asked
    left join lateral (select id, outcome, workflow_id from runs where journey = 'message' and runs.key = asked.key order by entered_at desc limit 1) r on true
    left join lateral (select reason from not_entered where journey = 'message' and not_entered.key = asked.key and reason <> 'merged' limit 1) n on true`.execute(
    db,
  );
  return rows[0] ?? { reason: null, runId: null };
}

/** Forgets the data of requests that nobody will send any more (those that were sent have lost theirs at the end of their run), and
 *  idempotency keys older than `days` of wall time. `now` is business time. */
export async function pruneRequests(db: Kysely<DB>, now: Date, days: number): Promise<void> {
  await sql`update message_requests set data = null
    where data is not null and requested_at + make_interval(secs => valid_for_ms / 1000.0) < ${now}::timestamptz - interval '2 days'`.execute(
    db,
  );
  await sql`delete from idempotency_keys where seen_at < now() - make_interval(days => ${days})`.execute(db);
}
