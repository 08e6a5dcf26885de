import type { Cascade } from './cascade.ts';

/** Intent (J3–J8): what a customer left behind, strongest first, and which message is due about it. */

export const branches = ['cart', 'favourites', 'expensive-view', 'view', 'category', 'visit'] as const;
export type Branch = (typeof branches)[number];

/** What the customer did with one profile, newest first; goods that are gone or bought are still in it. */
export interface Trail {
  cart: Touch[];
  favourites: Touch[];
  views: Touch[];
  categories: { ref: string; at: number }[];
  lastVisitAt: number | null;
  lastActivityAt: number | null;
}

/** `good` is what the customer's region can buy now, null where the catalogue or the region has none in stock. */
export interface Touch {
  product: string;
  at: number;
  quantity: number;
  boughtAt: number | null;
  good: Good | null;
}

export interface Good {
  id: string;
  name: string;
  url: string;
  imageUrl: string | null;
  category: string | null;
  /** Minor units. */
  price: number;
  oldPrice: number | null;
  currency: string;
}

export interface BranchSettings<Message extends string> {
  idleMs: number;
  steps: { message: Message; afterMs: number; validForMs: number; cascade: Cascade }[];
}

export interface IntentSettings<Message extends string> {
  lookbackMs: number;
  sessionMs: number;
  repeatAfterMs: number;
  expensiveFrom: number | null;
  branches: Record<Branch, BranchSettings<Message>>;
}

/** A run's memory: where it is in which branch. Instants are business epoch ms. */
export interface Progress {
  branch: Branch | null;
  /** Steps of `branch` that were accepted or skipped. */
  step: number;
  lastAt: number | null;
  /** Branches that were left or completed: a run does not come back to them. */
  closed: Branch[];
  /** The block that is being waited for, and when it was first due (for `validFor`). */
  due: { block: string; at: number } | null;
}

export const startOfRun: Progress = { branch: null, step: 0, lastAt: null, closed: [], due: null };

/** The last time a branch spoke to this customer in an earlier run, and of which goods. */
export type Spoken = Partial<Record<Branch, { at: number; goods: string[] }>>;

export interface Intent {
  branch: Branch;
  /** Product ids; for `category` the categories; empty for `visit`. */
  refs: string[];
}

export interface Situation<Message extends string> {
  trail: Trail;
  progress: Progress;
  spoken: Spoken;
  settings: IntentSettings<Message>;
  /** Views, categories and visits count from here on: what led to the run, and nothing before the last order. */
  since: number;
  now: number;
  /** When a wait ends that begins at `from`. */
  waitEnd(from: number, ms: number): number;
}

/** A message about an intent, and since when it is due, or when it will be. */
interface Due<Message extends string> {
  intent: Intent;
  block: string;
  upcoming: { message: Message; validForMs: number; cascade: Cascade; firstDue: number };
}

export type Choice<Message extends string> =
  | (Due<Message> & { do: 'send' })
  | (Due<Message> & { do: 'wait'; until: number })
  | { do: 'nothing'; why: 'completed' | 'nothing_left' };

/** Settings by which nothing but a cart is spoken of. */
export function cartAlone<Message extends string>(settings: IntentSettings<Message>): IntentSettings<Message> {
  const silent = branches.map((branch) => [branch, { ...settings.branches[branch], steps: [] }]);
  return { ...settings, branches: { ...Object.fromEntries(silent), cart: settings.branches.cart } };
}

/** Intents that are true now, strongest first. */
export function intents(situation: Situation<string>): Intent[] {
  const { trail, settings, since, now } = situation;
  const kept = now - settings.lookbackMs;
  const views = trail.views.filter(from(since)).filter(isBuyable);
  // A branch without steps says nothing: its goods are then viewed ones like all others.
  const dear = settings.branches['expensive-view'].steps.length > 0 ? settings.expensiveFrom : null;
  const isExpensive = ({ good }: Touch) => dear !== null && good !== null && good.price >= dear;
  const found: Record<Branch, string[] | null> = {
    cart: ids(trail.cart.filter((touch) => touch.quantity > 0 && touch.at >= kept && isBuyable(touch))),
    favourites: ids(trail.favourites.filter(from(kept)).filter(isBuyable)),
    'expensive-view': ids(views.filter(isExpensive)),
    view: ids(views.filter((touch) => !isExpensive(touch))),
    category: trail.categories.filter(from(since)).map((category) => category.ref),
    visit: openedNothing(situation) ? [] : null,
  };
  return branches.flatMap((branch) => {
    const refs = found[branch];
    return refs !== null && (refs.length > 0 || branch === 'visit') ? [{ branch, refs }] : [];
  });
}

