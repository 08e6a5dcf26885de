import { hash } from 'node:crypto';
import type { PoolClient } from 'pg';
import type { Event } from '#domain/events.ts';
import { type IdentityKind, Resolver, undecided } from '#domain/identity.ts';
import type { ProfileKind } from '#domain/journey.ts';
import { type Attributed, Projection } from '#domain/projection.ts';
import { unreachableBecause } from '#domain/reach.ts';
import type { Routing } from '#domain/routing.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { type NotEntered, Triggers } from '#domain/triggers.ts';
import { newId } from './ids.ts';
import {
  type Asked,
  begin,
  type Found,
  identityKey,
  readAgain,
  readParties,
  wantsAll,
  wantsCart,
  wantsReach,
  wantsTraits,
} from './intake-read.ts';
import { type Writes, writeAndCommit } from './intake-write.ts';
import { mergeCustomers } from './merge.ts';
import type { OutboxRow } from './outbox.ts';

export interface Incoming {
  sourceId: string;
  event: Event;
}

interface Keyed extends Incoming {
  /** Of source and message id, hex: what de-duplication goes by. */
  hash: string;
}

export interface FlushContext {
  now: Date;
  routing: Routing;
  shop: ShopSettings;
  /** Who held an identity when it was last seen: a guess, so that locking need not look it up. Kept by `flush`. */
  holders: Map<string, string>;
  /** Who was counted as not entered, and when: written once in half an hour, not asked of the database each time. */
  missed: Map<string, number>;
}

/** About 20 MB. */
const mostRemembered = 100_000;
const missedEveryMs = 30 * 60_000;

/** Stores events in one transaction: whose they are, what is new, what it makes of the customers, who must hear of it.
 *  Resolves after the commit. Throws what the database threw, the transaction still open. */
export async function flush(client: PoolClient, incoming: Incoming[], context: FlushContext): Promise<OutboxRow[]> {
  const keyed = unique(incoming);
  const asked = questionsOf(keyed, context.now);
  try {
    return await flushOnce(client, keyed, asked, context);
  } catch (error) {
    // Whatever it was: next time nothing is guessed.
    for (const identity of asked.identities) context.holders.delete(identityKey(identity));
    throw error;
  }
}

async function flushOnce(
  client: PoolClient,
  keyed: Keyed[],
  asked: Asked,
  context: FlushContext,
): Promise<OutboxRow[]> {
  const begun = await begin(client, asked, context.holders);
  const { locked, found } = begun;
  const fresh = keyed.filter(({ hash }) => begun.fresh.has(hash));
  if (fresh.length === 0) {
    await client.query('rollback');
    return [];
  }
  const first = await attribute(client, fresh, found, context.now);
  const { merges } = first.identities;
  if (merges.length === 0) {
    const known = isShort(first, found) ? await readAgain(client, withAll(asked), locked) : found;
    return store(client, decide(fresh, first, known, context), known, context);
  }
  // Rare: customers who turn out to be one are joined, then everything is read and resolved again, so that what follows
  // knows one customer only.
  const exits: OutboxRow[] = [];
  for (const { from, into } of merges) exits.push(...(await mergeCustomers(client, from, into, context.now)));
  const known = await readAgain(client, withAll(asked), locked);
  const survivors = new Set(merges.map(({ into }) => into));
  const second = await attribute(client, fresh, known, context.now);
  return [...exits, ...(await store(client, decide(fresh, second, known, context, survivors), known, context))];
}

/** Writes and commits; then remembers what spares the next flushes a question. */
async function store(client: PoolClient, writes: Writes, known: Found, context: FlushContext): Promise<OutboxRow[]> {
  const { holders, missed } = context;
  const notEntered = writes.notEntered.filter((row) => row.at >= (missed.get(missedKey(row)) ?? 0) + missedEveryMs);
  const rows = await writeAndCommit(client, { ...writes, notEntered });
  const { attached, passed } = writes.identities;
  for (const one of [...known.identities, ...attached, ...passed]) holders.set(identityKey(one), one.customerId);
  for (const row of notEntered) missed.set(missedKey(row), row.at);
  forgetOldest(holders);
  forgetOldest(missed);
  return rows;
}

function missedKey({ journey, key, customerId, reason }: NotEntered): string {
  return `${journey} ${key} ${customerId} ${reason}`;
}

function forgetOldest(memory: Map<string, unknown>): void {
  for (const oldest of memory.keys()) {
    if (memory.size <= mostRemembered) return;
    memory.delete(oldest);
  }
}

/** Whether an event belongs to a stored customer of whom too little was read: it names them by an identity that they only
 *  got in this very flush. */
function isShort({ attributed }: Attribution, { wanted }: Found): boolean {
  return attributed.some(({ event, customerId }) => {
    const read = wanted.get(customerId);
    return read !== undefined && (wantsOf(event) & ~read) !== 0;
  });
}

