import { durationMs } from './duration.ts';
import { type ChannelName, type ContactClass, contactClasses } from './journey.ts';
import { applies, heldAt, isHeld, leaves } from './slots.ts';

/** The contact policy (R1): many journeys, one voice. Everything here is AND-ed. */
export interface PolicySettings {
  /** Each caps what a customer gets in a window. */
  rules: PolicyRule[];
  /** At most `max` sale messages among any `of` consecutive contacts (R2, mi-shop: 1 in 4); null: no such limit. */
  sale?: { max: number; of: number } | null;
  /** Bulk goes only to those with no automated contact sent or planned within this ISO 8601 duration (R1, Komus). */
  bulkAlone?: string | null;
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
  sale: null,
  bulkAlone: null,
};

/** One contact that counts: a step's iteration, whatever channels its cascade used. */
export interface Contact {
  /** Tells it from all others: run, block and iteration. */
  key: string;
  at: Date;
  class: ContactClass;
  channels: readonly ChannelName[];
  runId: string | null;
  sale: boolean;
}

/** What a run will send next, and when (R2). It holds its slot against lower classes until `until`. */
export interface Plan {
  runId: string;
  journey: string;
  class: ContactClass;
  channel: ChannelName;
  due: Date;
  /** After this the message is dropped, and the plan means nothing. */
  until: Date;
  obeys: boolean;
  counts: boolean;
  sale: boolean;
  /** The contact that this is (`Contact.key`): where the step's cascade goes on by another channel, it has its slot already. */
  contact?: string | null;
}

/** What would be sent. */
export interface Candidate extends Omit<Contact, 'at'> {
  /** When it was first due: of equal classes the earlier goes first. */
  due: Date;
}

/** `until: null`: no time will help. `planned`: the run whose planned contact stands in the way; else it is what was sent. */
export type Verdict =
  | { allowed: true }
  | { allowed: false; rule: string; until: Date | null; planned: { runId: string; journey: string; due: Date } | null };

/** A customer's contacts, made and to come, as one decision sees them. */
export interface Ledger {
  history: Contact[];
  /** Of other runs. */
  plans: readonly Plan[];
  /** Whether a run of the customer goes on that keeps bulk away (welcome, J1). */
  excludesBulk: boolean;
}

/** Sales as one rule, and bulk's, beside the caps. Named so in the decision ledger. */
const saleRule = 'sale-share';
const bulkRule = 'bulk-alone';
const excludedRule = 'bulk-excluded';

/** While a run keeps bulk away, one looks again so often. */
const lookAgainMs = durationMs('P1D');

/**
 * Whether `candidate` may go at `now`; if not, the first instant at which nothing stands against it, should all go as planned.
 * It may go where no rule is broken by it, neither now nor when a planned contact of higher rank is due: so a lower class never
 * takes a slot that a higher one will need (`semantics.md`, Policy).
 */
export function judge(ledger: Ledger, policy: PolicySettings, candidate: Candidate, now: Date, zone: string): Verdict {
  const scene = sceneOf(ledger, policy, candidate, now, zone);
  const first = obstacle(scene, candidate, now);
  if (first === null) return { allowed: true };
  const free = freeFrom(scene, candidate, first);
  return { allowed: false, rule: free.rule, until: free.until, planned: free.planned };
}

/** A contact of the time to come remembers whose it is. */
export interface Placed extends Contact {
  plan?: Plan;
}

export interface Scene {
  policy: PolicySettings;
  zone: string;
  /** What was sent, and what is planned above the candidate, each at the time at which it will find a slot. */
  contacts: Placed[];
  ledger: Ledger;
  now: Date;
}

function sceneOf(ledger: Ledger, policy: PolicySettings, candidate: Candidate, now: Date, zone: string): Scene {
  const contacts: Placed[] = [...ledger.history];
  const scene: Scene = { policy, zone, contacts, ledger, now };
  for (const plan of ledger.plans.filter((one) => goesBefore(one, candidate, now)).toSorted(byRank)) place(scene, plan);
  return scene;
}

function goesBefore(plan: Plan, candidate: Candidate, now: Date): boolean {
  return plan.counts && plan.until >= now && plan.runId !== candidate.runId && byRank(plan, asPlan(candidate)) < 0;
}

/** Higher class first, then the earlier due, then the run's id. */
export function byRank(a: Ranked, b: Ranked): number {
  const rank = contactClasses.indexOf(a.class) - contactClasses.indexOf(b.class);
  if (rank !== 0) return rank;
  const due = a.due.getTime() - b.due.getTime();
  if (due !== 0) return due;
  return (a.runId ?? '') < (b.runId ?? '') ? -1 : 1;
}

type Ranked = Pick<Plan, 'class' | 'due'> & { runId: string | null };
const asPlan = ({ class: rank, due, runId }: Candidate): Ranked => ({ class: rank, due, runId });

/** Puts a planned contact where it will find a slot, if it finds one in time. One that does not obey goes when it is due. */
function place(scene: Scene, plan: Plan): void {
  const planned = candidateOf(plan);
  if (hasSlot(scene, planned)) return;
  const due = new Date(Math.max(plan.due.getTime(), scene.now.getTime()));
  const first = plan.obeys ? obstacle(scene, planned, due) : null;
  const at = first === null ? due : freeFrom(scene, planned, first).until;
  if (at !== null && at <= plan.until) scene.contacts.push({ ...planned, at, plan });
}

/** The contact that a plan will be. */
export function candidateOf({ runId, class: rank, channel, sale, due, contact }: Plan): Candidate {
  return { key: contact ?? `plan:${runId}`, class: rank, channels: [channel], runId, sale, due };
}

