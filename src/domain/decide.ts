import type { MessageFlags } from './journey.ts';
import { type Candidate, judge, type Ledger, type PolicySettings } from './policy.ts';
import { afterQuietHours } from './quiet-hours.ts';
import type { DecisionReason, ExitReason, HoldReason, UnreachableReason, UntrueReason } from './reasons.ts';
import type { ShopSettings } from './shop.ts';

/** Everything that deciding on one contact depends on, read under the customer's lock. */
export interface DecideInput {
  now: Date;
  /** What would go; `validForMs` runs from its `due`. */
  candidate: Candidate;
  validForMs: number;
  flags: MessageFlags;
  zone: string;
  shop: ShopSettings;
  policy: PolicySettings;
  ledger: Ledger;
  /** When its hour is best, where the message waits for one: the next such instant; null: any will do. */
  bestTime: Date | null;
  goal: boolean;
  exit: ExitReason | null;
  /** Why the message would not be true any more, or null. */
  untrue: UntrueReason | null;
  /** Why the customer may not be written to here, or null. */
  unreachable: UnreachableReason | null;
}

export type Decision =
  | { decision: 'send'; reason: 'ok' }
  | { decision: 'stop'; reason: DecisionReason }
  | { decision: 'skip'; reason: DecisionReason }
  | { decision: 'suppress'; reason: DecisionReason }
  | { decision: 'defer'; reason: HoldReason; until: Date; by?: Blocker }
  | { decision: 'drop'; reason: DecisionReason; by?: Blocker };

/** The run whose planned contact goes before this one. */
export type Blocker = { runId: string; journey: string; due: Date } | null;

/** The order of `semantics.md`, Deciding on a contact; the first objection is the answer. */
export function decide(input: DecideInput): Decision {
  if (input.exit !== null) return { decision: 'stop', reason: `exited:${input.exit}` };
  if (input.goal) return { decision: 'stop', reason: 'goal' };
  if (input.untrue !== null) return { decision: 'skip', reason: input.untrue };
  if (input.unreachable !== null) return { decision: 'suppress', reason: `unreachable:${input.unreachable}` };
  const hold = held(input);
  if (hold === null) {
    const latest = new Date(input.now.getTime() - wakingMs);
    return withinDeadline(input, latest) ? { decision: 'send', reason: 'ok' } : expired('late');
  }
  const { reason, until, by } = hold;
  if (until === null) return { decision: 'drop', reason, ...by };
  return withinDeadline(input, until) ? { decision: 'defer', reason, until, ...by } : { ...expired(reason), ...by };
}

/** Business time that a run may need to wake and decide: a message held to the very end of its time must not be too late then. */
export const wakingMs = 3_600_000;

function expired(reason: HoldReason | 'late') {
  return { decision: 'drop', reason: `expired:${reason}` } as const;
}

function withinDeadline({ candidate, validForMs }: DecideInput, instant: Date): boolean {
  return instant.getTime() <= candidate.due.getTime() + validForMs;
}

interface Hold {
  reason: HoldReason;
  /** Null: no time will help. */
  until: Date | null;
  by?: { by: Blocker };
}

/** Until when policy and quiet hours together hold the message: a policy that frees a slot at midnight frees
 *  it in the quiet hours, and one deferral is cheaper than two. */
function held(input: DecideInput): Hold | null {
  const { now, zone, shop, flags, bestTime } = input;
  const audible = (instant: Date) => (flags.quietHours ? afterQuietHours(instant, zone, shop.quietHours) : instant);
  if (flags.obeys) {
    const verdict = judge(input.ledger, input.policy, input.candidate, now, zone);
    if (!verdict.allowed) {
      const { rule, until, planned } = verdict;
      const by = planned === null ? {} : { by: { by: planned } };
      return { reason: `${planned === null ? 'policy' : 'planned'}:${rule}`, until: until && audible(until), ...by };
    }
  }
  // A message that would be too late at its best hour goes now: late is better than never.
  if (bestTime !== null && bestTime > now && withinDeadline(input, bestTime))
    return { reason: 'best_time', until: bestTime };
  const until = audible(now);
  return until > now ? { reason: 'quiet_hours', until } : null;
}
