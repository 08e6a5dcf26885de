import type { Who } from './events.ts';

/** Who an event belongs to: the joining rules of `semantics.md`, Events and the customer. Pure; the caller reads what is
 *  known before and writes what came out after. */

export const identityKinds = ['user_id', 'anonymous_id', 'email', 'phone', 'telegram', 'card'] as const;
export type IdentityKind = (typeof identityKinds)[number];

export interface KnownIdentity {
  kind: IdentityKind;
  value: string;
  customerId: string;
  /** Epoch ms: when the customer took it. */
  since: number;
}

export interface KnownCustomer {
  id: string;
  hasUserId: boolean;
  hasOrders: boolean;
}

/** A customer while a flush is being resolved. `into` is set when joined to another. */
interface Party extends KnownCustomer {
  stored: boolean;
  into: Party | null;
}

interface Held {
  kind: IdentityKind;
  value: string;
  party: Party;
  since: number;
  /** Where it was before this flush; null for a new one. */
  storedWith: string | null;
}

export interface Claimed {
  customer: () => string;
  /** Claims that stay with somebody else: their addresses must not become this customer's too. */
  refused: ReadonlySet<IdentityKind>;
}

export interface Conflict {
  kind: IdentityKind;
  value: string;
  holderId: string;
  claimantId: string;
  at: number;
  reason: string;
}

export interface Resolution {
  created: { id: string; at: number }[];
  attached: KnownIdentity[];
  passed: (KnownIdentity & { from: string })[];
  /** Of customers that are both stored, in order. */
  merges: { from: string; into: string }[];
  conflicts: Conflict[];
}

/** Who holds an identity, and since when (epoch ms); undefined for one that nobody holds. */
export type Holders = (kind: IdentityKind, value: string) => { customerId: string; since: number } | undefined;

