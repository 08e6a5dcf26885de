import { hash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { channelFacts } from '#domain/channels.ts';
import type { Event } from '#domain/events.ts';
import { Resolver, undecided } from '#domain/identity.ts';
import { itemsSaid } from '#domain/item-said.ts';
import type { ProfileKind } from '#domain/journey.ts';
import { type Attributed, Projection } from '#domain/projection.ts';
import { unreachableBecause } from '#domain/reach.ts';
import type { Routing } from '#domain/routing.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { type NotEntered, Triggers } from '#domain/triggers.ts';
import { newId } from './ids.ts';
import { ask, askAll, type Named, wantsOf } from './intake-ask.ts';
import type { Memory } from './intake-memory.ts';
import { type Asked, begin, type Found, type Locked, readAgain, readParties, Stale } from './intake-read.ts';
import { type Writes, writeAndCommit } from './intake-write.ts';
import { mergeCustomers } from './merge.ts';
import type { OutboxRow } from './outbox.ts';

export interface Incoming {
  sourceId: string;
  event: Event;
}

interface Keyed extends Named {
  readonly sourceId: string;
  /** Of source and message id, one character a byte: what de-duplication goes by. */
  key: string;
}

export interface FlushContext {
  now: Date;
  routing: Routing;
  shop: ShopSettings;
  isOn(journey: string): boolean;
  isHistory: boolean;
  memory: Memory;
  /** Who was counted as not entered, and when: written once in half an hour, not asked of the database each time. */
  missed: Map<string, number>;
}

/** About 20 MB. */
const mostMissed = 100_000;
const missedEveryMs = 30 * 60_000;

/** Stores events in one transaction: whose they are, what is new, what it makes of the customers, who must hear of it.
 *  Resolves after the commit. Throws what the database threw, the transaction still open. */
export async function flush(client: PoolClient, incoming: Incoming[], context: FlushContext): Promise<OutboxRow[]> {
  const keyed = unique(incoming);
  const asked = ask(keyed, context);
  try {
    return await flushOnce(client, keyed, asked, context);
  } catch (error) {
    // Whatever it was: next time nothing is taken from memory.
    for (const id of asked.expected.keys()) context.memory.forget(id);
    throw error;
  }
}

async function flushOnce(
  client: PoolClient,
  keyed: Keyed[],
  asked: Asked,
  context: FlushContext,
): Promise<OutboxRow[]> {
  // In order, as all keys are taken: two gateways that store the same events never wait for each other in a circle.
  const keys = keyed.map(({ key }) => key).sort();
  const { locked, fresh: news, found: guessed } = await begin(client, asked, keys);
  const fresh = news === null ? keyed : keyed.filter(({ key }) => news.has(key));
  if (fresh.length === 0) {
    await client.query('rollback');
    return [];
  }
  const found = forgetOutdated(asked, locked, context) ? await readOutdated(client, keyed, locked, context) : guessed;
  const first = await attribute(client, fresh, found, context.now);
  const { merges } = first.identities;
  if (merges.length === 0) {
    const known = isShort(first, found, locked, context)
      ? await readAgain(client, askAll(keyed, context), locked)
      : found;
    const writes = decide(fresh, first, known, context);
    const rows = await store(client, writes, context);
    remember(writes, known, locked, context);
    return rows;
  }
  // Rare: customers who turn out to be one are joined, then everything is read and resolved again, so that what follows
  // knows one customer only.
  const exits: OutboxRow[] = [];
  for (const { from, into } of merges) exits.push(...(await mergeCustomers(client, from, into, context.now)));
  const known = await readAgain(client, askAll(keyed, context), locked);
  const joined = new Set(merges.map(({ into }) => into));
  const second = await attribute(client, fresh, known, context.now);
  return [...exits, ...(await store(client, decide(fresh, second, known, context, joined), context))];
}

/** Whether something that was remembered does not hold any more. */
function forgetOutdated({ expected }: Asked, locked: Locked, { memory }: FlushContext): boolean {
  let isOutdated = false;
  for (const [id, { customer }] of expected) {
    if (customer.version === locked.get(id)) continue;
    memory.forget(id);
    isOutdated = true;
  }
  return isOutdated;
}

/** A run began or ended since, say. Under the locks that we have, where they are those that it takes. */
async function readOutdated(client: PoolClient, keyed: Keyed[], locked: Locked, context: FlushContext): Promise<Found> {
  const asked = ask(keyed, context);
  if (forgetOutdated(asked, locked, context)) throw new Stale();
  return readAgain(client, asked, locked);
}

/** Writes and commits. */
async function store(client: PoolClient, writes: Writes, { missed }: FlushContext): Promise<OutboxRow[]> {
  const notEntered = writes.notEntered.filter((row) => row.at >= (missed.get(missedKey(row)) ?? 0) + missedEveryMs);
  const rows = await writeAndCommit(client, { ...writes, notEntered });
  for (const row of notEntered) missed.set(missedKey(row), row.at);
  for (const oldest of missed.keys()) {
    if (missed.size <= mostMissed) break;
    missed.delete(oldest);
  }
  return rows;
}

function missedKey({ journey, key, customerId, reason }: NotEntered): string {
  return `${journey} ${key} ${customerId} ${reason}`;
}

/** What spares the next flushes a question. What this one changed moved the customer's version on, and is read again. */
function remember({ identities, projection }: Writes, known: Found, locked: Locked, { memory }: FlushContext): void {
  for (const { id, lastSeenAt } of known.customers) {
    const version = locked.get(id);
    if (version !== undefined && known.wanted.has(id)) {
      memory.remember({ id, version, runs: known.runsOf(id), lastSeenAt });
    }
  }
  for (const { id, at } of identities.created) memory.remember({ id, version: 0, runs: [], lastSeenAt: at });
  for (const { id, lastSeenAt } of projection.customers.changed()) memory.seen(id, lastSeenAt);
  for (const one of [...known.identities, ...identities.attached]) memory.rememberIdentity(one);
  memory.forgetOldest();
}

/** Whether an event belongs to a stored customer of whom too little was read: it names them by an identity that they only
 *  got in this very flush. */
function isShort({ attributed }: Attribution, { wanted }: Found, locked: Locked, context: FlushContext): boolean {
  return attributed.some(
    ({ event, customerId }) =>
      locked.has(customerId) && (wantsOf(event, context) & ~(wanted.get(customerId) ?? 0)) !== 0,
  );
}

type Attribution = Awaited<ReturnType<typeof attribute>>;

/** Everything that follows from the new events and what is known, without I/O. */
function decide(
  fresh: Keyed[],
  { attributed, identities }: Attribution,
  found: Found,
  context: FlushContext,
  joined: ReadonlySet<string> = new Set(),
): Writes {
  const before = reachability(found, context.shop, new Projection(found));
  const projection = new Projection(found);
  projection.apply(attributed);
  const triggers = new Triggers({
    now: context.now.getTime(),
    routing: context.routing,
    isOn: context.isOn,
    runsOf: found.runsOf,
    joined,
    orderNews: projection.orderNews,
    profile: (customerId, kind) => projection.profile(customerId, kind),
    isReachable: reachability(found, context.shop, projection),
    // A customer who was joined may have been reachable, but what the other did was not theirs.
    wasReachable: (customerId, kind) => !joined.has(customerId) && before(customerId, kind),
  });
  const heard = context.isHistory ? { signals: [], notEntered: [] } : triggers.consider(attributed);
  const events = fresh.map((one, index) => ({ ...one, customerId: attributed[index]?.customerId ?? '' }));
  const said = context.isHistory ? [] : itemsSaid(attributed, projection.orderNews);
  return { events, identities, projection, said, ...heard };
}

/** Each event once, in the order in which they came, also where one came twice in this flush. */
function unique(incoming: readonly Incoming[]): Keyed[] {
  const first = new Map<string, Keyed>();
  for (const { sourceId, event } of incoming) {
    const key = hash('sha256', `${sourceId} ${event.messageId}`, 'binary').slice(0, 16);
    if (!first.has(key)) first.set(key, { sourceId, event, key, sole: null });
  }
  return [...first.values()];
}

/** Whose the events are, in the order in which they came. */
async function attribute(client: PoolClient, fresh: readonly Keyed[], found: Found, now: Date) {
  const parties = await readParties(
    client,
    undecided(
      fresh.filter(({ sole }) => sole === null).map(({ event }) => event),
      found.holders,
    ),
  );
  const resolver = new Resolver(parties, found.holders, () => newId(now));
  const claimed = fresh.map(({ event, sole }) => {
    const isOrder = event.effects.some((effect) => effect.do === 'order');
    return { event, ...resolver.resolve(event.who, event.occurredAt.getTime(), isOrder, sole) };
  });
  const attributed: Attributed[] = claimed.map(({ event, customer, refused }) => ({
    event,
    customerId: customer(),
    refused,
  }));
  return { attributed, identities: resolver.result() };
}

/** Whether marketing may go to a profile on a channel that the shop uses, as far as is known here: `enter` looks closer. */
function reachability({ suppressed, elsewhere }: Found, shop: ShopSettings, projection: Projection) {
  return (customerId: string, kind: ProfileKind): boolean => {
    const { email, phone } = projection.profile(customerId, kind);
    return shop.channels.some((channel) => {
      const { address: by } = channelFacts[channel];
      const has = elsewhere.has(`${customerId} ${by === 'device' ? channel : by}`);
      const address = by === 'email' ? email : by === 'phone' ? phone : has ? by : null;
      const consent = projection.consentOn(customerId, 'advertising', channel);
      const known = channel === 'email' && address !== null ? suppressed.get(address) : undefined;
      return unreachableBecause({ channel, address, consent, suppressed: known ?? null }, 'marketing', shop) === null;
    });
  };
}
