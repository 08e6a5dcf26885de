import type { Event } from './events.ts';
import { workflowId } from './ids.ts';
import type { ProfileKind } from './journey.ts';
import { profileOfKey } from './occasions.ts';
import { orderKeyOf, purchaseKeyOf } from './order-state.ts';
import type { Attributed, ProfileState } from './projection.ts';
import type { NotEnteredReason } from './reasons.ts';
import { type Route, type Routing, routesOf } from './routing.ts';
import { isBrowsing } from './segment-effects.ts';

/** Which journeys must hear of what came in (`semantics.md`, Who starts a journey). Pure. */

export interface Signal {
  workflowId: string;
  signal: 'start' | 'goal' | 'exit';
  journey: string;
  customerId: string;
  key: string;
  reason: string;
  at: number;
  /** Only for who was counted among the unreachable of this journey before. */
  ifMissed?: true;
}

export interface NotEntered {
  journey: string;
  key: string;
  customerId: string;
  reason: NotEnteredReason;
  at: number;
}

export interface LiveRun {
  workflowId: string;
  journey: string;
  customerId: string;
  key: string;
  /** When it wants to go on; null while it decides. */
  dueAt: number | null;
}

/** The customers of a flush after it was projected. */
export interface Situation {
  now: number;
  routing: Routing;
  /** Whether a journey that is off by default was switched on. */
  isOn?(journey: string): boolean;
  runsOf(customerId: string): readonly LiveRun[];
  /** Whether marketing e-mail may go to this profile, after and before this flush. */
  isReachable(customerId: string, kind: ProfileKind): boolean;
  wasReachable(customerId: string, kind: ProfileKind): boolean;
  /** Whom others were joined to in this flush. */
  joined: ReadonlySet<string>;
  profile(customerId: string, kind: ProfileKind): ProfileState;
  /** Events of orders that were seen for the first time or changed their state; other order events trigger nothing. */
  orderNews: ReadonlySet<Event>;
}

/** Old news starts nothing. `enter` judges by each journey's own setting; this only spares it the hopeless. */
const startsWithinMs = 24 * 3600 * 1000;

/** A run so long overdue may have lost its workflow (terminated, or Temporal's data lost): the next event starts it again,
 *  and it goes on where it stood. One that lives and is only late hears a signal more than it needs. */
const lostAfterMs = 3600 * 1000;

export class Triggers {
  readonly #situation: Situation;
  readonly #signals = new Map<string, Signal>();
  readonly #notEntered = new Map<string, NotEntered>();

  constructor(situation: Situation) {
    this.#situation = situation;
  }