/** Something for each identity. A map a kind: putting kind and value together costs more than to look it up. */
export class ByIdentity<T> {
  readonly #kinds: Readonly<Record<IdentityKind, Map<string, T>>> = {
    user_id: new Map(),
    anonymous_id: new Map(),
    email: new Map(),
    phone: new Map(),
    telegram: new Map(),
    card: new Map(),
  };

  get(kind: IdentityKind, value: string): T | undefined {
    return this.#kinds[kind].get(value);
  }

  set(kind: IdentityKind, value: string, one: T): void {
    this.#kinds[kind].set(value, one);
  }

  /** Those that came first go, of each kind that has more than `most`. */
  keepNewest(most: number): void {
    for (const held of Object.values(this.#kinds)) {
      for (const oldest of held.keys()) {
        if (held.size <= most) break;
        held.delete(oldest);
      }
    }
  }

  all(): T[] {
    return Object.values(this.#kinds).flatMap((held) => [...held.values()]);
  }
}

const nothing: ReadonlySet<IdentityKind> = new Set();

export class Resolver {
  readonly #parties = new Map<string, Party>();
  /** What came into question; all else is as stored. */
  readonly #held = new ByIdentity<Held>();
  readonly #stored: Holders;
  readonly #created: { party: Party; at: number }[] = [];
  readonly #merges: Resolution['merges'] = [];
  readonly #conflicts: {
    kind: IdentityKind;
    value: string;
    holder: Party;
    claimant: Party;
    at: number;
    reason: string;
  }[] = [];
  readonly #newId: () => string;

  /** `customers`: at least those that `undecided` names. */
  constructor(customers: readonly KnownCustomer[], stored: Holders, newId: () => string) {
    for (const customer of customers) this.#parties.set(customer.id, { ...customer, stored: true, into: null });
    this.#stored = stored;
    this.#newId = newId;
  }

  /** The customer of one event; events come in the order in which they arrived. `sole`: who is stored as the holder of all that
   *  it names, as is so with nearly every event. There is nothing to resolve then, unless one before has put them in question. */
  resolve(who: Who, at: number, isOrder: boolean, sole: string | null = null): Claimed {
    if (sole !== null && !isOrder && !this.#parties.has(sole)) {
      return { customer: () => this.#survivor(sole), refused: nothing };
    }
    const claims = claimsOf(who, (kind, value) => this.#find(kind, value) !== undefined);
    const contested: Held[] = [];
    let target = who.userId === undefined ? null : this.#holder('user_id', who.userId);
    for (const claim of claims) {
      const held = this.#find(claim.kind, claim.value);
      if (!held) continue;
      const holder = find(held.party);
      if (target === null && mayTake(holder, who, claim)) {
        target = holder;
        // From here on they have a login, and are joined to nobody else who has one.
        if (who.userId !== undefined) this.#attach('user_id', who.userId, target, at);
      } else if (target === null || (holder !== target && !joinable(holder, target))) contested.push(held);
      else if (holder !== target) target = this.#join(holder, target);
    }
    target ??= this.#create(at);
    for (const { kind, value } of claims) this.#attach(kind, value, target, at);
    const refused = new Set<IdentityKind>();
    for (const held of contested) if (!this.#settle(held, target, who, at)) refused.add(held.kind);
    if (isOrder) target.hasOrders = true;
    const party = target;
    return { customer: () => find(party).id, refused };
  }

  /** What has to be written. */
  result(): Resolution {
    const held = this.#held.all();
    const row = ({ kind, value, party, since }: Held) => ({ kind, value, customerId: find(party).id, since });
    const joined = new Set(this.#merges.map(({ from }) => from));
    return {
      created: this.#created.filter(({ party }) => party.into === null).map(({ party, at }) => ({ id: party.id, at })),
      attached: held.filter((one) => one.storedWith === null).map(row),
      passed: held.flatMap((one) => {
        const from = one.storedWith;
        // What a merge moves is the merge's business.
        if (from === null || from === find(one.party).id || joined.has(from)) return [];
        return [{ ...row(one), from }];
      }),
      merges: this.#merges,
      conflicts: this.#conflicts.flatMap(({ holder, claimant, ...rest }) => {
        const [holderId, claimantId] = [find(holder).id, find(claimant).id];
        return holderId === claimantId ? [] : [{ ...rest, holderId, claimantId }];
      }),
    };
  }

  /** Of a customer whose every event names nobody else, what they have does not matter: nothing is joined to them. */
  #party(id: string): Party {
    const party = this.#parties.get(id) ?? { id, hasUserId: true, hasOrders: true, stored: true, into: null };
    this.#parties.set(id, party);
    return party;
  }

  #holder(kind: IdentityKind, value: string): Party | null {
    const held = this.#find(kind, value);
    return held ? find(held.party) : null;
  }

  #find(kind: IdentityKind, value: string): Held | undefined {
    const held = this.#held.get(kind, value);
    if (held) return held;
    const stored = this.#stored(kind, value);
    if (!stored) return undefined;
    const { customerId, since } = stored;
    const found = { kind, value, party: this.#party(customerId), since, storedWith: customerId };
    this.#held.set(kind, value, found);
    return found;
  }

  #survivor(id: string): string {
    const party = this.#parties.get(id);
    return party ? find(party).id : id;
  }

  #create(at: number): Party {
    const party: Party = { id: this.#newId(), hasUserId: false, hasOrders: false, stored: false, into: null };
    this.#parties.set(party.id, party);
    this.#created.push({ party, at });
    return party;
  }

  #attach(kind: IdentityKind, value: string, party: Party, at: number): void {
    if (this.#find(kind, value)) return;
    this.#held.set(kind, value, { kind, value, party, since: at, storedWith: null });
    if (kind === 'user_id') party.hasUserId = true;
  }

  #join(a: Party, b: Party): Party {
    const [into, from] = survivesOver(a, b) ? [a, b] : [b, a];
    from.into = into;
    into.hasUserId ||= from.hasUserId;
    into.hasOrders ||= from.hasOrders;
    // A customer of this very flush leaves nothing in the database to move.
    if (from.stored) this.#merges.push({ from: from.id, into: into.id });
    return into;
  }

  /** A claim on what another customer holds, and the two may not be joined. An anonymous id (a shared browser) passes to
   *  the last who signed in; a late event takes nothing from who signed in after it. Returns whether it passed. */
  #settle(held: Held, claimant: Party, who: Who, at: number): boolean {
    const holder = find(held.party);
    const signedIn = who.userId !== undefined && held.kind === 'anonymous_id';
    const reason = holder.hasUserId && claimant.hasUserId ? 'both_have_user_id' : 'both_have_orders';
    if (!signedIn || !holder.hasUserId) {
      const { kind, value } = held;
      this.#conflicts.push({ kind, value, holder, claimant, at, reason });
    }
    if (!signedIn || at < held.since) return false;
    held.party = claimant;
    held.since = at;
    return true;
  }
}

