import type { Offered } from './recommend.ts';

/** What likeness is judged by. Price: minor units, null where it is not known any more. */
export interface Likeness {
  category: string | null;
  brand: string | null;
  attributes: Readonly<Record<string, unknown>>;
  price: number | null;
}

/** How much each likeness counts; together 1. `together`: looked at by the same customers. */
const weights = { together: 0.35, category: 0.2, price: 0.2, attributes: 0.15, brand: 0.1 };

/** The most alike first, each held against the one that it is most like. `score` is what customers who looked at both say. */
export function bySimilarity(about: readonly Likeness[], offered: readonly Offered[]): Offered[] {
  const scored = offered.map((one) => ({ one, score: Math.max(...about.map((other) => alike(other, one))) }));
  scored.sort((a, b) => b.score - a.score || (a.one.good.id < b.one.good.id ? -1 : 1));
  return scored.map(({ one }) => one);
}

function alike(about: Likeness, { good, brand, attributes, score }: Offered): number {
  return (
    weights.together * Math.min(score, 1) +
    weights.category * Number(about.category !== null && about.category === good.category) +
    weights.brand * Number(about.brand !== null && about.brand === brand) +
    weights.price * closeness(about.price, good.price) +
    weights.attributes * shared(about.attributes, attributes)
  );
}

/** 1 for the same price, a half for twice or half of it. */
function closeness(a: number | null, b: number): number {
  if (a === null || a <= 0 || b <= 0) return 0;
  return Math.min(a, b) / Math.max(a, b);
}

/** The share of values that both have, of those that any has (Jaccard). */
function shared(a: Likeness['attributes'], b: Likeness['attributes']): number {
  const [one, other] = [values(a), values(b)];
  const both = [...one].filter((value) => other.has(value)).length;
  const any = one.size + other.size - both;
  return any === 0 ? 0 : both / any;
}

function values(attributes: Likeness['attributes']): Set<string> {
  const pairs = Object.entries(attributes).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((one) => JSON.stringify([name, one])),
  );
  return new Set(pairs);
}