const from = (instant: number) => (touch: { at: number }) => touch.at >= instant;
/** One good may be touched by its id and by its sku. */
const ids = (touches: Touch[]) => [...new Set(touches.map((touch) => touch.product))];
const isBuyable = (touch: Touch) => touch.good !== null && (touch.boughtAt === null || touch.boughtAt < touch.at);

/** J7: a visit in which no item and no category was opened, whatever was opened in earlier ones. */
function openedNothing({ trail, settings, since }: Situation<string>): boolean {
  if (trail.lastVisitAt === null || trail.lastVisitAt < since) return false;
  const touches = [...trail.views, ...trail.categories, ...trail.cart, ...trail.favourites];
  return !touches.some(from(Math.max(since, trail.lastVisitAt - settings.sessionMs)));
}

/** The next thing to do about the strongest intent that is still true (J3). Pure: same situation, same choice. */
export function choose<Message extends string>(situation: Situation<Message>): Choice<Message> {
  const { progress, settings, now } = situation;
  const completed = isCompleted(situation);
  const intent = intents(situation).find((candidate) => mayTake(candidate, situation));
  if (completed && !isStronger(intent, progress.branch)) return { do: 'nothing', why: 'completed' };
  if (intent === undefined) return { do: 'nothing', why: 'nothing_left' };
  const step = intent.branch === progress.branch ? progress.step : 0;
  const { steps, idleMs } = settings.branches[intent.branch];
  const next = steps[step];
  if (next === undefined) return { do: 'nothing', why: 'completed' };
  const block = `${intent.branch}-${step + 1}`;
  const due = dueAt(situation, step, idleMs, next.afterMs);
  const { afterMs: _, ...message } = next;
  if (due > now) return { do: 'wait', intent, block, until: due, upcoming: { ...message, firstDue: due } };
  const upcoming = { ...message, firstDue: firstDue(situation, intent.branch, block, due) };
  return { do: 'send', intent, block, upcoming };
}

/** A branch speaks again only if its goods changed and some days passed; one that was left is not taken up again,
 *  and a completed one ends the run instead of falling to a weaker intent. */
function mayTake({ branch, refs }: Intent, { progress, spoken, settings, now }: Situation<string>): boolean {
  if (branch === progress.branch) return true;
  if (progress.closed.includes(branch) || settings.branches[branch].steps.length === 0) return false;
  const last = spoken[branch];
  if (last === undefined) return true;
  return now - last.at >= settings.repeatAfterMs && (branch === 'visit' || !sameSet(last.goods, refs));
}

function isCompleted({ progress, settings }: Situation<string>): boolean {
  return progress.branch !== null && progress.step >= settings.branches[progress.branch].steps.length;
}

function isStronger(intent: Intent | undefined, branch: Branch | null): boolean {
  return intent !== undefined && branch !== null && branches.indexOf(intent.branch) < branches.indexOf(branch);
}

/** `after` counts from the previous step; the first from the last activity, but a run that is under way changes its
 *  branch no earlier than at its next step. Nobody is written to while still browsing: newer activity moves any step
 *  to its branch's idle time later. */
function dueAt(
  { trail, progress, since, waitEnd }: Situation<string>,
  step: number,
  idleMs: number,
  afterMs: number,
): number {
  const idle = Math.max(trail.lastActivityAt ?? since, trail.lastVisitAt ?? since) + idleMs;
  if (step > 0 && progress.lastAt !== null) return Math.max(waitEnd(progress.lastAt, afterMs), idle);
  return Math.max(progress.due?.at ?? idle, idle);
}

/** What `validFor` counts from. A run turns to another branch when the one it followed fails, days after the last
 *  activity perhaps: only then is the message due. */
function firstDue({ progress, now }: Situation<string>, branch: Branch, block: string, due: number): number {
  if (progress.due?.block === block) return progress.due.at;
  return progress.branch === null || progress.branch === branch ? due : now;
}

/** The run's memory after the step that it stands at was accepted, skipped or dropped. */
export function stepDone(progress: Progress, at: number): Progress {
  return { ...progress, step: progress.step + 1, lastAt: at, due: null };
}

/** The run's memory once it turns to a branch: the one it leaves is closed. */
export function inBranch(progress: Progress, branch: Branch): Progress {
  if (progress.branch === branch) return progress;
  const closed = progress.branch === null ? progress.closed : [...progress.closed, progress.branch];
  return { ...progress, branch, step: 0, closed };
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  const [one, other] = [new Set(a), new Set(b)];
  return one.size === other.size && a.every((item) => other.has(item));
}
