/**
 * When goods run out (J14). One piece lasts a usual household so many days; that is learnt from how long customers take until they buy
 * again, and one's own experience counts for the more, the more there is of it:
 *
 *   expected = exp((n · ln median + k · ln wider) / (n + k))
 *
 * on each level (the customer's own intervals, the product, its category, all consumables, and above them the setting `fallback`);
 * `wider` is what the level above expects, `n` how many intervals (on the levels above: customers who bought again) have spoken, `k`
 * how many of them weigh as much as the level above. That is Bühlmann's credibility Z = n / (n + k) (Experience Rating and
 * Credibility, ASTIN Bulletin 4, 1967), on logarithms: intervals are positive and have a long tail.
 *
 * Two pieces last longer than one, and a large household needs more than a usual one: times quantity^a, divided by (people / usual)^b.
 */

/** What a level has taught. `days`: the median of how long one piece lasts a usual household. `count`: how many it was taken of. */
export interface Learnt {
  days: number;
  count: number;
}

export interface ReplenishmentModel {
  /** Days that are expected where nobody has taught anything. */
  fallbackDays: number;
  /** `k`: of a customer's own intervals, and of those who bought again on the levels above. */
  trust: { own: number; others: number };
  /** Exponents, 0 to 1: 0, it makes no difference; 1, twice as many last twice as long. */
  stretch: { quantity: number; household: number };
  /** People in a household of which nothing is known. */
  usualHousehold: number;
  /** Goods are missed for so many times as long as they last, and then not any more: they were bought elsewhere. */
  staysDue: number;
}

/** Narrow to wide: own, product, category, all; null where a level has taught nothing. */
export type Levels = readonly [own: Learnt | null, ...others: (Learnt | null)[]];

/** How many days one piece is expected to last a usual household. */
export function expectedDays(levels: Levels, { fallbackDays, trust }: ReplenishmentModel): number {
  const widestFirst = [...levels.entries()].toReversed();
  return widestFirst.reduce((wider, [place, level]) => {
    if (level === null) return wider;
    const weight = place === 0 ? trust.own : trust.others;
    return Math.exp((level.count * Math.log(level.days) + weight * Math.log(wider)) / (level.count + weight));
  }, fallbackDays);
}

/** How much longer so many pieces last such a household (null: not known) than one piece lasts a usual one. */
export function stretchOf(
  quantity: number,
  household: number | null,
  { stretch, usualHousehold }: ReplenishmentModel,
): number {
  return quantity ** stretch.quantity / ((household ?? usualHousehold) / usualHousehold) ** stretch.household;
}

export interface RunOut {
  /** Days after the purchase. */
  dueAfter: number;
  /** It is missed until then. */
  until: number;
}

/** When what was bought runs out. */
export function runOut(
  levels: Levels,
  { quantity, household }: { quantity: number; household: number | null },
  model: ReplenishmentModel,
): RunOut {
  const dueAfter = expectedDays(levels, model) * stretchOf(quantity, household, model);
  return { dueAfter, until: dueAfter * (1 + model.staysDue) };
}

/** The middle of sorted or unsorted intervals, of two middle ones the geometric; null of none. */
export function medianDays(days: readonly number[]): number | null {
  if (days.length === 0) return null;
  const sorted = days.toSorted((a, b) => a - b);
  const [low = 0, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  return Math.sqrt(low * high);
}

/** What counts as a consumable. A product's own attribute `consumable` goes before both. */
export interface ConsumableRules {
  categories: readonly string[];
  /** Whatever so many customers bought again, and at least this share of its buyers; null: nothing is learnt. */
  learnt: { repeaters: number; share: number } | null;
}

/** A good that is expected to run out. Instants are business time. */
export interface DueGood {
  productId: string;
  boughtAt: Date;
  dueAt: Date;
  untilAt: Date;
  /** Since when a message offers it, or is about to; null: none does. */
  offeredAt: Date | null;
}