function withAll(asked: Asked): Asked {
  return { ...asked, identities: asked.identities.map((one) => ({ ...one, wants: wantsAll })) };
}

type Attribution = Awaited<ReturnType<typeof attribute>>;

/** Everything that follows from the new events and what is known, without I/O. */
function decide(
  fresh: Keyed[],
  { attributed, identities }: Attribution,
  found: Found,
  context: FlushContext,
  survivors: ReadonlySet<string> = new Set(),
): Writes {
  const before = reachability(found, context.shop, new Projection(found));
  const projection = new Projection(found);
  projection.apply(attributed);
  const triggers = new Triggers({
    now: context.now.getTime(),
    routing: context.routing,
    live: found.runs,
    orderNews: projection.orderNews,
    profile: (customerId, kind) => projection.profile(customerId, kind),
    isReachable: reachability(found, context.shop, projection),
    // A customer who was joined may have been reachable, but what the other did was not theirs.
    wasReachable: (customerId, kind) => !survivors.has(customerId) && before(customerId, kind),
  });
  const events = fresh.map((one, index) => ({ ...one, customerId: attributed[index]?.customerId ?? '' }));
  return { events, identities, projection, ...triggers.consider(attributed) };
}

function hashOf({ sourceId, event }: Incoming): string {
  return hash('sha256', `${sourceId} ${event.messageId}`).slice(0, 32);
}

/** Each event once, in the order in which they came, also where one came twice in this flush. */
function unique(incoming: readonly Incoming[]): Keyed[] {
  const first = new Map<string, Keyed>();
  for (const one of incoming) {
    const hash = hashOf(one);
    if (!first.has(hash)) first.set(hash, { ...one, hash });
  }
  return [...first.values()];
}

function questionsOf(keyed: readonly Keyed[], now: Date): Asked {
  const identities = new Map<string, Asked['identities'][number]>();
  const orderIds = new Set<string>();
  const emails = new Set<string>();
  for (const { event } of keyed) {
    const wants = wantsOf(event);
    for (const [kind, value] of named(event)) {
      const key = identityKey({ kind, value });
      identities.set(key, { kind, value, wants: wants | (identities.get(key)?.wants ?? 0) });
    }
    for (const effect of event.effects) if (effect.do === 'order') orderIds.add(effect.order.orderId);
    if (event.who.email !== undefined) emails.add(event.who.email);
  }
  return {
    identities: [...identities.values()],
    // In order, as all keys are taken: two gateways that store the same events never wait for each other in a circle.
    hashes: keyed.map((one) => one.hash).sort(),
    orderIds: [...orderIds],
    emails: [...emails],
    now,
  };
}

function named({ who }: Event): [IdentityKind, string][] {
  const pairs: [IdentityKind, string | undefined][] = [
    ['user_id', who.userId],
    ['anonymous_id', who.anonymousId],
    ['email', who.email],
    ['phone', who.phone],
    ['telegram', who.telegram],
    ['anonymous_id', who.previousId],
    ['user_id', who.previousId],
  ];
  return pairs.filter((pair): pair is [IdentityKind, string] => pair[1] !== undefined);
}

function wantsOf({ effects, profile }: Event): number {
  // Live runs are looked at as a whole; whether this profile has one is not known beforehand.
  let wants = profile === 'corporate' ? wantsReach : 0;
  for (const effect of effects) {
    if (effect.do === 'trait') wants |= wantsTraits;
    else if (effect.do === 'contact' || effect.do === 'consent') wants |= wantsReach;
    else if (effect.do === 'order' || effect.do.startsWith('cart_')) wants |= wantsCart;
  }
  return wants;
}

/** Whose the events are, in the order in which they came. */
async function attribute(client: PoolClient, fresh: readonly Keyed[], found: Found, now: Date) {
  const parties = await readParties(
    client,
    undecided(
      fresh.map(({ event }) => event),
      found.identities,
    ),
  );
  const resolver = new Resolver(parties, found.identities, () => newId(now));
  const claimed = fresh.map(({ event }) => {
    const isOrder = event.effects.some((effect) => effect.do === 'order');
    return { event, ...resolver.resolve(event.who, event.occurredAt.getTime(), isOrder) };
  });
  const attributed: Attributed[] = claimed.map(({ event, customer, refused }) => ({
    event,
    customerId: customer(),
    refused: new Set((['email', 'phone'] as const).filter((channel) => refused.has(channel))),
  }));
  return { attributed, identities: resolver.result() };
}

/** Whether marketing e-mail may go to a profile. */
function reachability({ suppressed }: Found, shop: ShopSettings, projection: Projection) {
  return (customerId: string, kind: ProfileKind): boolean => {
    const address = projection.profile(customerId, kind).email;
    const reach = {
      channel: 'email' as const,
      address,
      consent: projection.consentOn(customerId, 'advertising', 'email'),
      suppressed: (address !== null && suppressed.get(address)) || null,
    };
    return unreachableBecause(reach, 'marketing', shop) === null;
  };
}
