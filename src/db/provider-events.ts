import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Kysely, sql } from 'kysely';
import pg from 'pg';
import { channelFacts } from '#domain/channels.ts';
import type { Word } from '#domain/consent.ts';
import type { ProviderEvent } from '#domain/provider-event.ts';
import type { Trx } from './connect.ts';
import { type ConsentRules, hear, type Said } from './consents.ts';
import { type OutboxRow, putOutbox } from './outbox.ts';
import { ensureMonths } from './partitions.ts';
import { type Fold, foldOf, type LockedMessage, writeFolds } from './provider-states.ts';
import type { DB } from './schema.ts';
import { type NewSuppression, suppress } from './suppressions.ts';
import { openWindows } from './whatsapp-window.ts';

/** A provider's event on its way into the ledger. */
export interface Heard extends Omit<ProviderEvent, 'at'> {
  /** Of `sources`: repeats are known within it. */
  sourceId: string;
  /** As `messages.provider` has it. */
  provider: string;
  /** Business time. */
  at: Date;
}

export interface HeardContext {
  /** Business time. */
  now: Date;
  /** Who complains or says stop leaves the journeys that advertise. */
  rules: ConsentRules;
}

export interface Recorded {
  /** Signals for runs, claimed for the caller to relay. */
  outbox: OutboxRow[];
  /** Those that are about a message whose submission is not recorded yet, by their place in what was heard: nothing was kept of
   *  them, the provider must tell them again. */
  early: ReadonlySet<number>;
}

/** Locks show that the ledger changed between reading and locking. */
class Moved extends Error {}

const attempts = 10;

/**
 * Writes what providers tell, in one transaction: repeats once, states only forward, whatever order it comes in. What is about
 * nobody of ours is left out. Locks are taken as everywhere: keys, customers, messages, each in the order of their ids, so that
 * neither deciding nor another delivery waits in a circle.
 */
export async function recordProviderEvents(
  db: Kysely<DB>,
  heard: readonly Heard[],
  context: HeardContext,
): Promise<Recorded> {
  for (const month of monthsOf(heard)) await ensureMonths(db, ['message_events'], month);
  for (let attempt = 1; ; attempt++) {
    try {
      return await db.transaction().execute((trx) => tryRecording(trx, heard, context));
    } catch (error) {
      if (attempt >= attempts || !isWorthRetrying(error)) throw error;
      await sleep(Math.random() * 5 * attempt);
    }
  }
}

function monthsOf(heard: readonly Heard[]): Date[] {
  return [...new Map(heard.map(({ at }) => [at.toISOString().slice(0, 7), at])).values()];
}

function isWorthRetrying(error: unknown): boolean {
  if (error instanceof Moved) return true;
  return error instanceof pg.DatabaseError && ['40P01', '40001'].includes(error.code ?? '');
}

async function tryRecording(trx: Trx, heard: readonly Heard[], { now, rules }: HeardContext): Promise<Recorded> {
  const found = await find(trx, heard);
  const early = new Set(found.flatMap((one, index) => (one.early ? [index] : [])));
  const fresh = await withoutRepeats(trx, found);
  if (fresh.length === 0) return { outbox: [], early };
  const living = await lockCustomers(trx, fresh);
  const messages = await lockMessages(trx, fresh, living);
  const folds = foldOf(fresh, messages);
  await writeFolds(trx, folds, fresh);
  await openWindows(trx, fresh);
  await suppress(
    trx,
    fresh.flatMap((event) => suppressionOf(event, messages)),
  );
  const outbox = await advance(
    trx,
    folds.filter(({ fails }) => fails),
    now,
  );
  for (const said of wordsOf(fresh, messages, living)) outbox.push(...(await hear(trx, said, rules)).rows);
  return { outbox, early };
}

/** An event and whom it concerns. */
export interface Known extends Heard {
  messageId: string | null;
  /** Whose the message is; of an event about an address alone, whose the address is. */
  customerId: string | null;
  /** No message has the provider's id, but one of this provider is being submitted: it may be that. */
  early: boolean;
}

/** In one statement: a row is either still being submitted, or has the id by which the provider took it. A lease that ended
 *  lately counts too, for what was submitted under it may only now be written. */
async function find(trx: Trx, heard: readonly Heard[]): Promise<Known[]> {
  const column = <T>(of: (one: Heard) => T) => heard.map(of);
  const { rows } = await sql<{ messageId: string | null; customerId: string | null; early: boolean }>`
    select m.id as "messageId", coalesce(m.customer_id, owner.customer_id) as "customerId",
      m.id is null and h.provider_id is not null and exists (
        select from messages s where s.state = 'submitting' and s.provider = h.provider and s.provider_id is null
          and s.lease_until > clock_timestamp() - interval '1 minute' and (h.address is null or s.address = h.address)) as early
    from unnest(${column(ourId)}::uuid[], ${column(({ provider }) => provider)}::text[], ${column(providerId)}::text[],
      ${column(({ address }) => address)}::text[], ${column(addressKind)}::text[])
      with ordinality as h (id, provider, provider_id, address, kind, place)
    left join lateral (
      select id, customer_id from messages where id = h.id
      union all
      (select id, customer_id from messages where provider = h.provider and provider_id = h.provider_id
        order by id desc limit 1)) m on true
    left join identities owner on m.id is null and owner.kind = h.kind and owner.value = h.address
    order by h.place`.execute(trx);
  return heard.map((one, index) => ({
    ...one,
    ...(rows[index] ?? { messageId: null, customerId: null, early: false }),
  }));
}

