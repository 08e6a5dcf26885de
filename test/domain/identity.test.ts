import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Who } from '#domain/events.ts';
import { type Holders, type IdentityKind, type KnownIdentity, Resolver, undecided } from '#domain/identity.ts';

/** A database in memory, and the reading and writing that intake does around the rules. */
class Store {
  readonly identities = new Map<string, KnownIdentity>();
  readonly buyers = new Set<string>();
  readonly into = new Map<string, string>();
  readonly conflicts: { reason: string }[] = [];
  #next = 0;

  take(events: { who: Who; isOrder?: boolean; at?: number }[]): string[] {
    const claims = this.#attempt(events);
    if (claims !== null) return claims;
    return this.#attempt(events) ?? [];
  }

  holder(kind: IdentityKind, value: string): string | undefined {
    return this.identities.get(`${kind} ${value}`)?.customerId;
  }

  idsOf(customer: string, kind: IdentityKind): string[] {
    const all = [...this.identities.values()].filter((one) => one.customerId === customer && one.kind === kind);
    return all.map((one) => one.value);
  }

  survivor(id: string): string {
    const into = this.into.get(id);
    return into === undefined ? id : this.survivor(into);
  }

  /** Null where stored customers were joined: everything is then asked again. */
  #attempt(events: { who: Who; isOrder?: boolean; at?: number }[]): string[] | null {
    const before = new Map(this.identities);
    const holders: Holders = (kind, value) => before.get(`${kind} ${value}`);
    const parties = undecided(events, holders).map((id) => ({
      id,
      hasUserId: this.idsOf(id, 'user_id').length > 0,
      hasOrders: this.buyers.has(id),
    }));
    const resolver = new Resolver(parties, holders, () => `c${String(this.#next++).padStart(5, '0')}`);
    const claims = events.map(({ who, isOrder = false, at = 0 }) => resolver.resolve(who, at, isOrder));
    const { attached, passed, merges, conflicts } = resolver.result();
    if (merges.length > 0) {
      for (const { from, into } of merges) this.#merge(from, into);
      return null;
    }
    for (const one of [...attached, ...passed]) this.identities.set(`${one.kind} ${one.value}`, one);
    events.forEach(({ isOrder }, index) => {
      if (isOrder) this.buyers.add(claims[index]?.customer() ?? '');
    });
    this.conflicts.push(...conflicts);
    return claims.map((claim) => claim.customer());
  }

  #merge(from: string, into: string): void {
    expect(
      [this.idsOf(from, 'user_id'), this.idsOf(into, 'user_id')].filter((ids) => ids.length > 0).length,
    ).toBeLessThan(2);
    expect(this.buyers.has(from) && this.buyers.has(into)).toBe(false);
    for (const [key, one] of this.identities) {
      if (one.customerId === from) this.identities.set(key, { ...one, customerId: into });
    }
    if (this.buyers.delete(from)) this.buyers.add(into);
    this.into.set(from, into);
  }
}

test('a visitor becomes known and stays the same customer', () => {
  const store = new Store();
  const [visitor] = store.take([{ who: { anonymousId: 'a' } }]);
  const [known] = store.take([{ who: { anonymousId: 'a', userId: 'u' } }]);
  expect(known).toBe(visitor);
});

test('a visitor who turns out to be a known customer is joined to them', () => {
  const store = new Store();
  const [customer] = store.take([{ who: { userId: 'u' } }]);
  const [visitor = ''] = store.take([{ who: { anonymousId: 'a' } }]);
  expect(store.take([{ who: { anonymousId: 'a', userId: 'u' } }])).toEqual([customer]);
  expect(store.survivor(visitor)).toBe(customer);
  expect(store.conflicts).toEqual([]);
});

test('an e-mail joins a subscriber and a visitor', () => {
  const store = new Store();
  const [subscriber] = store.take([{ who: { email: 'x@example.com' } }]);
  store.take([{ who: { anonymousId: 'a' } }]);
  store.take([{ who: { anonymousId: 'a', email: 'x@example.com' } }]);
  expect(store.holder('anonymous_id', 'a')).toBe(store.survivor(subscriber ?? ''));
});

