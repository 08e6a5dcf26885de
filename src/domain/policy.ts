import { durationMs } from './duration.ts';
import type { ChannelName, ContactClass } from './journey.ts';
import { at, startOfDay } from './zone.ts';

/** The contact policy (R1): rules are AND-ed, each caps what a customer gets in a window. */
export interface PolicySettings {
  rules: PolicyRule[];
}

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
  let verdict: Verdict = { allowed: true };
  for (const rule of policy.rules) {
    const until = freeAt(history, rule, candidate, now, zone);
    if (until > now && (verdict.allowed || until > verdict.until)) verdict = { allowed: false, rule: rule.name, until };
  }
  return verdict;
}

function freeAt(
  history: readonly Contact[],
  rule: PolicyRule,
  candidate: Omit<Contact, 'at'>,
  now: Date,
  zone: string,
): Date {
  if (!applies(rule, candidate)) return now;
  const times = slots(
    history.filter((contact) => applies(rule, contact) && leaves(contact.at, rule, zone) > now),
    rule,
    candidate,
  );
  if (times === 'free' || times.length < rule.max) return now;
  // A rule with max 0 forbids; deferring by a whole window lets `validFor` drop the message.
  const blocking = rule.max === 0 ? now : (times[times.length - rule.max] ?? now);
  return leaves(blocking, rule, zone);
}

function applies(rule: PolicyRule, contact: Omit<Contact, 'at'>): boolean {
  return (
    (rule.channels.length === 0 || rule.channels.includes(contact.channel)) &&
    (rule.classes.length === 0 || rule.classes.includes(contact.class))
  );
}

/** Instants that take a slot, oldest first; `free` where the candidate's own run holds one. */
function slots(contacts: readonly Contact[], rule: PolicyRule, candidate: Omit<Contact, 'at'>): Date[] | 'free' {
  const sorted = contacts.toSorted((a, b) => a.at.getTime() - b.at.getTime());
  if (rule.unit === 'message') return sorted.map((contact) => contact.at);
  const runs = new Map<string, Date>();
  for (const [index, contact] of sorted.entries()) {
    const run = contact.runId ?? `single:${index}`;
    if (!runs.has(run)) runs.set(run, contact.at);
  }
  return candidate.runId !== null && runs.has(candidate.runId) ? 'free' : [...runs.values()];
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