const uuid = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

function ourId({ message }: Heard): string | null {
  return message !== null && 'id' in message && uuid.test(message.id) ? message.id : null;
}

function providerId({ message }: Heard): string | null {
  return message !== null && 'providerId' in message ? message.providerId : null;
}

/** Null for devices: they are no identities. */
function addressKind({ channel }: Heard): string | null {
  const kind = channelFacts[channel].address;
  return kind === 'device' ? null : kind;
}

const aboutAddresses: readonly Heard['kind'][] = ['bounced', 'blocked', 'complained', 'stopped', 'wrote'];

/** What concerns somebody and was not told before. Another delivery that is telling the same is waited for. */
async function withoutRepeats(trx: Trx, found: readonly Known[]): Promise<Known[]> {
  const byHash = new Map<string, Known>();
  for (const one of found) {
    const concerns = one.messageId !== null || (one.address !== null && aboutAddresses.includes(one.kind));
    const key = hash('sha256', `${one.sourceId} ${one.key}`).slice(0, 32);
    if (concerns && !one.early && !byHash.has(key)) byHash.set(key, one);
  }
  const { rows } = await sql<{ hash: string }>`
    insert into event_keys (hash) select decode(hash, 'hex') from unnest(${[...byHash.keys()].sort()}::text[]) as hash
    on conflict do nothing returning encode(hash, 'hex') as hash`.execute(trx);
  const isFresh = new Set(rows.map((row) => row.hash));
  return [...byHash].filter(([key]) => isFresh.has(key)).map(([, one]) => one);
}

/** Ids of those who live and were not merged into another. */
async function lockCustomers(trx: Trx, events: readonly Known[]): Promise<Map<string, { lives: boolean }>> {
  const ids = events.flatMap(({ customerId }) => customerId ?? []);
  const { rows } = await sql<{ id: string; lives: boolean }>`
    select id, merged_into is null and erased_at is null as lives from customers
    where id = any(${ids}::uuid[]) order by id for no key update`.execute(trx);
  return new Map(rows.map((row) => [row.id, row]));
}

async function lockMessages(
  trx: Trx,
  events: readonly Known[],
  locked: ReadonlyMap<string, unknown>,
): Promise<Map<string, LockedMessage>> {
  const ids = events.flatMap(({ messageId }) => messageId ?? []);
  const { rows } = await sql<LockedMessage & { customerId: string }>`
    select id, customer_id as "customerId", state, address from messages where id = any(${ids}::uuid[])
    order by id for no key update`.execute(trx);
  // Its customer was joined to another in between.
  if (rows.some(({ customerId }) => !locked.has(customerId))) throw new Moved();
  return new Map(rows.map((row) => [row.id, row]));
}

/** Where there is a message, its own address is the one: it is as we keep it. After erasure only the provider still has it. */
function suppressionOf(event: Known, messages: ReadonlyMap<string, LockedMessage>): NewSuppression[] {
  const { kind, channel, at, messageId } = event;
  if (kind !== 'bounced' && kind !== 'blocked' && kind !== 'complained') return [];
  const address = (messageId === null ? null : messages.get(messageId)?.address) ?? event.address;
  return address === null ? [] : [{ channel, address, reason: kind, at }];
}

/** Runs that wait at the very step whose message has failed now, and may go on to the next channel. */
async function advance(trx: Trx, failed: readonly Fold[], now: Date): Promise<OutboxRow[]> {
  if (failed.length === 0) return [];
  const { rows } = await sql<Pick<OutboxRow, 'workflow_id' | 'journey' | 'customer_id' | 'key'>>`
    select distinct r.workflow_id, r.journey, r.customer_id, r.key
    from messages m join runs r on r.id = m.run_id
    where m.id = any(${failed.map(({ id }) => id)}::uuid[]) and r.ended_at is null and r.block = m.block
      and exists (select from run_blocks b where b.run_id = r.id and b.block = m.block and b.iteration = m.iteration
        and b.left_at is null)`.execute(trx);
  return putOutbox(
    trx,
    rows.map((run) => ({ ...run, signal: 'advance', reason: 'failed', occurred_at: now })),
  );
}

/** Who said stop, and who called a message spam: both want no advertising on that channel any more. */
function wordsOf(
  events: readonly Known[],
  messages: ReadonlyMap<string, LockedMessage>,
  customers: ReadonlyMap<string, { lives: boolean }>,
): Said[] {
  return events.flatMap(({ kind, customerId, channel, messageId, provider, at }) => {
    if (customerId === null || (kind !== 'stopped' && kind !== 'complained')) return [];
    const id = (messageId === null ? null : messages.get(messageId)?.customerId) ?? customerId;
    if (customers.get(id)?.lives !== true) return [];
    // A complaint is not counted among those who unsubscribed.
    const said = kind === 'stopped' ? { messageId, source: provider } : { messageId: null, source: 'complaint' };
    const denial: Word = { purpose: 'advertising', channel, topic: '*', state: 'denied' };
    return [{ customerId: id, words: () => [denial], ip: null, at, ...said }];
  });
}
