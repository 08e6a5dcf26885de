import type { Assortment } from './assortments.ts';
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
  /** Days in which somebody alone has used one up; null: it is no consumable. */
  lasts: number | null;
  attributes: Readonly<Record<string, readonly string[]>>;
  /** Where it is sold, and how dear beside `price`; null: everywhere, for the same. */
  regions: Readonly<Record<string, number>> | null;
}

const names = ['Arc', 'Bell', 'Dune', 'Halo', 'Moss', 'Pine', 'Reed', 'Silt', 'Tide', 'Vale'] as const;
const brands = ['Svet', 'Polden', 'Nord', 'Glina'] as const;
const currency = 'RUB';
const day = 86_400_000;

const saleShare = 0.15;
const inRegionShare = 0.9;

/** The articles at the opening, published over the months before it. */
export function openingGoods(dice: Dice, assortment: Assortment, count: number, start: number): Good[] {
  const at = () => start - dice.between(1, 120) * day;
  return Array.from({ length: count }, (_, place) => newGood(dice, assortment, place, at()));
}

/** `place` tells it from all others of the shop. */
export function newGood(dice: Dice, assortment: Assortment, place: number, publishedAt: number): Good {
  const { kinds, uniqueShare, stockTimes = 1 } = assortment;
  const [category, price, words, { lasts = null } = {}] = kinds[place % kinds.length] ?? kinds[0];
  const isUnique = dice.chance(uniqueShare);
  const good: Good = {
    id: `sim-${place}`,
    name: `${dice.pick(names)} ${dice.pick(words)} ${place}`,
    category,
    brand: dice.pick(brands),
    price: Math.round((price * dice.factor(0.4)) / 1000) * 1000,
    oldPrice: null,
    stock: isUnique ? 1 : dice.whole(3, 25) * stockTimes,
    isUnique,
    publishedAt,
    lasts,
    attributes: {},
    regions: null,
  };
  const priced = dice.chance(saleShare) ? onSale(good, dice) : good;
  return { ...priced, attributes: attributesOf(dice, assortment, category), regions: regionsOf(dice, assortment) };
}

/** Of such assortments alone dice are thrown: the story of others stays what it was. */
function attributesOf(dice: Dice, { matters }: Assortment, category: string): Good['attributes'] {
  if (matters === undefined || !matters.categories.includes(category) || !dice.chance(matters.share)) return {};
  return { [matters.attribute]: [dice.pick(matters.values)] };
}

/** Each region has most of the articles. */
function regionsOf(dice: Dice, { regions }: Assortment): Good['regions'] {
  if (regions === undefined) return null;
  return Object.fromEntries(Object.entries(regions).filter(() => dice.chance(inRegionShare)));
}

/** An article as a region has it: at its price, and in stock only where it is sold. */
export function goodIn(region: string, good: Good): Good {
  if (good.regions === null) return good;
  const factor = good.regions[region];
  if (factor === undefined) return { ...good, stock: 0 };
  const there = (amount: number) => Math.round((amount * factor) / 100) * 100;
  return { ...good, price: there(good.price), oldPrice: good.oldPrice === null ? null : there(good.oldPrice) };
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
  const { id, name, category, brand, attributes, lasts, regions } = good;
  const places = regions === null ? ['*'] : Object.keys(regions);
  return {
    id,
    name,
    category,
    brand,
    url: `${shopUrl}/p/${id}`,
    attributes: { ...attributes, ...(lasts !== null && { consumable: true }) },
    publishedAt: new Date(good.publishedAt).toISOString(),
    offers: places.map((region) => offerOf(region, goodIn(region, good))),
  };
}

function offerOf(region: string, { price, oldPrice, stock }: Good): ProductItem['offers'][number] {
  const money = (amount: number): Money => ({ amount, currency });
  return { region, price: money(price), oldPrice: oldPrice === null ? null : money(oldPrice), stock };
}

/** As tracking calls speak of an article: prices in major units (Segment's e-commerce spec). */
export function productProperties(good: Good, quantity = 1) {
  const { id, name, category, brand, price } = good;
  return { product_id: id, name, category, brand, price: price / 100, quantity, currency };
}
