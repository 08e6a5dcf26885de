import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { type ProductInput, upsertProducts } from '#db/products.ts';
import { type Asking, recommend } from '#db/recommend/recommend.ts';
import type { Wish } from '#domain/recommend.ts';

/** A Wednesday, 13:00 in Moscow. */
export const at = new Date('2026-05-20T10:00:00Z');
export const shop = { earlyAccess: null, zone: 'Europe/Moscow' };
export const daysAgo = (days: number) => new Date(at.getTime() - days * 86_400_000);

export interface Item extends Partial<Omit<ProductInput, 'offers'>> {
  id: string;
  price?: number;
  oldPrice?: number | null;
  stock?: number;
  /** Regions with an offer of their own, and what is in stock there. */
  regions?: Record<string, number>;
}

export async function catalogue(db: Db, ...items: Item[]): Promise<void> {
  await db.deleteFrom('products').execute();
  await upsertProducts(db, items.map(productOf), at);
}

function productOf({ id, price = 1000, oldPrice = null, stock = 5, regions = {}, ...more }: Item): ProductInput {
  const money = (amount: number) => ({ amount, currency: 'RUB' });
  const offer = (region: string, stock: number) => ({
    region,
    price: money(price),
    oldPrice: oldPrice === null ? null : money(oldPrice),
    stock,
  });
  const offers = [offer('*', stock), ...Object.entries(regions).map(([region, stock]) => offer(region, stock))];
  const bare = { sku: null, imageUrl: null, category: null, brand: null, attributes: {} };
  return { ...bare, id, name: id, url: `https://shop.example/${id}`, publishedAt: daysAgo(10), offers, ...more };
}

interface Life {
  traits?: object;
  /** Product ids by order. */
  orders?: string[][];
  views?: string[];
  /** When all that was. */
  when?: Date;
  registered?: boolean;
}

/** A customer with what they did. */
export async function customer(
  db: Db,
  { traits = {}, orders = [], views = [], when = daysAgo(1), registered }: Life = {},
) {
  const id = newId(at);
  await db
    .insertInto('customers')
    .values({ id, traits: JSON.stringify(traits), created_at: when })
    .execute();
  if (registered)
    await db.insertInto('identities').values({ kind: 'user_id', value: id, customer_id: id, since: when }).execute();
  for (const lines of orders) {
    const order = {
      order_id: newId(at),
      customer_id: id,
      profile: 'personal',
      state: 'placed',
      total: 1,
      currency: 'RUB',
    };
    await db
      .insertInto('orders')
      .values({ ...order, placed_at: when, state_at: when })
      .execute();
    for (const product_id of lines)
      await db
        .insertInto('order_lines')
        .values({ order_id: order.order_id, product_id, quantity: 1, price: 1 })
        .execute();
  }
  for (const ref of views)
    await db
      .insertInto('interests')
      .values({ customer_id: id, profile: 'personal', kind: 'view', ref, first_at: when, last_at: when })
      .execute();
  return id;
}

/** Ids of what is recommended. */
export async function idsFor(db: Db, wish: Partial<Wish>, asking: Partial<Asking> = {}): Promise<string[]> {
  const nobody: Asking = { customerId: null, region: null, shop, at };
  const goods = await recommend(db, { ...nobody, ...asking }, { from: [], count: 5, seed: 'one', ...wish });
  return goods.map(({ id }) => id);
}
