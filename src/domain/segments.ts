import type { IdentityKind } from './identity.ts';
import type { ChannelName, ProfileKind } from './journey.ts';
import type { Stage } from './stages.ts';

/** Conditions of segments (P5): a JSON document. Each is about one customer, true or false, and false where nothing is known. */
export type Condition =
  | { all: Condition[] }
  | { any: Condition[] }
  | { not: Condition }
  | TraitCondition
  | CustomerCondition
  | MetricCondition
  | RfmCondition
  | StageCondition
  | OrdersCondition
  | EventsCondition
  | ConsentCondition
  | ReachableCondition
  | JourneyCondition
  | MessageCondition
  | SegmentCondition;

export type Leaf = Extract<Condition, { where: string }>;

/** A number is in all the ranges that are given. */
export interface NumberTest {
  gte?: number | undefined;
  gt?: number | undefined;
  lte?: number | undefined;
  lt?: number | undefined;
  eq?: number | undefined;
}

/** An instant, relative to now or not. Durations are ISO 8601: `within: 'P90D', before: 'P45D'` is 45 to 90 days ago. */
export interface TimeTest {
  /** Not longer ago. */
  within?: string | undefined;
  /** Longer ago. */
  before?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
}

/** A trait as it was told: text, number, yes or no. */
export interface TraitCondition {
  where: 'trait';
  name: string;
  is: {
    in?: (string | number | boolean)[] | undefined;
    contains?: string | undefined;
    known?: boolean | undefined;
  } & NumberTest;
}

export interface CustomerCondition {
  where: 'customer';
  kind?: 'b2c' | 'b2b' | undefined;
  region?: string[] | undefined;
  locale?: string[] | undefined;
  /** Has either of these profiles. */
  profiles?: ProfileKind[] | undefined;
  /** Has an identity of one of these kinds: who has a card and no login buys in the shop alone. */
  knownBy?: IdentityKind[] | undefined;
  signedUp?: TimeTest | undefined;
  seen?: TimeTest | undefined;
}

export const countedMetrics = ['orders', 'turnover', 'average', 'profit', 'discounted', 'interval_days'] as const;

/** Of either profile, where none is named. Money in minor units. Who has ordered nothing has 0 orders and 0 turnover. */
export interface MetricCondition {
  where: 'metric';
  metric: (typeof countedMetrics)[number];
  profile?: ProfileKind | undefined;
  is: NumberTest;
}

/** Codes as the shop shows them, `x` for any digit; keys of named segments. */
export interface RfmCondition {
  where: 'rfm';
  profile?: ProfileKind | undefined;
  codes?: string[] | undefined;
  segments?: string[] | undefined;
}

export interface StageCondition {
  where: 'stage';
  profile?: ProfileKind | undefined;
  in: Stage[];
  /** When it was entered. */
  since?: TimeTest | undefined;
}

/** Lines that an order has at least one of. */
export interface LinesTest {
  products?: string[] | undefined;
  categories?: string[] | undefined;
  brands?: string[] | undefined;
}

/** So many orders that are all that; one at least, where `count` does not say. */
export interface OrdersCondition {
  where: 'orders';
  profile?: ProfileKind | undefined;
  placed?: TimeTest | undefined;
  total?: NumberTest | undefined;
  lines?: LinesTest | undefined;
  reduced?: boolean | undefined;
  /** The newest of the profile. */
  last?: boolean | undefined;
  count?: NumberTest | undefined;
}

export interface EventsCondition {
  where: 'events';
  name: string;
  profile?: ProfileKind | undefined;
  occurred?: TimeTest | undefined;
  count?: NumberTest | undefined;
}

export interface ConsentCondition {
  where: 'consent';
  purpose: 'advertising' | 'personal_data';
  channel: ChannelName | '*';
  topic: string;
  state: 'granted' | 'denied';
}

/** Advertising may be sent there: address, consent, no bounce, no complaint. */
export interface ReachableCondition {
  where: 'reachable';
  /** Any of them. */
  channels: ChannelName[];
}

/** A run of it: entered, live now, or ended so. */
export interface JourneyCondition {
  where: 'journey';
  journey: string;
  live?: boolean | undefined;
  outcome?: string | undefined;
  entered?: TimeTest | undefined;
}

/** A message that was sent, opened by a person, or clicked. */
export interface MessageCondition {
  where: 'message';
  reaction: 'sent' | 'opened' | 'clicked';
  journey?: string | undefined;
  template?: string | undefined;
  channel?: ChannelName | undefined;
  at?: TimeTest | undefined;
  count?: NumberTest | undefined;
}

/** By id. */
export interface SegmentCondition {
  where: 'segment';
  id: string;
}

/** Whether a number passes. */
export function passes(value: number, test: NumberTest): boolean {
  const { gte, gt, lte, lt, eq } = test;
  return (
    (gte === undefined || value >= gte) &&
    (gt === undefined || value > gt) &&
    (lte === undefined || value <= lte) &&
    (lt === undefined || value < lt) &&
    (eq === undefined || value === eq)
  );
}

/** All that a condition is made of. */
export function leavesOf(condition: Condition): Leaf[] {
  if ('where' in condition) return [condition];
  if ('not' in condition) return leavesOf(condition.not);
  return ('all' in condition ? condition.all : condition.any).flatMap(leavesOf);
}
