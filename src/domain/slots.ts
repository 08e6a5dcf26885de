import { durationMs } from './duration.ts';
import type { Contact, PolicyRule } from './policy.ts';
import { startOfDay } from './zone.ts';

/** How one rule of the contact policy counts. A contact holds a slot from when it is made until it leaves the window. */

/** Whether a rule is about a contact; its other channels and classes are none of its business. */
export function applies(rule: PolicyRule, contact: Pick<Contact, 'channels' | 'class'>): boolean {
  return (
    (rule.channels.length === 0 || contact.channels.some((channel) => rule.channels.includes(channel))) &&
    (rule.classes.length === 0 || rule.classes.includes(contact.class))
  );
}

/** When a contact made at `instant` leaves the rule's window. */
export function leaves(instant: Date, rule: PolicyRule, zone: string): Date {
  const ms = durationMs(rule.window);
  if (rule.clock === 'rolling') return new Date(instant.getTime() + ms);
  return startOfDay(instant, zone, Math.max(1, Math.round(ms / durationMs('P1D'))));
}

/** The contacts that hold a slot at `instant`, oldest first. `contacts` are those that the rule is about. */
export function heldAt(contacts: readonly Contact[], rule: PolicyRule, instant: Date, zone: string): Contact[] {
  const made = contacts.filter(({ at }) => at <= instant);
  return takers(made, rule, zone).filter((contact) => isHeld(contact, rule, instant, zone));
}

/** Contacts that take a slot; with `unit: run` the first of each run, until it has left the window. */
function takers(contacts: readonly Contact[], rule: PolicyRule, zone: string): Contact[] {
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
function isHeld(contact: Contact, rule: PolicyRule, instant: Date, zone: string): boolean {
  const age = instant.getTime() - contact.at.getTime();
  return age < durationMs(rule.window) + 2 * durationMs('P1D') && leaves(contact.at, rule, zone) > instant;
}