test('a shared browser passes to who signed in last, and a late sign-in takes nothing back', () => {
  const store = new Store();
  store.take([{ who: { anonymousId: 'a', userId: 'u1' }, at: 10 }]);
  const [second] = store.take([{ who: { anonymousId: 'a', userId: 'u2' }, at: 20 }]);
  expect(store.holder('anonymous_id', 'a')).toBe(second);
  store.take([{ who: { anonymousId: 'a', userId: 'u1' }, at: 15 }]);
  expect(store.holder('anonymous_id', 'a')).toBe(second);
  expect(store.take([{ who: { anonymousId: 'a' }, at: 30 }])).toEqual([second]);
  expect(store.holder('user_id', 'u1')).not.toBe(second);
});

test('two logins are never joined: one e-mail for both is a conflict for a person', () => {
  const store = new Store();
  store.take([{ who: { userId: 'u1', email: 'x@example.com' } }]);
  store.take([{ who: { userId: 'u2', email: 'x@example.com' } }]);
  expect(store.holder('email', 'x@example.com')).toBe(store.holder('user_id', 'u1'));
  expect(store.conflicts).toMatchObject([{ reason: 'both_have_user_id', kind: 'email' }]);
});

test('two who have ordered are not joined by themselves', () => {
  const store = new Store();
  store.take([{ who: { anonymousId: 'a' }, isOrder: true }]);
  store.take([{ who: { userId: 'u' }, isOrder: true }]);
  store.take([{ who: { anonymousId: 'a', userId: 'u' } }]);
  expect(store.conflicts).toMatchObject([{ reason: 'both_have_orders' }]);
});

test('an alias joins the id that was used before', () => {
  const store = new Store();
  const [visitor] = store.take([{ who: { anonymousId: 'a' } }]);
  expect(store.take([{ who: { userId: 'u', previousId: 'a' } }])).toEqual([visitor]);
  expect(store.take([{ who: { userId: 'renamed', previousId: 'u' } }])).toEqual([visitor]);
  expect(store.conflicts).toEqual([]);
});

const pick = (prefix: string, count: number) => fc.integer({ min: 1, max: count }).map((n) => `${prefix}${n}`);
const event = fc
  .record(
    { userId: pick('u', 3), anonymousId: pick('a', 4), email: pick('e', 3), isOrder: fc.boolean() },
    { requiredKeys: [] },
  )
  .filter((one) => one.userId !== undefined || one.anonymousId !== undefined || one.email !== undefined)
  .map(({ isOrder = false, ...who }) => ({ who, isOrder }));

test('whatever comes: one holder an identity, one login a customer, every event somebody', () => {
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), (events) => {
      const store = new Store();
      for (const [index, one] of events.entries()) {
        const [customer] = store.take([{ ...one, at: index }]);
        expect(customer).toBeDefined();
        if (one.who.userId !== undefined) expect(store.holder('user_id', one.who.userId)).toBe(customer);
      }
      for (const { customerId } of store.identities.values()) {
        expect(store.idsOf(customerId, 'user_id').length).toBeLessThanOrEqual(1);
        expect(store.survivor(customerId)).toBe(customerId);
      }
    }),
  );
});

test('events that come together make the same customers as events that come one by one', () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 1, maxLength: 12 }), (events) => {
      const timed = events.map((one, at) => ({ ...one, at }));
      const together = new Store();
      together.take(timed);
      const apart = new Store();
      for (const one of timed) apart.take([one]);
      const groups = (store: Store) => {
        const byCustomer = Map.groupBy(store.identities.values(), (one) => one.customerId);
        return [...byCustomer.values()]
          .map((all) =>
            all
              .map(({ kind, value }) => `${kind} ${value}`)
              .sort()
              .join(),
          )
          .sort();
      };
      expect(groups(together)).toEqual(groups(apart));
    }),
  );
});
