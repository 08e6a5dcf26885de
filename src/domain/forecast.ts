import { durationMs } from './duration.ts';
import {
  byRank,
  type Candidate,
  type Contact,
  candidateOf,
  hasSlot,
  isForbidden,
  type Ledger,
  longestWindowDays,
  obstacle,
  type Plan,
  type PolicyRule,
  type PolicySettings,
  type Scene,
} from './policy.ts';
import type { DecisionReason, HoldReason } from './reasons.ts';
import { applies, heldAt, leaves } from './slots.ts';

/** The communication map (R2): what the contact policy will make of what is planned. */

/** What will become of a planned contact, should all go as planned and nothing else come. */
export interface Expected<P extends Plan = Plan> {
  plan: P;
  /** When it will go; null: it will not. */
  at: Date | null;
  /** Why it will not go when it is due; null: it will. */
  reason: DecisionReason | null;
  /** Whose planned contacts stand in its way, and under which rule. */
  blockedBy: { runId: string; journey: string; rule: string }[];
}

/** When a message may go that must not disturb: from `at` on. */
type Audible<P> = (plan: P, at: Date) => Date;

/**
 * Gives every plan of a customer, by rank, the first slot that is free for it: the one that `judge` will give it when it asks.
 * A message that waits for the best hour may go later than this, once.
 */
export function forecast<P extends Plan>(
  ledger: Omit<Ledger, 'plans'> & { plans: readonly P[] },
  policy: PolicySettings,
  now: Date,
  zone: string,
  audible: Audible<P>,
): Expected<P>[] {
  const since = historySince(policy, now);
  const history = ledger.history.filter(({ at }) => at > since);
  const contacts = [...history];
  const scene: Scene = { policy, zone, contacts, ledger, now };
  return ledger.plans.toSorted(byRank).map((plan) => {
    const candidate = candidateOf(plan);
    const expected = expect(scene, plan, candidate, audible);
    const takesSlot = plan.counts && !hasSlot(scene, candidate);
    if (expected.at !== null && takesSlot) scene.contacts.push({ ...candidate, at: expected.at, plan });
    return expected;
  });
}

/** What was sent before this matters to no rule any more. The share of sales counts contacts, however old. */
export function historySince({ rules, sale, bulkAlone }: PolicySettings, now: Date): Date {
  const windows = [...rules.map(({ window }) => window), ...(bulkAlone ? [bulkAlone] : [])];
  const longest = sale ? longestWindowDays * day : Math.max(0, ...windows.map(durationMs));
  // A local day may be longer than 24 hours.
  return new Date(now.getTime() - longest - day);
}

const day = durationMs('P1D');

/** Goes from one objection to the next, each of which leads to a later instant, until there is none or it is too late. */
function expect<P extends Plan>(scene: Scene, plan: P, candidate: Candidate, audible: Audible<P>): Expected<P> {
  const blockedBy: Expected['blockedBy'] = [];
  let reason: HoldReason | null = null;
  let at = new Date(Math.max(plan.due.getTime(), scene.now.getTime()));
  for (;;) {
    if (at > plan.until) return { plan, at: null, reason: `expired:${reason ?? 'late'}`, blockedBy };
    const found = plan.obeys ? obstacle(scene, candidate, at) : null;
    if (found === null) {
      const heard = audible(plan, at);
      if (heard <= at) return { plan, at, reason, blockedBy };
      reason ??= 'quiet_hours';
      at = heard;
      continue;
    }
    reason = `${found.planned === null ? 'policy' : 'planned'}:${found.rule}`;
    if (found.planned !== null) block(blockedBy, found.planned, found.rule);
    if (found.next === null || isForbidden(scene, found.rule)) return { plan, at: null, reason, blockedBy };
    at = found.next;
  }
}

function block(blockedBy: Expected['blockedBy'], { runId, journey }: Plan, rule: string): void {
  const isKnown = blockedBy.some((one) => one.runId === runId && one.rule === rule);
  if (!isKnown) blockedBy.push({ runId, journey, rule });
}

/** How full a rule is. */
export interface RuleState {
  rule: PolicyRule;
  /** The contacts that take its places now, oldest first. */
  held: Contact[];
  /** When it has a free place: `now` where it has one; null: never. */
  freeAt: Date | null;
}

export function ruleStates(history: readonly Contact[], policy: PolicySettings, now: Date, zone: string): RuleState[] {
  return policy.rules.map((rule) => {
    const held = holdersOf(history, rule, now, zone);
    return { rule, held, freeAt: freeAt(rule, held, now, zone) };
  });
}

/** The contacts that take places of a rule at `at`, oldest first. */
export function holdersOf(history: readonly Contact[], rule: PolicyRule, at: Date, zone: string): Contact[] {
  return heldAt(
    history.filter((contact) => applies(rule, contact)),
    rule,
    at,
    zone,
  );
}

function freeAt(rule: PolicyRule, held: readonly Contact[], now: Date, zone: string): Date | null {
  if (rule.max === 0) return null;
  if (held.length < rule.max) return now;
  const ends = held.map(({ at }) => leaves(at, rule, zone)).toSorted((a, b) => a.getTime() - b.getTime());
  return ends[held.length - rule.max] ?? null;
}
