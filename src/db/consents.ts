import { type Kysely, sql, type Transaction } from 'kysely';
import { afterWord, type ConsentState, isKnown, type Word } from '#domain/consent.ts';
import type { ChannelName } from '#domain/journey.ts';
import { type Contactability, reachOf } from '#domain/reach.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { type Followed, startOf, startsOf, unwantedRuns } from './consent-runs.ts';
import { contactabilityOf } from './contactability.ts';
import { resolveCustomer } from './customers.ts';
import { newId } from './ids.ts';
import { epochMs } from './instants.ts';
import { awaitConfirmation } from './opt-ins.ts';
import { type OutboxRow, putOutbox } from './outbox.ts';
import { ensureMonths } from './partitions.ts';
import type { DB } from './schema.ts';

type Trx = Transaction<DB>;

/** A message, and who it went to: the customer that they are now. */
export interface AddressedMessage {
  id: string;
  customerId: string;
  channel: ChannelName;
  /** Null after erasure. */
  address: string | null;
  locale: string;
  isErased: boolean;
}

/** Null where there is no such message. */
export async function addressedMessage(db: Kysely<DB>, messageId: string): Promise<AddressedMessage | null> {
  const message = await db
    .selectFrom('messages')
    .select(['id', 'customer_id', sql<ChannelName>`channel`.as('channel'), 'address', 'locale'])
    .where('id', '=', messageId)
    .executeTakeFirst();
  const customer = message && (await resolveCustomer(db, message.customer_id));
  if (!message || !customer) return null;
  const { id, channel, address, locale } = message;
  return { id, customerId: customer.id, channel, address, locale, isErased: customer.erasedAt !== null };
}

/** What a customer says about being written to, and where. */
export interface Said {
  customerId: string;
  /** Asked under the customer's lock, of what holds then. Words without an instant of their own are said `at`. */
  words(known: Contactability): (Word & { textVersion?: string | null; at?: Date })[];
  /** What else happens under the lock, such as an address that is new or gone. */
  change?(trx: Trx, customerId: string): Promise<void>;
  /** By way of which message. */
  messageId: string | null;
  /** Where it was said: `one-click`, `page`, `confirmation`, or what a shop calls it. */
  source: string;
  ip: string | null;
  /** Business time. */
  at: Date;
  /** Words that say nothing new are kept as well: a proof of consent is the last one given. */
  keepAll?: boolean;
  /** Whether a yes waits to be confirmed on the channels that the shop's settings name. */
  needsConfirmation?: boolean;
}

/** What words lead to. */
export interface ConsentRules extends Followed {
  /** The journey that asks for confirmation. */
  confirming: string | null;
}

/** What became of the words: signals to relay, claimed for the caller, and channels that wait for a confirmation. */
export interface Heard {
  rows: OutboxRow[];
  pending: ChannelName[];
}

/**
 * Writes down what a customer says and does what follows from it. When this resolves it is committed: nothing more that was
 * refused is reserved or begins to be submitted, since both ask for consent under the same lock. Live runs that nobody wants to
 * hear of any more end; becoming reachable is a trigger itself, so what the customer did lately starts journeys. Safe to repeat.
 */
export function say(db: Kysely<DB>, said: Said, rules: ConsentRules): Promise<Heard> {
  return underLock(db, said, (trx, customerId) => hear(trx, { ...said, customerId }, rules));
}