interface Claim {
  kind: IdentityKind;
  value: string;
  /** The shop says by `alias` that it is the same customer. */
  isAlias?: boolean;
}

/** Customers named by events that also name somebody else, or an identity that nobody holds: the only ones whose joining can
 *  come into question, so that more has to be known of them. */
export function undecided(events: readonly { who: Who }[], stored: Holders): string[] {
  const isKnown = (kind: IdentityKind, value: string) => stored(kind, value) !== undefined;
  const found = new Set<string>();
  for (const { who } of events) {
    const named = claimsOf(who, isKnown).map(({ kind, value }) => stored(kind, value)?.customerId);
    if (named.some((id) => id !== named[0])) for (const id of named) if (id !== undefined) found.add(id);
  }
  return [...found];
}

/** All that is named of a customer, the most reliable first; an alias apart. */
export function identitiesOf({ previousId: _, ...who }: Who): { kind: IdentityKind; value: string }[] {
  return claimsOf(who, () => false);
}

/** What the event says the customer is, the most reliable first. An alias names an id of either kind. */
function claimsOf(who: Who, isKnown: (kind: IdentityKind, value: string) => boolean): Claim[] {
  const { userId, previousId, anonymousId, email, phone, telegram, card } = who;
  const claims: Claim[] = [];
  if (userId !== undefined) claims.push({ kind: 'user_id', value: userId });
  if (previousId !== undefined) {
    const wasLogin = isKnown('user_id', previousId) && !isKnown('anonymous_id', previousId);
    claims.push({ kind: wasLogin ? 'user_id' : 'anonymous_id', value: previousId, isAlias: true });
  }
  if (anonymousId !== undefined) claims.push({ kind: 'anonymous_id', value: anonymousId });
  if (email !== undefined) claims.push({ kind: 'email', value: email });
  if (phone !== undefined) claims.push({ kind: 'phone', value: phone });
  if (telegram !== undefined) claims.push({ kind: 'telegram', value: telegram });
  if (card !== undefined) claims.push({ kind: 'card', value: card });
  return claims;
}

/** A login that is new here takes over a visitor, but nobody who has a login already, unless it is a new name for it. */
function mayTake(holder: Party, who: Who, { isAlias }: Claim): boolean {
  return who.userId === undefined || !holder.hasUserId || isAlias === true;
}

function joinable(a: Party, b: Party): boolean {
  return !(a.hasUserId && b.hasUserId) && !(a.hasOrders && b.hasOrders);
}

/** Who stays when two are joined: a login over a visitor, a buyer, the older. */
export function survivorOf(a: KnownCustomer, b: KnownCustomer): KnownCustomer {
  const stored = { stored: true, into: null };
  return survivesOver({ ...a, ...stored }, { ...b, ...stored }) ? a : b;
}

/** What is stored stays over what is not, before all else. */
function survivesOver(a: Party, b: Party): boolean {
  const differences = [
    Number(a.stored) - Number(b.stored),
    Number(a.hasUserId) - Number(b.hasUserId),
    Number(a.hasOrders) - Number(b.hasOrders),
  ];
  const decisive = differences.find((difference) => difference !== 0);
  return decisive === undefined ? a.id < b.id : decisive > 0;
}

function find(party: Party): Party {
  let root = party;
  while (root.into !== null) root = root.into;
  return root;
}