export function hasSlot({ contacts }: Scene, { key }: Candidate): boolean {
  return contacts.some((one) => one.key === key);
}

/** What stands against a contact at `at`, and the next instant at which it may be otherwise; null: nothing does. */
export interface Obstacle {
  rule: string;
  next: Date | null;
  planned: Plan | null;
}

export function obstacle(scene: Scene, candidate: Candidate, at: Date): Obstacle | null {
  for (const rule of scene.policy.rules) {
    const found = capped(scene, rule, candidate, at);
    if (found !== null) return found;
  }
  return tooManySales(scene, candidate, at) ?? (candidate.class === 'bulk' ? bulkHeld(scene, at) : null);
}

/** Goes from obstacle to obstacle until there is none. Each step leads to a later instant, and there are only so many contacts;
 *  the last one is named, since it is what one waits for. */
function freeFrom(scene: Scene, candidate: Candidate, first: Obstacle) {
  let last = first;
  for (;;) {
    const planned = last.planned && blockerOf(last.planned);
    const found = last.next === null || isForbidden(scene, last.rule) ? null : obstacle(scene, candidate, last.next);
    if (found === null) return { rule: last.rule, until: last.next, planned };
    last = found;
  }
}

const blockerOf = ({ runId, journey, due }: Plan) => ({ runId, journey, due });

/** A rule with max 0 forbids; deferring by a whole window lets `validFor` drop the message. */
export function isForbidden({ policy }: Scene, name: string): boolean {
  return name === excludedRule || policy.rules.some((rule) => rule.name === name && rule.max === 0);
}

function capped(scene: Scene, rule: PolicyRule, candidate: Candidate, at: Date): Obstacle | null {
  const { contacts, zone } = scene;
  if (!applies(rule, candidate)) return null;
  if (rule.max === 0) return { rule: rule.name, next: leaves(at, rule, zone), planned: null };
  const about = contacts.filter((contact) => applies(rule, contact));
  // This contact has its slot already: by another channel of its cascade, or by an earlier attempt.
  if (about.some(({ key }) => key === candidate.key)) return null;
  const with_ = [...about, { ...candidate, at }];
  // A run that has a slot takes no other, however many there are.
  const isOver = (held: readonly Contact[]) => held.length > rule.max && held.some(({ key }) => key === candidate.key);
  const now = heldAt(with_, rule, at, zone);
  if (isOver(now)) return { rule: rule.name, next: firstToLeave(now, rule, at, zone), planned: latestPlan(now) };
  for (const later of about.filter((one) => one.at.getTime() > at.getTime() && isHeld({ at }, rule, one.at, zone))) {
    const then = heldAt(with_, rule, later.at, zone);
    if (isOver(then)) return { rule: rule.name, next: later.at, planned: later.plan ?? null };
  }
  return null;
}

function firstToLeave(held: readonly Contact[], rule: PolicyRule, at: Date, zone: string): Date {
  return new Date(
    Math.min(...held.map((one) => leaves(one.at, rule, zone).getTime()).filter((end) => end > at.getTime())),
  );
}

const latestPlan = (held: readonly Contact[]) =>
  (held as readonly Placed[]).findLast(({ plan }) => plan !== undefined)?.plan ?? null;

/** Among any `of` consecutive contacts that hold this one there are at most `max` sales. */
function tooManySales({ contacts, policy }: Scene, candidate: Candidate, at: Date): Obstacle | null {
  const { sale } = policy;
  if (!sale || !candidate.sale || contacts.some(({ key }) => key === candidate.key)) return null;
  const sorted = contacts.filter((one) => one.class !== 'service').toSorted((a, b) => a.at.getTime() - b.at.getTime());
  // What is planned for this very instant has not gone yet.
  const hasGone = (one: Placed) => one.at < at || (one.plan === undefined && one.at <= at);
  const before = sorted.filter(hasGone).slice(-sale.of + 1);
  const after = sorted.filter((one) => !hasGone(one));
  const near = [...before, candidate, ...after.slice(0, sale.of - 1)];
  const salesFrom = (start: number) => near.slice(start, start + sale.of).filter((one) => one.sale).length;
  // Every window that this contact would be in begins before it, or with it.
  const crowded = Array.from({ length: before.length + 1 }, (_, start) => salesFrom(start)).some((n) => n > sale.max);
  // Only contacts in between make room; where none is planned, no time will.
  if (!crowded) return null;
  const [coming] = after;
  return { rule: saleRule, next: coming ? new Date(coming.at.getTime() + 1) : null, planned: coming?.plan ?? null };
}

function bulkHeld({ contacts, policy, ledger, zone }: Scene, at: Date): Obstacle | null {
  if (ledger.excludesBulk) return { rule: excludedRule, next: new Date(at.getTime() + lookAgainMs), planned: null };
  if (!policy.bulkAlone) return null;
  const rule = { ...alone, window: policy.bulkAlone };
  const automated = contacts.filter((one) => one.class !== 'bulk' && one.class !== 'service');
  const [sent] = heldAt(automated, rule, at, zone).slice(-1);
  if (sent) return { rule: bulkRule, next: leaves(sent.at, rule, zone), planned: (sent as Placed).plan ?? null };
  const end = leaves(at, rule, zone);
  const coming = automated.find((one) => one.at > at && one.at < end);
  return coming ? { rule: bulkRule, next: coming.at, planned: coming.plan ?? null } : null;
}

const alone: PolicyRule = {
  name: bulkRule,
  channels: [],
  classes: [],
  max: 1,
  window: '',
  clock: 'rolling',
  unit: 'message',
};