/** `say`, inside a transaction that holds the lock of the customer, who lives and was not merged. */
export async function hear(trx: Trx, said: Said, rules: ConsentRules): Promise<Heard> {
  const { customerId } = said;
  const before = await contactabilityOf(trx, customerId);
  const states = await statesOf(trx, customerId);
  const known = before[0]?.known;
  const words = known === undefined ? [] : said.words(known).map((word) => ({ ...word, at: word.at ?? said.at }));
  const news = said.keepAll ? words : words.filter((word) => !isKnown(states, word) || confirms(word, known));
  await said.change?.(trx, customerId);
  await write(trx, customerId, said, news, changedBy(states, news));
  const pending = said.needsConfirmation && known ? toConfirm(news, known, rules.shop) : [];
  if (pending.length > 0) await awaitConfirmation(trx, customerId, pending, said.at);
  const after = await contactabilityOf(trx, customerId);
  const isRefusal = words.some(({ purpose, state }) => purpose === 'advertising' && state === 'denied');
  if (isRefusal) await dropReserved(trx, customerId, after[0]?.known, rules);
  const ends = isRefusal ? await unwantedRuns(trx, customerId, after, said.at, rules) : [];
  const starts = await startsOf(trx, customerId, [before, after], said.at, rules);
  return { rows: await putOutbox(trx, [...ends, ...starts, ...asks(said, pending, rules)]), pending };
}

/** A yes of the customer's own ends the waiting for it, though a yes is what holds already. */
function confirms({ state, channel }: Word, known: Contactability | undefined): boolean {
  return state === 'granted' && (known?.unconfirmed.some((one) => channel === one || channel === '*') ?? false);
}

function asks({ customerId, source, at }: Said, pending: readonly ChannelName[], { confirming }: ConsentRules) {
  return pending.length === 0 || confirming === null ? [] : [startOf(confirming, customerId, '', source, at)];
}

type Timed = Word & { textVersion?: string | null; at: Date };

function toConfirm(words: readonly Timed[], known: Contactability, { doubleOptIn }: ShopSettings): ChannelName[] {
  const isGranted = (channel: ChannelName) =>
    words.some(
      (word) =>
        word.purpose === 'advertising' &&
        word.state === 'granted' &&
        (word.channel === channel || word.channel === '*'),
    );
  const waits = (channel: ChannelName) =>
    known.unconfirmed.includes(channel) || reachOf(known, channel).consent !== 'granted';
  return doubleOptIn.filter((channel) => isGranted(channel) && waits(channel));
}

/** Locks the customer, or the one that it was merged into, by a statement of its own: what follows then sees all that was
 *  committed while this waited. Of who was erased nothing is written any more. */
async function underLock(
  db: Kysely<DB>,
  { customerId, at }: Said,
  act: (trx: Trx, customerId: string) => Promise<Heard>,
): Promise<Heard> {
  await ensureMonths(db, ['message_events'], at);
  let id = customerId;
  for (;;) {
    const done = await db.transaction().execute(async (trx): Promise<Heard | { mergedInto: string }> => {
      const query = trx.selectFrom('customers').select(['merged_into', 'erased_at']).where('id', '=', id).forUpdate();
      const { merged_into, erased_at } = await query.executeTakeFirstOrThrow();
      if (erased_at !== null) return { rows: [], pending: [] };
      return merged_into === null ? act(trx, id) : { mergedInto: merged_into };
    });
    if ('rows' in done) return done;
    id = done.mergedInto;
  }
}

export async function statesOf(db: Kysely<DB>, customerId: string): Promise<ConsentState[]> {
  const { rows } = await sql<ConsentState>`
    select purpose, channel, topic, state, ${epochMs(sql`at`)} as at
    from consent_states where customer_id = ${customerId} order by purpose, channel, topic`.execute(db);
  return rows;
}

export interface ConsentRow {
  id: string;
  purpose: string;
  channel: string;
  topic: string;
  state: string;
  textVersion: string | null;
  source: string;
  ip: string | null;
  at: Date;
}

/** Words of customers, the newest first, from before a place on. */
export function consentHistory(
  db: Kysely<DB>,
  ids: readonly string[],
  before: readonly [at: Date, id: string] | null,
  limit: number,
): Promise<ConsentRow[]> {
  let query = db
    .selectFrom('consents')
    .select(['id', 'purpose', 'channel', 'topic', 'state', 'text_version as textVersion', 'source', 'at'])
    .select(sql<string | null>`host(ip)`.as('ip'))
    .where('customer_id', 'in', ids);
  if (before) query = query.where(sql<boolean>`(at, id) < (${before[0]}, ${before[1]}::uuid)`);
  return query.orderBy('at', 'desc').orderBy('id', 'desc').limit(limit).execute();
}

