import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { Good } from '#domain/intent.ts';
import type { DB } from './schema.ts';

/** A product `p` with an offer `o` of it, as JSON (shape `Good`). */
export const goodFields = sql<Good>`json_build_object('id', p.id, 'name', p.name, 'url', p.url, 'imageUrl', p.image_url,
  'category', p.category, 'price', o.price, 'oldPrice', o.old_price, 'currency', o.currency)`;

/**
 * `good`: the product as JSON (shape `Good`) with the offer of the region, or null where the region has none in stock.
 * Expects a product row `p`; an offer of the region itself goes before the one for everywhere.
 */
export function goodJson(region: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`(
    select ${goodFields}
    from (
      select * from offers where product_id = p.id and region in (${region}, '*')
      order by region = '*' limit 1
    ) o where o.stock > 0)`;
}

interface Wish {
  region: string | null;
  exclude: readonly string[];
  limit: number;
}

async function pick(db: Kysely<DB>, where: RawBuilder<unknown>, order: RawBuilder<unknown>, wish: Wish) {
  const { rows } = await sql<{ good: Good }>`
    select good from (
      select ${goodJson(sql`${wish.region}::text`)} as good, p.category, p.published_at, p.id
      from products p where p.id <> all(${wish.exclude}::text[]) and ${where}
    ) available
    where good is not null order by ${order}, published_at desc, id limit ${wish.limit}`.execute(db);
  return rows.map((row) => row.good);
}

const discountFirst = sql`((good->>'oldPrice')::bigint is null)`;

/** Available goods of the categories of `products`, discounted ones first. */
export function alternatives(db: Kysely<DB>, products: readonly string[], wish: Wish): Promise<Good[]> {
  const categories = sql`select category from products where id = any(${products}::text[])`;
  return pick(db, sql`p.category in (${categories})`, discountFirst, wish);
}

/** Available goods of a category, discounted ones first (J5). */
export function goodsOfCategory(db: Kysely<DB>, category: string, wish: Wish): Promise<Good[]> {
  return pick(db, sql`p.category = ${category}`, discountFirst, wish);
}

/** The latest of the catalogue (J7). */
export function novelties(db: Kysely<DB>, wish: Wish): Promise<Good[]> {
  return pick(db, sql`true`, sql`published_at desc`, wish);
}

/** Categories with most available products. */
export async function largestCategories(db: Kysely<DB>, region: string | null, limit: number): Promise<string[]> {
  const { rows } = await sql<{ category: string }>`
    select category from products p
    where category is not null and ${goodJson(sql`${region}::text`)} is not null
    group by category order by count(*) desc, category limit ${limit}`.execute(db);
  return rows.map((row) => row.category);
}
