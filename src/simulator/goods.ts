import type { Money, ProductItem } from './calls.ts';
import type { Dice } from './dice.ts';

/** One article of the simulated shop. */
export interface Good {
  id: string;
  name: string;
  category: string;
  brand: string;
  /** Minor units, as does `oldPrice`: what it cost before the discount, null without one. */
  price: number;
  oldPrice: number | null;
  stock: number;
  /** Exists once: sold, it never comes back (unless the customer returns it). */
  isUnique: boolean;
  publishedAt: number;
}

export const categories = ['Lamps', 'Chairs', 'Rugs', 'Ceramics', 'Tea', 'Textiles'] as const;
export type Category = (typeof categories)[number];

/** Of each category its usual price in minor units, and what things are called. */
const kinds: Record<Category, { price: number; words: readonly [string, ...string[]] }> = {
  Lamps: { price: 600_000, words: ['floor lamp', 'table lamp', 'pendant', 'reading light'] },
  Chairs: { price: 1_800_000, words: ['armchair', 'stool', 'dining chair', 'rocking chair'] },
  Rugs: { price: 1_200_000, words: ['wool rug', 'runner', 'kilim'] },
  Ceramics: { price: 150_000, words: ['vase', 'bowl', 'plate', 'mug'] },
  Tea: { price: 60_000, words: ['oolong', 'green tea', 'herbal tea', 'black tea'] },
  Textiles: { price: 250_000, words: ['blanket', 'cushion', 'linen set', 'towel'] },
};
const names = ['Arc', 'Bell', 'Dune', 'Halo', 'Moss', 'Pine', 'Reed', 'Silt', 'Tide', 'Vale'] as const;
const brands = ['Svet', 'Polden', 'Nord', 'Glina'] as const;
const currency = 'RUB';
const day = 86_400_000;

/** Every fifth article exists once. */
const uniqueShare = 0.2;
const saleShare = 0.15;

/** The articles at the opening, published over the months before it. */
export function openingGoods(dice: Dice, count: number, start: number): Good[] {
  return Array.from({ length: count }, (_, place) => newGood(dice, place, start - dice.between(1, 120) * day));
}

/** `place` tells it from all others of the shop. */
export function newGood(dice: Dice, place: number, publishedAt: number): Good {
  const category = categories[place % categories.length] as Category;
  const { price, words } = kinds[category];
  const isUnique = dice.chance(uniqueShare);
  const good: Good = {
    id: `sim-${category.toLowerCase()}-${place}`,
    name: `${dice.pick(names)} ${dice.pick(words)} ${place}`,
    category,
    brand: dice.pick(brands),
    price: Math.round((price * dice.factor(0.4)) / 1000) * 1000,
    oldPrice: null,
    stock: isUnique ? 1 : dice.whole(3, 25),
    isUnique,
    publishedAt,
  };
  return dice.chance(saleShare) ? onSale(good, dice) : good;
}

/** Between a tenth and two fifths cheaper than before. */
export function onSale(good: Good, dice: Dice): Good {
  const price = Math.round((good.price * dice.between(0.6, 0.9)) / 1000) * 1000;
  return price < good.price ? { ...good, price, oldPrice: good.price } : good;
}

export function atFullPrice(good: Good): Good {
  return { ...good, price: good.oldPrice ?? good.price, oldPrice: null };
}

/** As `PUT /products` takes it. */
export function productItem(good: Good, shopUrl: string): ProductItem {
  const { id, name, category, brand, stock } = good;
  const money = (amount: number): Money => ({ amount, currency });
  const oldPrice = good.oldPrice === null ? null : money(good.oldPrice);
  return {
    id,
    name,
    category,
    brand,
    url: `${shopUrl}/p/${id}`,
    publishedAt: new Date(good.publishedAt).toISOString(),
    offers: [{ region: '*', price: money(good.price), oldPrice, stock }],
  };
}

/** As tracking calls speak of an article: prices in major units (Segment's e-commerce spec). */
export function productProperties(good: Good, quantity = 1) {
  const { id, name, category, brand, price } = good;
  return { product_id: id, name, category, brand, price: price / 100, quantity, currency };
}
