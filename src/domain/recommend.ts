import type { Good } from './intent.ts';

/** Where recommended goods come from (P6). */
export const recommendationSources = ['hits', 'personal', 'similar', 'complementary', 'random', 'novelties'] as const;
export type Source = (typeof recommendationSources)[number];

/** What may be shown, beside what always holds: it is published, the person's region has it in stock, and early access is kept. */
export interface Filters {
  category: string | null;
  /** Only these, by id: the theme of a campaign, say. Empty: all. */
  products: readonly string[];
  /** Goods that have the attribute are for those only whose trait has a value of it; goods without it are for all. */
  matching: readonly { attribute: string; trait: string }[];
  /** Percent off the old price, at least. */
  discountFrom: number | null;
  /** Minor units, both included. */
  price: { from: number | null; to: number | null };
  /** Nothing that the person has bought and not given back. */
  notBought: boolean;
  /** Nothing that the last so many messages were about or showed. */
  notShown: number;
}

export const noFilters: Filters = {
  category: null,
  products: [],
  matching: [],
  discountFrom: null,
  price: { from: null, to: null },
  notBought: true,
  notShown: 0,
};

/** What a message shows, by setting. `from`: one source after the other, until there are `count`. */
export interface Recommendation {
  from: readonly Source[];
  count: number;
  /** Of each source, goods at a lower price before the others. */
  discountedFirst: boolean;
  filters: Filters;
}

/** What is asked for one person. The same wish gets the same goods as long as catalogue and person are the same. */
export interface Wish {
  from: readonly Source[];
  count: number;
  discountedFirst?: boolean;
  filters?: Partial<Filters>;
  /** What a random choice hangs on beside the customer: a campaign, a run's step. */
  seed: string;
  /** What `similar` and `complementary` go from, by id or sku, the most important first; never shown itself. */
  about?: readonly string[];
  /** Never shown either. */
  exclude?: readonly string[];
  /** The contact that asks: its own messages on other channels are none of the last `notShown`. */
  contact?: { runId: string; block: string; iteration: number };
}

export interface Recommended extends Good {
  source: Source;
}

/** What a source offers, with what the order is made of. */
export interface Offered {
  good: Good;
  brand: string | null;
  attributes: Readonly<Record<string, unknown>>;
  /** The source's own, higher is better. */
  score: number;
}

/** Of one source after the other what is not there yet, until there are `count`. */
export function fillUp(
  taken: readonly Recommended[],
  source: Source,
  offered: readonly Good[],
  count: number,
): Recommended[] {
  const known = new Set(taken.map(({ id }) => id));
  const fresh = offered.filter(({ id }) => !known.has(id)).map((good) => ({ ...good, source }));
  return [...taken, ...fresh].slice(0, count);
}
