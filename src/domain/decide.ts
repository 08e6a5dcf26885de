import type { ChannelName, ContactClass, MessageFlags } from './journey.ts';
import { type Contact, judge, type PolicySettings } from './policy.ts';
import { afterQuietHours } from './quiet-hours.ts';
import type { ShopSettings } from './shop.ts';

/** Everything that deciding on one contact depends on, read under the customer's lock. */
export interface DecideInput {
  now: Date;
  /** When this message was first due; `validForMs` runs from it. */
  firstDue: Date;
  validForMs: number;
  flags: MessageFlags;
  class: ContactClass;
  channel: ChannelName;
  runId: string;
  zone: string;
  shop: ShopSettings;
  policy: PolicySettings;
  history: readonly Contact[];
  /** This very message holds a slot already (a submission that is tried again). */
  holdsSlot: boolean;
  goal: boolean;
  exit: string | null;
  /** Why the message would not be true any more, or null. */
  untrue: string | null;
  /** Why the customer may not be written to here, or null. */
  unreachable: string | null;
}

export type Decision =
  | { decision: 'send'; reason: 'ok' }
  | { decision: 'stop'; reason: string }
  | { decision: 'skip'; reason: string }
  | { decision: 'suppress'; reason: string }
  | { decision: 'defer'; reason: string; until: Date }
  | { decision: 'drop'; reason: string };

/** The order of `semantics.md`, Deciding on a contact; the first objection is the answer. */
export function decide(input: DecideInput): Decision {
  if (input.exit !== null) return { decision: 'stop', reason: `exited:${input.exit}` };
  if (input.goal) return { decision: 'stop', reason: 'goal' };
  if (input.untrue !== null) return { decision: 'skip', reason: input.untrue };
  if (input.unreachable !== null) return { decision: 'suppress', reason: `unreachable:${input.unreachable}` };
  const hold = held(input);
  if (hold === null) return withinDeadline(input, input.now) ? { decision: 'send', reason: 'ok' } : expired('late');
  return withinDeadline(input, hold.until) ? { decision: 'defer', ...hold } : expired(hold.reason);
}

function expired(reason: string): Decision {
  return { decision: 'drop', reason: `expired:${reason}` };
}

function withinDeadline({ firstDue, validForMs }: DecideInput, instant: Date): boolean {
  return instant.getTime() <= firstDue.getTime() + validForMs;
}

/** Until when policy and quiet hours together hold the message: a policy that frees a slot at midnight frees
 *  it in the quiet hours, and one deferral is cheaper than two. */
function held(input: DecideInput): { reason: string; until: Date } | null {
  const { now, zone, shop, flags } = input;
  const audible = (instant: Date) => (flags.quietHours ? afterQuietHours(instant, zone, shop.quietHours) : instant);
  if (flags.obeys && !input.holdsSlot) {
    const verdict = judge(input.history, input.policy, input, now, zone);
    if (!verdict.allowed) return { reason: `policy:${verdict.rule}`, until: audible(verdict.until) };
  }
  const until = audible(now);
  return until > now ? { reason: 'quiet_hours', until } : null;
}
