import type { ReplenishmentRules } from '#db/replenishment/refresh.ts';
import { expectedDays, type Learnt, medianDays, stretchOf } from '#domain/replenishment.ts';

/** What somebody bought of one thing on one day. */
export interface Bought {
  customer: string;
  product: string;
  category: string | null;
  /** Whole days, from any beginning. */
  day: number;
  quantity: number;
}

/** A purchase after which the same was bought again, as it was foreseen at the time of the first. */
export interface Foreseen {
  /** Days until it was bought again. */
  actual: number;
  /** Days that each way of foreseeing gave; null: it had nothing to say. */
  by: Readonly<Record<Way, number | null>>;
}

/** `model`: run-outs as the journey has them. The others are its parts, and the rule by hand. */
export const ways = ['model', 'own', 'product', 'rule'] as const;
export type Way = (typeof ways)[number];

/** Komus' rule: bought 45 to 90 days ago. Its date is the middle. */
const ruleDays = { from: 45, to: 90 };

/** One customer and product. */
interface Pair {
  category: string | null;
  last: { day: number; quantity: number };
  /** How long one piece lasted, each time. */
  lasted: number[];
  median: number | null;
  /** What was foreseen at the last purchase. */
  foreseen: Foreseen['by'] | null;
}

/** Walks through purchases in the order of their days, knowing at each only what was before, and answers what was foreseen on the days
 *  from `from` to `until` and came true or not; what was not bought again is not in it. Intervals are learnt anew as the journey does. */
export function* foresee(
  purchases: readonly Bought[],
  rules: ReplenishmentRules,
  { from, until }: { from: number; until: number },
): Generator<Foreseen> {
  const known = new Known(rules);
  for (const [day, bought] of byDay(purchases)) {
    known.begin(day);
    for (const one of bought) {
      const before = known.pair(one);
      const foreseen = before?.foreseen ?? null;
      if (before !== null && foreseen !== null && before.last.day >= from && before.last.day <= until)
        yield { actual: day - before.last.day, by: foreseen };
      known.add(one);
    }
  }
}

/** Sorted by day; what somebody bought of one thing on a day is one purchase. */
function byDay(purchases: readonly Bought[]): [number, Bought[]][] {
  const days = Map.groupBy(purchases, ({ day }) => day);
  return [...days].toSorted(([a], [b]) => a - b).map(([day, all]) => [day, together(all)]);
}

function together(all: readonly Bought[]): Bought[] {
  const found = new Map<string, Bought>();
  for (const one of all) {
    const key = `${one.customer}\n${one.product}`;
    const same = found.get(key);
    if (same === undefined) found.set(key, { ...one });
    else same.quantity += one.quantity;
  }
  return [...found.values()];
}

/** What is known on a day. */
class Known {
  private readonly rules: ReplenishmentRules;
  private readonly customers = new Map<string, Map<string, Pair>>();
  private readonly repeated = new Map<string, Set<Pair>>();
  private readonly buyers = new Map<string, number>();
  private readonly categories = new Map<string, string | null>();
  private learntOn = Number.NEGATIVE_INFINITY;
  private learnt = {
    products: new Map<string, Learnt>(),
    categories: new Map<string, Learnt>(),
    all: null as Learnt | null,
  };
  private consumables = new Set<string>();

  constructor(rules: ReplenishmentRules) {
    this.rules = rules;
  }

  /** A day begins: what was learnt is learnt anew where it is old. */
  begin(day: number): void {
    if ((day - this.learntOn) * dayMs < this.rules.learnEveryMs) return;
    this.learntOn = day;
    const products = new Map([...this.repeated].map(([product, pairs]) => [product, voices(pairs)] as const));
    this.consumables = new Set(
      [...products].filter(([product, of]) => this.isConsumable(product, of)).map(([product]) => product),
    );
    const consumed = [...this.repeated].filter(([product]) => this.consumables.has(product));
    const inCategories = Map.groupBy(consumed, ([product]) => this.categories.get(product) ?? null);
    const categories = [...inCategories].flatMap(([category, some]) =>
      category === null ? [] : [[category, voices(some.flatMap(([, pairs]) => [...pairs]))] as const],
    );
    const all = consumed.flatMap(([, pairs]) => [...pairs]);
    this.learnt = { products, categories: new Map(categories), all: all.length > 0 ? voices(all) : null };
  }

