import { durationMs } from '#domain/duration.ts';
import { readBusinessClock } from './business-clock.ts';
import { nothingAfterNo } from './invariants/consent.ts';
import { capsKept, prioritiesKept } from './invariants/contacts.ts';
import { activitiesCounted, eventsHaveKeys, eventsOnce, ordersKept } from './invariants/events.ts';
import type { Any, Circumstances, Invariant, JourneyRules, Violation } from './invariants/invariant.ts';
import {
  nobodysMissing,
  nothingPending,
  nothingTwice,
  sendsDecided,
  sendsKept,
  statesLegal,
  stepsOnce,
} from './invariants/ledger.ts';
import { oneOrderFollowed } from './invariants/orders.ts';
import { codesOwnedOnce, codesRedeemedByOrders, codesTold, poolsNotOverdrawn } from './invariants/promo.ts';
import { holdsEnd, nobodyForgotten, oneHolder, servedInOrder } from './invariants/queues.ts';
import { dueOnce } from './invariants/replenishment.ts';
import {
  blocksBalance,
  countsBalance,
  endsWhole,
  noneOverdue,
  noStartOverdue,
  onceIsOnce,
  outboxDrained,
  plansLive,
  runsWait,
} from './invariants/runs.ts';
import { wishesToldOnce } from './invariants/wish-news.ts';

export type { JourneyRules, Violation } from './invariants/invariant.ts';

/** Every promise of the system that the database can show to be broken, by name (`docs/simulator.md`). */
export const invariants = {
  'each event is stored once': eventsOnce,
  'each event has its key': eventsHaveKeys,
  'each visit and activity counts once': activitiesCounted,
  'each order that an event tells of is on record': ordersKept,
  'the ledger’s states are legal': statesLegal,
  'whatever was sent was decided on': sendsDecided,
  'whatever was decided to be sent is in the ledger': sendsKept,
  'a step is once in the ledger for each channel': stepsOnce,
  'messages and blocks have their customers and runs': nobodysMissing,
  'no marketing message goes twice': nothingTwice,
  'nothing that runs out is offered twice': dueOnce,
  'nobody is told of a wish twice': wishesToldOnce,
  'one order is followed at a time': oneOrderFollowed,
  'no message is left between reserved and sent': nothingPending,
  'the policy’s caps are kept': capsKept,
  'priorities are kept': prioritiesKept,
  'nothing is submitted after a no': nothingAfterNo,
  'a promo code has one owner': codesOwnedOnce,
  'who was given a promo code was told of it': codesTold,
  'a promo code is redeemed by an order that carries it': codesRedeemedByOrders,
  'no pool has more promo codes than it may': poolsNotOverdrawn,
  'every live run waits with a deadline': runsWait,
  'no run is left behind': noneOverdue,
  'no start is left behind': noStartOverdue,
  'what has ended is whole': endsWhole,
  'who went through what goes once does not again': onceIsOnce,
  'only live runs plan': plansLive,
  'a run waits in one block': blocksBalance,
  'block counts balance': countsBalance,
  'the outbox is drained': outboxDrained,
  'an item has one holder at a time': oneHolder,
  'queues are served in order': servedInOrder,
  'every hold ends, or has a deadline': holdsEnd,
  'nobody in a queue is forgotten': nobodyForgotten,
} as const satisfies Record<string, Invariant>;

export type InvariantName = keyof typeof invariants;

export interface CheckOptions {
  /** Business time. */
  now: Date;
  /** All that was to be done is done (the end of a story): also nothing may be left on its way. Default: false. */
  isAtRest?: boolean;
  /** What journeys promise by themselves, by name. */
  journeys?: Readonly<Record<string, JourneyRules>>;
  /** Business ms by which what two processes wrote at once may be the wrong way round. Default: two seconds on the wall. */
  slackMs?: number;
}

const wallSlackMs = durationMs('PT2S');

/** Looks through the whole database, at any moment. Empty: no promise is broken. Reads everything: for tests, simulations and
 *  people who look for a fault, not for every minute of a large shop. */
export async function checkInvariants(db: Any, options: CheckOptions): Promise<Violation[]> {
  const { now, isAtRest = false, journeys = {} } = options;
  const time = await readBusinessClock(db);
  const slackMs = options.slackMs ?? wallSlackMs * (time?.scale ?? 1);
  const circumstances: Circumstances = { now, isAtRest, journeys, slackMs };
  const violations: Violation[] = [];
  for (const [invariant, check] of Object.entries<Invariant>(invariants))
    violations.push(...(await check(db, circumstances)).map((what) => ({ invariant, what })));
  return violations;
}