  /** Looks at every new event, then at the profiles that became reachable. */
  consider(events: readonly Attributed[]): { signals: Signal[]; notEntered: NotEntered[] } {
    for (const attributed of events) this.#event(attributed);
    for (const attributed of events) this.#becameReachable(attributed);
    for (const attributed of events) this.#unsubscribed(attributed);
    const signals = [...this.#signals.values()].sort((a, b) => (signalKey(a) < signalKey(b) ? -1 : 1));
    return { signals, notEntered: [...this.#notEntered].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row) };
  }

  #event(attributed: Attributed): void {
    const { event, customerId } = attributed;
    const isOrder = event.effects.some((effect) => effect.do === 'order');
    if (isOrder && !this.#situation.orderNews.has(event)) return;
    const at = event.occurredAt.getTime();
    for (const route of routesOf(this.#situation.routing, event.name)) {
      if (route.ifOn && !this.#situation.isOn?.(route.journey)) continue;
      const address = addressOf(route, customerId, event.profile, event);
      if (route.signal === 'goal' && (route.key === 'offer' || route.key === 'purchase' || route.key === 'occasion')) {
        this.#goalOfOthers(route, customerId, address, { profile: event.profile, reason: event.name, at });
        continue;
      }
      if (address === null) continue;
      if (route.signal === 'start')
        this.#start({ ...address, reason: event.name, at }, event.profile, route.isService ?? false);
      else if (this.#live(address))
        this.#put({ ...address, reason: route.exit ?? event.name, at, signal: route.signal });
    }
  }

  /** Whatever the customer was offered or has bought before, an order reaches the goal; but not of the run that follows it, nor of one
   *  that is about the other profile. */
  #goalOfOthers({ journey }: Route, customerId: string, own: Address | null, { profile, ...why }: OrderNews): void {
    for (const { workflowId: id, key, ...run } of this.#situation.runsOf(customerId)) {
      if (run.journey !== journey || id === own?.workflowId || (profileOfKey(key) ?? profile) !== profile) continue;
      this.#put({ workflowId: id, journey, customerId, key, ...why, signal: 'goal' });
    }
  }

  #start(signal: Omit<Signal, 'signal'>, kind: ProfileKind, isService = false): void {
    if (this.#follows(signal)) return;
    const isLate = signal.at < this.#situation.now - startsWithinMs;
    if (isLate) this.#missed({ ...signal, reason: 'too_late' });
    else if (isService || this.#situation.isReachable(signal.customerId, kind))
      this.#put({ ...signal, signal: 'start' });
    else this.#missed({ ...signal, reason: 'unreachable' });
  }

  /** Whether a live run will read for itself what has come in. */
  #follows(address: Address): boolean {
    const run = this.#live(address);
    return run !== undefined && (run.dueAt === null || run.dueAt > this.#situation.now - lostAfterMs);
  }

  #live({ workflowId: id, customerId }: Address): LiveRun | undefined {
    return this.#situation.runsOf(customerId).find((run) => run.workflowId === id);
  }

  /** An address or a consent that comes in after the activity is a trigger itself: the newest intent counts. */
  #becameReachable({ event, customerId }: Attributed): void {
    const { now, routing, joined, isReachable, wasReachable, profile } = this.#situation;
    if (!joined.has(customerId) && !event.effects.some(({ do: what }) => what === 'contact' || what === 'consent'))
      return;
    if (!isReachable(customerId, event.profile) || wasReachable(customerId, event.profile)) return;
    this.#startThoseWhoWaited({ event, customerId });
    const { lastActivityAt, lastVisitAt } = profile(customerId, event.profile);
    const at = Math.max(lastActivityAt ?? 0, lastVisitAt ?? 0);
    if (at < now - startsWithinMs) return;
    for (const [name, routes] of Object.entries(routing)) {
      if (!isBrowsing(name)) continue;
      for (const route of routes.filter((one) => one.signal === 'start')) {
        const address = addressOf(route, customerId, event.profile);
        if (address === null) continue;
        const signal = { ...address, reason: 'reachable', at };
        if (!this.#signals.has(signalKey({ ...signal, signal: 'start' }))) this.#start(signal, event.profile);
      }
    }
  }

  /** What counts then is not the trigger of long ago but the word or the address that makes them reachable. */
  #startThoseWhoWaited({ event, customerId }: Pick<Attributed, 'event' | 'customerId'>): void {
    const at = event.occurredAt.getTime();
    const routes = Object.values(this.#situation.routing).flat();
    for (const route of at < this.#situation.now - startsWithinMs ? [] : routes) {
      if (!route.whenReachable) continue;
      const address = addressOf(route, customerId, event.profile);
      if (address === null) continue;
      const signal = { ...address, signal: 'start' as const, at };
      const isStarted = this.#signals.has(signalKey(signal)) || this.#follows(signal);
      if (!isStarted) this.#put({ ...signal, reason: 'reachable', ifMissed: true });
    }
  }

  /** Advertising refused: runs of marketing end at once (R9). */
  #unsubscribed({ event, customerId }: Attributed): void {
    const isRefusal = event.effects.some(
      (effect) => effect.do === 'consent' && effect.purpose === 'advertising' && effect.state === 'denied',
    );
    if (!isRefusal || this.#situation.isReachable(customerId, event.profile)) return;
    const at = event.occurredAt.getTime();
    for (const run of this.#situation.runsOf(customerId)) {
      this.#put({ ...run, signal: 'exit', reason: 'unsubscribed', at });
    }
  }

  #put(signal: Signal): void {
    const earlier = this.#signals.get(signalKey(signal));
    if (!earlier || earlier.at <= signal.at) this.#signals.set(signalKey(signal), signal);
  }

  #missed({ journey, key, customerId, reason, at }: NotEntered): void {
    const id = `${journey} ${key} ${customerId} ${reason}`;
    const earlier = this.#notEntered.get(id);
    if (!earlier || earlier.at < at) this.#notEntered.set(id, { journey, key, customerId, reason, at });
  }
}

function signalKey({ workflowId: id, signal }: Pick<Signal, 'workflowId' | 'signal'>): string {
  return `${id} ${signal}`;
}

type OrderNews = Pick<Signal, 'reason' | 'at'> & Pick<Event, 'profile'>;

type Address = Pick<Signal, 'workflowId' | 'journey' | 'customerId' | 'key'>;

/** Null where the journey's runs are told apart by what this event does not name. */
function addressOf(
  { journey, key: runKey }: Route,
  customerId: string,
  kind: ProfileKind,
  event?: Event,
): Address | null {
  const key = keyOf(runKey, kind, event);
  return key === null ? null : { workflowId: workflowId(journey, customerId, key), journey, customerId, key };
}

function keyOf(runKey: Route['key'], kind: ProfileKind, event: Event | undefined): string | null {
  if (runKey === 'profile') return kind;
  if (runKey === 'order') return event === undefined ? null : orderKeyOf(event);
  if (runKey === 'purchase') return event === undefined ? null : purchaseKeyOf(event);
  return runKey === 'none' ? '' : null;
}