  pair({ customer, product }: Bought): Pair | null {
    return this.customers.get(customer)?.get(product) ?? null;
  }

  add(bought: Bought): void {
    const { customer, product, category, day, quantity } = bought;
    const mine = this.customers.get(customer) ?? new Map<string, Pair>();
    this.customers.set(customer, mine);
    const pair = mine.get(product);
    const last = { day, quantity };
    if (pair === undefined) {
      this.buyers.set(product, (this.buyers.get(product) ?? 0) + 1);
      this.categories.set(product, category);
    }
    const { model } = this.rules;
    const lasted =
      pair === undefined ? [] : [...pair.lasted, (day - pair.last.day) / stretchOf(pair.last.quantity, null, model)];
    const now: Pair = pair ?? { category, last, lasted, median: null, foreseen: null };
    Object.assign(now, { last, lasted, median: medianDays(lasted) });
    mine.set(product, now);
    if (lasted.length === 1) this.repeated.set(product, (this.repeated.get(product) ?? new Set()).add(now));
    now.foreseen = this.foreseen(bought, now);
  }

  private foreseen({ product, quantity }: Bought, { median, lasted, category }: Pair): Foreseen['by'] {
    const { model } = this.rules;
    const own = median === null ? null : { days: median, count: lasted.length };
    const ofProduct = this.learnt.products.get(product) ?? null;
    const ofCategory = category === null ? null : (this.learnt.categories.get(category) ?? null);
    const isKnown =
      this.consumables.has(product) || (category !== null && this.rules.consumables.categories.includes(category));
    const times = stretchOf(quantity, null, model);
    return {
      model: isKnown ? expectedDays([own, ofProduct, ofCategory, this.learnt.all], model) * times : null,
      own: median === null ? null : median * times,
      product: ofProduct === null ? null : ofProduct.days * times,
      rule: (ruleDays.from + ruleDays.to) / 2,
    };
  }

  private isConsumable(product: string, { count }: Learnt): boolean {
    const { categories, learnt } = this.rules.consumables;
    const category = this.categories.get(product) ?? null;
    if (category !== null && categories.includes(category)) return true;
    return learnt !== null && count >= learnt.repeaters && count >= learnt.share * (this.buyers.get(product) ?? 0);
  }
}

const dayMs = 86_400_000;

/** Each customer who bought again has one voice. */
function voices(pairs: Iterable<Pair>): Learnt {
  const medians = [...pairs].flatMap(({ median }) => median ?? []);
  return { days: medianDays(medians) ?? 0, count: medians.length };
}

/** How near dates have come. */
export interface Accuracy {
  dated: number;
  /** Days: the middle of how far dates were off, whichever way. */
  medianError: number;
  /** Shares of dates that were off by at most 7 and 14 days, and by 22.5: as wide as the rule's 45 days. */
  within: Readonly<Record<'7' | '14' | '22.5', number>>;
}

/** Of what `way` had a date for. */
export function accuracyOf(foreseen: readonly Foreseen[], way: Way): Accuracy {
  const errors = foreseen.flatMap(({ actual, by }) => (by[way] === null ? [] : [Math.abs(actual - by[way])]));
  const sorted = errors.toSorted((a, b) => a - b);
  const [low = Number.NaN, high = low] = [sorted[(sorted.length - 1) >> 1], sorted[sorted.length >> 1]];
  const share = (days: number) => errors.filter((error) => error <= days).length / errors.length;
  return {
    dated: errors.length,
    medianError: (low + high) / 2,
    within: { 7: share(7), 14: share(14), 22.5: share(22.5) },
  };
}
