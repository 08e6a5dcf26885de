import type { Good } from './intent.ts';

/** Item events (J15): what a customer is told of a product that they wait for, or that is their favourite, and when no more. */

export type NewsCause = 'stock' | 'price';

/** What has become of one product for one customer. Instants are business epoch ms, amounts minor units. */
export interface WishNews {
  product: string;
  cause: NewsCause;
  at: number;
  /** What it cost before. */
  wasPrice: number;
  currency: string;
  /** Since when they wait for it (`stock`), or it is their favourite (`price`); null: not any more. */
  wishedAt: number | null;
  /** Their last order of it; null: none that stands. */
  boughtAt: number | null;
  /** When they were last told of it for this cause; null: never. */
  toldAt: number | null;
  /** What the customer's region can buy now; null where it has none in stock. */
  good: Good | null;
}

/** The least by which a price has to fall to be news: both, where both are given. */
export interface LeastDrop {
  /** Of the price before; 0.05 is 5 %. */
  share: number;
  /** Minor units. */
  amount: number;
}

export interface NewsRules {
  now: number;
  /** News older than this is not told. */
  freshMs: number;
  /** A price is told again no sooner, whatever it did meanwhile. */
  againAfterMs: number;
  least: LeastDrop;
}

/** Whether the price fell from `was` to `is` by enough to be told. */
export function hasDropped(was: number, is: number, { share, amount }: LeastDrop): boolean {
  return is < was && was - is >= amount && was - is >= was * share;
}

/**
 * Whether it is still to be told: the customer still wishes for it, has not bought it since, and was not told. Who waits is told once for
 * each time that they asked; of a price once in `againAfterMs`. Out of stock for the moment it may come back, so that is not asked here.
 */
export function isOpen(
  { cause, at, wishedAt, boughtAt, toldAt }: WishNews,
  { now, freshMs, againAfterMs }: NewsRules,
): boolean {
  if (wishedAt === null || now - at > freshMs) return false;
  if (boughtAt !== null && boughtAt >= wishedAt) return false;
  if (toldAt === null) return true;
  return toldAt < at && (cause === 'stock' ? toldAt < wishedAt : now - toldAt >= againAfterMs);
}

/** Whether it is true now: in stock where the customer is, and, where it is about the price, still cheaper by enough. */
export function isTrue({ cause, wasPrice, currency, good }: WishNews, { least }: NewsRules): boolean {
  if (good === null) return false;
  return cause === 'stock' || (good.currency === currency && hasDropped(wasPrice, good.price, least));
}

export interface Told {
  /** Back in stock, the longest waited for first. */
  returned: WishNews[];
  /** Cheaper, the largest share first; never one that is in `returned`. */
  cheaper: WishNews[];
}

/** What one message tells of all the news: each product once. */
export function tellable(news: readonly WishNews[], rules: NewsRules): Told {
  const told = news.filter((one) => isOpen(one, rules) && isTrue(one, rules));
  const returned = told.filter(({ cause }) => cause === 'stock').sort(longestWished);
  const ids = new Set(returned.map(({ product }) => product));
  const cheaper = told.filter(({ cause, product }) => cause === 'price' && !ids.has(product)).sort(cheapest);
  return { returned, cheaper };
}

const byId = (a: WishNews, b: WishNews) => (a.product < b.product ? -1 : 1);
const longestWished = (a: WishNews, b: WishNews) => (a.wishedAt ?? 0) - (b.wishedAt ?? 0) || byId(a, b);
const left = ({ good, wasPrice }: WishNews) => (good?.price ?? wasPrice) / wasPrice;
const cheapest = (a: WishNews, b: WishNews) => left(a) - left(b) || byId(a, b);
