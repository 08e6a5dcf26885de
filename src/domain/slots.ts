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
  const days = Math.max(1, Math.round(ms / durationMs('P1D')));
  const key = `${zone} ${days} ${instant.getTime()}`;
  const known = ends.get(key);
  if (known !== undefined) return new Date(known);
  const end = startOfDay(instant, zone, days);
  if (ends.size >= mostEnds) ends.clear();
  ends.set(key, end.getTime());
  return end;
}

/** Ends of local days: one decision asks for the same ones many times, and calendars are slow. */
const ends = new Map<string, number>();
const mostEnds = 10_000;

/** The contacts that hold a slot at `instant`, oldest first. `contacts` are those that the rule is about. */
export function heldAt(contacts: readonly Contact[], rule: PolicyRule, instant: Date, zone: string): Contact[] {
  const upTo = instant.getTime();
  const isThere = (contact: Contact) => contact.at.getTime() <= upTo && isHeld(contact, rule, instant, zone);
  // Where every message counts, sorting the few that are left costs least.
  if (rule.unit === 'message') return contacts.filter(isThere).sort(byTime);
  return takers(contacts, rule, zone).filter(isThere);
}

const byTime = (a: Contact, b: Contact) => a.at.getTime() - b.at.getTime();

/** Contacts that take a slot where runs count: the first of each run, until it has left the window. */
function takers(contacts: readonly Contact[], rule: PolicyRule, zone: string): Contact[] {
  const heldUntil = new Map<string, Date>();
  return contacts.toSorted(byTime).filter(({ at, runId }) => {
    if (runId === null) return true;
    const until = heldUntil.get(runId);
    if (until !== undefined && at < until) return false;
    heldUntil.set(runId, leaves(at, rule, zone));
    return true;
  });
}

/** Whether a contact made at `at` is still in the rule's window at `instant`. */
export function isHeld({ at }: Pick<Contact, 'at'>, rule: PolicyRule, instant: Date, zone: string): boolean {
  // Most are so old that no calendar need be asked, which takes its time.
  return instant.getTime() - at.getTime() < durationMs(rule.window) + longestExtra && leaves(at, rule, zone) > instant;
}

/** By so much a local day may be longer than 24 h: zones have moved over the date line. */
const longestExtra = durationMs('P1D');
