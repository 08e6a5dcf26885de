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

/** Categories with most available products. */
export async function largestCategories(db: Kysely<DB>, region: string | null, limit: number): Promise<string[]> {
  const { rows } = await sql<{ category: string }>`
    select category from products p
    where category is not null and ${goodJson(sql`${region}::text`)} is not null
    group by category order by count(*) desc, category limit ${limit}`.execute(db);
  return rows.map((row) => row.category);
}
