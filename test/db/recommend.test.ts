import { expect, test } from 'vitest';
import { type ProductInput, upsertProducts } from '#db/products.ts';
import { type Asking, recommend } from '#db/recommend/recommend.ts';
import type { Wish } from '#domain/recommend.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db } = await freshDatabase();
const at = new Date('2026-05-20T10:00:00Z'); // a Wednesday
const shop = { earlyAccess: null, zone: 'Europe/Moscow' };
const nobody: Asking = { customerId: null, region: null, shop, at };

interface Item extends Partial<ProductInput> {
  id: string;
  price?: number;
  stock?: number;
}

function product({ id, price = 1000, stock = 5, ...more }: Item): ProductInput {
  const offers = [{ region: '*', price: { amount: price, currency: 'RUB' }, oldPrice: null, stock }];
  return {
    id,
    sku: null,
    name: id,
    url: `https://shop.example/${id}`,
    imageUrl: null,
    category: null,
    brand: null,
    attributes: {},
    offers,
    ...more,
  };
}

const ids = async (wish: Partial<Wish>, asking: Partial<Asking> = {}) =>
  (await recommend(db, { ...nobody, ...asking }, { from: [], count: 5, seed: 'one', ...wish })).map(({ id }) => id);

const published = (days: number) => new Date(at.getTime() - days * 86_400_000);

test('novelties are the newest that can be had', async () => {
  const items = Array.from({ length: 8 }, (_, index) => ({
    id: `new-${index}`,
    category: 'Lamps',
    stock: index % 4 ? 3 : 0,
    publishedAt: published(index),
  }));
  await upsertProducts(db, items.map(product), at);
  expect(await ids({ from: ['novelties'], count: 3 })).toEqual(['new-1', 'new-2', 'new-3']);
});