const keyOf = ({ purpose, channel, topic }: Word) => `${purpose} ${channel} ${topic}`;

/** States to write and to take away. */
function changedBy(states: readonly ConsentState[], words: readonly Timed[]) {
  const after = words.reduce((now, { at, ...word }) => afterWord(now, cellOf(word), at.getTime()), [...states]);
  const isHere = (list: readonly ConsentState[], one: ConsentState) =>
    list.some((other) => keyOf(other) === keyOf(one) && other.state === one.state && other.at === one.at);
  return {
    put: after.filter((state) => !isHere(states, state)),
    gone: states.filter((state) => !after.some((other) => keyOf(other) === keyOf(state))),
  };
}

function cellOf({ purpose, channel, topic, state }: Word): Word {
  return { purpose, channel, topic, state };
}

async function write(
  trx: Trx,
  customerId: string,
  { messageId, source, ip, at }: Said,
  words: readonly Timed[],
  { put, gone }: ReturnType<typeof changedBy>,
): Promise<void> {
  if (words.length === 0) return;
  const said = words.map(({ at: when, textVersion = null, ...word }) => ({
    ...cellOf(word),
    id: newId(when),
    customer_id: customerId,
    text_version: textVersion,
    source,
    ip: ip === null ? null : sql<string>`${ip}::inet`,
    at: when,
  }));
  await trx.insertInto('consents').values(said).execute();
  for (const { purpose, channel, topic } of gone) {
    const state = trx.deleteFrom('consent_states').where('customer_id', '=', customerId);
    await state.where('purpose', '=', purpose).where('channel', '=', channel).where('topic', '=', topic).execute();
  }
  if (put.length > 0) {
    const rows = put.map((state) => ({ ...state, customer_id: customerId, at: new Date(state.at) }));
    await trx
      .insertInto('consent_states')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['customer_id', 'purpose', 'channel', 'topic'])
          .doUpdateSet((eb) => ({ state: eb.ref('excluded.state'), at: eb.ref('excluded.at') })),
      )
      .execute();
  }
  if (messageId !== null) await noteOnMessage(trx, messageId, words, at);
}

/** That somebody left by way of this message, or came back. One topic less is neither. */
async function noteOnMessage(trx: Trx, messageId: string, words: readonly Timed[], at: Date): Promise<void> {
  const isDenial = words.some(({ state, topic }) => state === 'denied' && topic === '*');
  if (!isDenial && words.some(({ state }) => state === 'denied')) return;
  const kind = isDenial ? 'unsubscribed' : 'resubscribed';
  await sql`
    with event as (
      insert into message_events (id, at, message_id, kind, by)
      values (${newId(at)}::uuid, ${at}::timestamptz, ${messageId}::uuid, ${kind}, 'human')
    )
    update messages set unsubscribed_at = coalesce(unsubscribed_at, ${at})
    where id = ${messageId} and ${isDenial}`.execute(trx);
}

/** What waits for another try gives its slot back, where it is about what nobody wants to hear there any more. */
async function dropReserved(
  trx: Trx,
  customerId: string,
  known: Contactability | undefined,
  { journeys }: ConsentRules,
): Promise<void> {
  const reserved = await trx
    .selectFrom('messages')
    .select(['id', 'journey', sql<ChannelName>`channel`.as('channel')])
    .where('customer_id', '=', customerId)
    .where('kind', '=', 'marketing')
    .where('state', '=', 'reserved')
    .execute();
  const ids = reserved.filter(({ journey, channel }) => {
    const topic = journeys.find(({ name }) => name === journey)?.topic ?? '*';
    return known !== undefined && reachOf(known, channel, topic).consent === 'denied';
  });
  if (ids.length === 0) return;
  const dropped = trx.updateTable('messages').set({ state: 'dropped', reason: 'unsubscribed' });
  await dropped
    .where(
      'id',
      'in',
      ids.map(({ id }) => id),
    )
    .where('state', '=', 'reserved')
    .execute();
}
