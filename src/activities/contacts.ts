import type { Db } from '#db/connect.ts';
import {
  type ContactFacts,
  type ContactRequest,
  type DecidedContact,
  lockAndReadContacts,
  writeContacts,
} from '#db/contacts.ts';
import { newId } from '#db/ids.ts';
import { contactKey } from '#db/ledger.ts';
import { ensureMonths } from '#db/partitions.ts';
import { perPool } from '#db/per-pool.ts';
import { pipelined } from '#db/transaction.ts';
import { Turns } from '#db/turns.ts';
import { type Decision, decide } from '#domain/decide.ts';
import type { MessageState } from '#domain/ledger.ts';
import { defaultPolicy, type PolicySettings } from '#domain/policy.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import type { UntrueReason } from '#domain/reasons.ts';
import { defaultShop, localeOf, type ShopSettings } from '#domain/shop.ts';
import type { Topic } from '#domain/topics.ts';
import { zoneOf } from '#domain/zone.ts';

/** So many contacts are decided in one transaction: more would hold their customers' locks for too long. */
export const largestBatch = 500;

/** What the requests of a batch have in common. */
export interface Batch {
  now: Date;
  topic: Topic;
  settingsVersion: number;
}

/** `known`: this contact was decided before, and that answer holds. `gone`: there is no such customer. */
export type ContactAnswer =
  | { answer: 'decided'; decision: Decision; messageId: string | null }
  | { answer: 'known'; state: MessageState; messageId: string }
  | { answer: 'gone' };

/**
 * Decides on many contacts under one policy, in one transaction and four statements: for campaigns, whose recipients come in
 * hundreds. The decision is `decide`, the one that every journey's message goes through. What is to be sent is `reserved`
 * and takes its slot at once, also for the other requests of the batch. Answers are in the order of the requests. Who asks
 * for one contact shares a transaction with one other who does, where more ask at the same time than are served at once.
 */
export async function decideContacts(
  db: Db,
  requests: readonly ContactRequest[],
  batch: Batch,
): Promise<ContactAnswer[]> {
  if (requests.length > largestBatch) throw new RangeError(`at most ${largestBatch} contacts in a batch`);
  await ensureMonths(db, ['decisions'], batch.now);
  const [only, another] = requests;
  const shared = only !== undefined && another === undefined ? await decideShared(db, only, batch) : null;
  return shared ?? decideAll(db, requests, batch);
}

interface Waiting {
  /** The customer. */
  key: string;
  request: ContactRequest;
  batch: Batch;
  done(answer: Shared | Promise<Shared>): void;
}

/** The one answer; null: another of the group may have been at fault. */
type Shared = ContactAnswer[] | null;

/** Of those who ask for one contact each: while some wait for the disk others are decided, and none waits for more than one other.
 *  Whoever has hundreds asks for a batch. */
const pairs = { atOnce: 4, largest: 2 };

const turnsOn = perPool((db) => new Turns<Waiting>((group) => decideGroup(db, group), pairs));

function decideShared(db: Db, request: ContactRequest, batch: Batch): Promise<Shared> {
  return new Promise((done) => turnsOn(db).add({ key: request.customerId, request, batch, done }));
}

/** A batch of what was asked about the same. */
async function decideGroup(db: Db, group: readonly Waiting[]): Promise<void> {
  const alike = Map.groupBy(group, ({ batch }) => `${batch.now.getTime()} ${batch.topic} ${batch.settingsVersion}`);
  for (const those of alike.values()) {
    const { batch } = those[0] as Waiting;
    const requests = those.map(({ request }) => request);
    const deciding = decideAll(db, requests, batch);
    const answers = await deciding.catch(() => null);
    const ofOne = (place: number) => answers?.slice(place, place + 1) ?? null;
    for (const [place, { done }] of those.entries()) done(those.length === 1 ? deciding : ofOne(place));
  }
}

function decideAll(db: Db, requests: readonly ContactRequest[], batch: Batch): Promise<ContactAnswer[]> {
  return pipelined(db, async (trx) => {
    const read = await lockAndReadContacts(trx, requests, batch.now);
    const shop = { ...defaultShop, ...(read.shop as Partial<ShopSettings> | null) };
    const policy = (read.policy as PolicySettings | null) ?? defaultPolicy;
    const sharing = shareLedgers(requests, read.facts);
    const decided: DecidedContact[] = [];
    const answers = requests.map((request, place): ContactAnswer => {
      const facts = sharing[place];
      if (!facts) return { answer: 'gone' };
      if (facts.known !== null) return { answer: 'known', state: facts.known.state, messageId: facts.known.id };
      const one = decideOne(request, facts, { ...batch, shop, policy });
      decided.push(one);
      return { answer: 'decided', decision: one.decision, messageId: one.message?.id ?? null };
    });
    await trx.last(() => writeContacts(trx, decided, batch.now));
    return answers;
  });
}

/** Requests for one customer see each other's contacts. */
function shareLedgers(requests: readonly ContactRequest[], facts: readonly (ContactFacts | null)[]) {
  const ledgers = new Map<string, ContactFacts['ledger']>();
  return facts.map((one, place) => {
    const id = requests[place]?.customerId;
    if (one === null || id === undefined) return null;
    const ledger = ledgers.get(id) ?? { ...one.ledger, history: [...one.ledger.history] };
    ledgers.set(id, ledger);
    return { ...one, ledger };
  });
}

interface Deciding extends Batch {
  shop: ShopSettings;
  policy: PolicySettings;
}

/** The decision that every message goes through, on one of them. */
export function decideOne(
  request: ContactRequest,
  facts: ContactFacts,
  deciding: Deciding,
  untrue: UntrueReason | null = null,
): DecidedContact {
  const { now, shop, policy, topic, settingsVersion } = deciding;
  const { channel, flags, runId, block, iteration, due, validForMs } = request;
  const { contact, customer, ledger } = facts;
  const reach = reachOf(contact, channel, topic);
  const { zone, from } = zoneOf({ ...customer, phone: contact.phone }, shop);
  const contactOf = {
    key: contactKey(runId, block, iteration),
    class: request.class,
    channels: [channel],
    runId,
    sale: flags.sale,
  };
  const decision = decide({
    now,
    candidate: { ...contactOf, due },
    validForMs,
    flags,
    zone,
    shop,
    policy,
    ledger,
    bestTime: null,
    goal: false,
    exit: facts.gone,
    untrue,
    unreachable: unreachableBecause(reach, flags.kind, shop),
  });
  const details = { message: request.template, zone, zoneFrom: from, contacts: ledger.history.length };
  if (decision.decision !== 'send') return { request, decision, details, message: null };
  if (flags.counts) ledger.history.push({ ...contactOf, at: now });
  const message = {
    id: newId(now),
    locale: localeOf(customer.locale, shop),
    address: reach.address,
    zone,
    settingsVersion,
  };
  return { request, decision, details, message };
}
