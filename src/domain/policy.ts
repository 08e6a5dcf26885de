import { durationMs } from './duration.ts';
import type { ChannelName, ContactClass } from './journey.ts';
import { at, startOfDay } from './zone.ts';

/** The contact policy (R1): rules are AND-ed, each caps what a customer gets in a window. */
export interface PolicySettings {
  rules: PolicyRule[];
}

/** Contacts older than this are not read for a decision, so no rule may look further back. */
export const longestWindowDays = 60;

export interface PolicyRule {
  name: string;
  /** Empty: all. */
  channels: ChannelName[];
  classes: ContactClass[];
  max: number;
  /** ISO 8601. With `calendar` whole days, today included, on the customer's clock. */
  window: string;
  clock: 'rolling' | 'calendar';
  /** `run`: the first message of a run takes the slot, its others within the window are free. */
  unit: 'message' | 'run';
}

export const defaultPolicy: PolicySettings = {
  rules: [
    { name: 'three-a-day', channels: [], classes: [], max: 3, window: 'P1D', clock: 'calendar', unit: 'message' },
    { name: 'ten-a-week', channels: [], classes: [], max: 10, window: 'P7D', clock: 'rolling', unit: 'message' },
  ],
};

/** One contact that counts: a step's iteration, whatever channels its cascade used. */
export interface Contact {
  at: Date;
  class: ContactClass;
  channel: ChannelName;
  runId: string | null;
}

export type Verdict = { allowed: true } | { allowed: false; rule: string; until: Date };

/** Whether `candidate` may go at `now`; if not, the first instant at which no rule stands against it. */
export function judge(
  history: readonly Contact[],
  policy: PolicySettings,
  candidate: Omit<Contact, 'at'>,
  now: Date,
  zone: string,
): Verdict {
  for (const rule of policy.rules.filter((one) => applies(one, candidate))) {
    const until = freeAt(history, rule, candidate, now, zone);
    if (until <= now) continue;
    // Other rules may stand then, even one that does not now: a run's slot lapses.
    const then: Verdict = rule.max === 0 ? { allowed: true } : judge(history, policy, candidate, until, zone);
    return then.allowed ? { allowed: false, rule: rule.name, until } : then;
  }
  return { allowed: true };
}

function freeAt(
  history: readonly Contact[],
  rule: PolicyRule,
  candidate: Omit<Contact, 'at'>,
  now: Date,
  zone: string,
): Date {
  // A rule with max 0 forbids; deferring by a whole window lets `validFor` drop the message.
  if (rule.max === 0) return leaves(now, rule, zone);
  const relevant = history.filter((contact) => applies(rule, contact));
  const held = slots(relevant, rule, zone).filter((contact) => isHeld(contact, rule, now, zone));
  if (holdsSlot(held, rule, candidate)) return now;
  const ends = held.map((contact) => leaves(contact.at, rule, zone)).toSorted((a, b) => a.getTime() - b.getTime());
  return ends[ends.length - rule.max] ?? now;
}

function applies(rule: PolicyRule, contact: Omit<Contact, 'at'>): boolean {
  return (
    (rule.channels.length === 0 || rule.channels.includes(contact.channel)) &&
    (rule.classes.length === 0 || rule.classes.includes(contact.class))
  );
}

/** Contacts that take a slot, oldest first. */
function slots(contacts: readonly Contact[], rule: PolicyRule, zone: string): Contact[] {
  const sorted = contacts.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  if (rule.unit === 'message') return sorted;
  const heldUntil = new Map<string, Date>();
  return sorted.filter(({ at, runId }) => {
    if (runId === null) return true;
    const until = heldUntil.get(runId);
    if (until !== undefined && at < until) return false;
    heldUntil.set(runId, leaves(at, rule, zone));
    return true;
  });
}

/** Most contacts are so old that no calendar need be asked, which takes its time. */
function isHeld(contact: Contact, rule: PolicyRule, now: Date, zone: string): boolean {
  const age = now.getTime() - contact.at.getTime();
  return age < durationMs(rule.window) + 2 * durationMs('P1D') && leaves(contact.at, rule, zone) > now;
}

function holdsSlot(held: readonly Contact[], rule: PolicyRule, { runId }: Omit<Contact, 'at'>): boolean {
  return rule.unit === 'run' && runId !== null && held.some((contact) => contact.runId === runId);
}

/** When a contact made at `instant` leaves the rule's window. */
function leaves(instant: Date, rule: PolicyRule, zone: string): Date {
  const ms = durationMs(rule.window);
  if (rule.clock === 'rolling') return new Date(instant.getTime() + ms);
  return startOfDay(instant, zone, Math.max(1, Math.round(ms / durationMs('P1D'))));
}

/** For the ledger's inputs: the local day that a calendar rule counts in. */
export function localDay(instant: Date, zone: string): string {
  return at(instant, zone).toPlainDate().toString();
}
