import type { Event } from '#domain/events.ts';
import { ByIdentity, type IdentityKind } from '#domain/identity.ts';
import type { Routing } from '#domain/routing.ts';
import { browsingJourneys, startsAnother } from '#domain/starts.ts';
import type { Memory, Remembered } from './intake-memory.ts';
import { type Asked, wantsAll, wantsCart, wantsReach, wantsTraits } from './intake-read.ts';

/** An event, and who is remembered to hold all that it names, if that is one customer. */
export interface Named {
  readonly event: Event;
  sole: string | null;
}

interface Asking {
  memory: Memory;
  now: Date;
  routing: Routing;
  /** Whether a journey that is off by default was switched on. */
  isOn(journey: string): boolean;
}

/** What has to be asked of the database for these events: all that they name and that is not remembered. Sets `sole`. */
export function ask(incoming: readonly Named[], context: Asking): Asked {
  const { memory, now } = context;
  const asked = nothingOf(context);
  for (const one of incoming) {
    const wants = wantsOf(one.event, context);
    let sole: Remembered | null | undefined;
    forEachNamed(one.event, (kind, value) => {
      const holding = memory.holding(kind, value);
      const holder = holding === undefined || hasMovedOn(holding.holder, now) ? null : holding.holder;
      sole = sole === undefined || sole === holder ? holder : null;
      if (holding === undefined || holder === null) return askIdentity(asked, kind, value, wants);
      asked.held.set(kind, value, holding);
      expect(asked, holder, wants);
    });
    one.sole = sole?.id ?? null;
    askOrders(asked, one.event);
  }
  return asked;
}

/** Everything, whatever is remembered. */
export function askAll(incoming: readonly Named[], context: Asking): Asked {
  const asked = nothingOf(context);
  for (const one of incoming) {
    forEachNamed(one.event, (kind, value) => askIdentity(asked, kind, value, wantsAll));
    one.sole = null;
    askOrders(asked, one.event);
  }
  return asked;
}

/** What an event needs to be known of its customer. */
export function wantsOf(
  { name, effects, profile }: Event,
  { routing, isOn }: Pick<Asking, 'routing' | 'isOn'>,
): number {
  // Live runs are looked at as a whole; whether this profile has one is not known beforehand.
  let wants = profile === 'corporate' || startsAnother(routing, name, isOn) ? wantsReach : 0;
  for (const effect of effects) {
    if (effect.do === 'trait') wants |= wantsTraits;
    else if (effect.do === 'contact' || effect.do === 'consent') wants |= wantsReach;
    else if (effect.do === 'order' || effect.do.startsWith('cart_')) wants |= wantsCart;
  }
  return wants;
}

function nothingOf({ now, routing }: Asking): Asked {
  return {
    browsing: browsingJourneys(routing),
    expected: new Map(),
    held: new ByIdentity(),
    identities: new ByIdentity(),
    orderIds: new Set(),
    emails: new Set(),
    now,
  };
}

function forEachNamed({ who }: Event, act: (kind: IdentityKind, value: string) => void): void {
  if (who.userId !== undefined) act('user_id', who.userId);
  if (who.anonymousId !== undefined) act('anonymous_id', who.anonymousId);
  if (who.email !== undefined) act('email', who.email);
  if (who.phone !== undefined) act('phone', who.phone);
  if (who.telegram !== undefined) act('telegram', who.telegram);
  if (who.card !== undefined) act('card', who.card);
  if (who.previousId === undefined) return;
  act('anonymous_id', who.previousId);
  act('user_id', who.previousId);
}

function askIdentity({ identities }: Asked, kind: IdentityKind, value: string, wants: number): void {
  const asked = identities.get(kind, value);
  if (asked) asked.wants |= wants;
  else identities.set(kind, value, { kind, value, wants });
}

function expect({ expected, browsing }: Asked, customer: Remembered, wants: number): void {
  const known = expected.get(customer.id);
  if (known) known.wants |= wants;
  else expected.set(customer.id, { customer, wants: mayStart(customer, browsing) ? wants | wantsReach : wants });
}

/** For those who are not in all journeys that browsing starts; welcome, say, or a year after an order are none of them. */
function mayStart({ runs }: Remembered, browsing: readonly string[]): boolean {
  return browsing.some((name) => runs.every(({ journey }) => journey !== name));
}

function askOrders({ orderIds, emails }: Asked, { effects, who }: Event): void {
  for (const effect of effects) if (effect.do === 'order') orderIds.add(effect.order.orderId);
  if (who.email !== undefined) emails.add(who.email);
}

/** Whether a run was due by now: when it is due next is not remembered, and one that is late may be lost. */
function hasMovedOn({ runs }: Remembered, now: Date): boolean {
  return runs.some(({ dueAt }) => dueAt !== null && dueAt <= now.getTime());
}
