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

type Words = readonly [string, ...string[]];

/** What a shop has. */
export interface Assortment {
  /** Category, the usual price in it in minor units, and what things are called. */
  kinds: readonly [Kind, ...Kind[]];
  /** Of its articles, so many exist once. */
  uniqueShare: number;
}
type Kind = readonly [category: string, price: number, words: Words];

export type AssortmentName = keyof typeof assortments;

export const assortments = {
  household: {
    kinds: [
      ['Lamps', 600_000, ['floor lamp', 'table lamp', 'pendant', 'reading light']],
      ['Chairs', 1_800_000, ['armchair', 'stool', 'dining chair', 'rocking chair']],
      ['Rugs', 1_200_000, ['wool rug', 'runner', 'kilim']],
      ['Ceramics', 150_000, ['vase', 'bowl', 'plate', 'mug']],
      ['Tea', 60_000, ['oolong', 'green tea', 'herbal tea', 'black tea']],
      ['Textiles', 250_000, ['blanket', 'cushion', 'linen set', 'towel']],
    ],
    uniqueShare: 0.2,
  },
  /** Second-hand luxury: each item exists once, is tried on at home, and waited for in a queue (J9). */
  resale: {
    kinds: [
      ['Сумки', 18_000_000, ['сумка-тоут', 'клатч', 'сумка на цепочке', 'рюкзак']],
      ['Обувь', 4_500_000, ['лодочки', 'лоферы', 'ботильоны', 'кроссовки']],
      ['Пальто', 9_000_000, ['пальто', 'тренч', 'шуба']],
      ['Украшения', 6_000_000, ['серьги', 'браслет', 'колье', 'кольцо']],
      ['Платья', 5_500_000, ['платье', 'вечернее платье', 'платье-рубашка', 'сарафан']],
      ['Платки', 2_000_000, ['платок', 'шарф', 'палантин', 'каре']],
    ],
    uniqueShare: 1,
  },
} as const satisfies Record<string, Assortment>;

const names = ['Arc', 'Bell', 'Dune', 'Halo', 'Moss', 'Pine', 'Reed', 'Silt', 'Tide', 'Vale'] as const;
const brands = ['Svet', 'Polden', 'Nord', 'Glina'] as const;
const currency = 'RUB';
const day = 86_400_000;

const saleShare = 0.15;

/** The articles at the opening, published over the months before it. */
export function openingGoods(dice: Dice, assortment: Assortment, count: number, start: number): Good[] {
  const at = () => start - dice.between(1, 120) * day;
  return Array.from({ length: count }, (_, place) => newGood(dice, assortment, place, at()));
}

/** `place` tells it from all others of the shop. */
export function newGood(dice: Dice, { kinds, uniqueShare }: Assortment, place: number, publishedAt: number): Good {
  const [category, price, words] = kinds[place % kinds.length] ?? kinds[0];
  const isUnique = dice.chance(uniqueShare);
  const good: Good = {
    id: `sim-${place}`,
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
