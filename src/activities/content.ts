import type { Trx } from '#db/connect.ts';
import type { Facts } from '#db/facts.ts';
import { largestCategories } from '#db/goods.ts';
import type { Good } from '#domain/intent.ts';
import type { UntrueReason } from '#domain/reasons.ts';
import type { Recommendation } from '#domain/recommend.ts';
import type { ShopSettings } from '#domain/shop.ts';
import type { CategoryLink, GoodsLine } from '#rendering/model.ts';
import type { Candidate, Content, Situation } from './mind.ts';
import { recommend, wishOf } from './recommend.ts';

/** What one message speaks of, or why it would not be true (R4): then its step is skipped for that reason. */
export type Composer = (
  trx: Trx,
  situation: Situation,
  candidate: Candidate,
) => Promise<Content | { untrue: UntrueReason }>;

/** Content of a message that shows nothing; begin with it, and add what there is. */
export const nothing: Content = { goods: [], more: [], category: null, categories: [], promo: null };

export const untrue = (reason: UntrueReason) => ({ untrue: reason });

/** A good as letters show it. */
export function line(good: Good, quantity = 1): GoodsLine {
  const { id, name, url, imageUrl, currency } = good;
  const money = (amount: number) => ({ amount, currency });
  const oldPrice = good.oldPrice === null ? null : money(good.oldPrice);
  return { id, name, url, imageUrl, price: money(good.price), oldPrice, quantity };
}

/** One of each. */
export function lines(goods: readonly Good[]): GoodsLine[] {
  return goods.map((good) => line(good));
}

export function categoryLink(shop: ShopSettings, name: string): CategoryLink {
  return { name, url: shop.categoryUrl.replace('{category}', encodeURIComponent(name)) };
}

/** What the setting recommends, and nothing else. */
export function recommending(settingOf: (facts: Facts) => Recommendation, without: UntrueReason): Composer {
  return async (trx, situation, candidate) => {
    const goods = await recommend(trx, situation, wishOf(situation, candidate, settingOf(situation.facts)));
    return goods.length > 0 ? { ...nothing, goods: lines(goods) } : untrue(without);
  };
}

/** The largest categories in the customer's region. One alone is no choice. */
export const pickACategory: Composer = async (trx, { facts, shop }) => {
  const names = await largestCategories(trx, facts.customer.region, 6);
  const categories = names.map((name) => categoryLink(shop, name));
  return categories.length > 1 ? { ...nothing, categories } : untrue('no_categories');
};
