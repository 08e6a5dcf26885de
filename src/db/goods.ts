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

/** So far a category is counted: larger ones are alike. */
const countedTo = 50;
/** Of so many of the newest goods of a category the region must have one. */
const lookedAt = 50;

/** The largest categories in which the region can buy something. Walks from category to category by index, whatever the size of the
 *  catalogue: this is asked under a customer's lock. */
export async function largestCategories(db: Kysely<DB>, region: string | null, limit: number): Promise<string[]> {
  const next = (after: RawBuilder<unknown>) => sql`(
    select category from products where shelf_price is not null and category > ${after} order by category limit 1)`;
  const { rows } = await sql<{ category: string }>`
    with recursive named (category) as (
      select ${next(sql`''`)} union all select ${next(sql`named.category`)} from named where named.category is not null
    )
    select category from (
      select category, (select count(*) from (
        select from products where shelf_price is not null and category = named.category limit ${sql.lit(countedTo)}) counted) as size
      from named where category is not null order by size desc, category limit ${limit * 10}
    ) largest
    where exists (select from (
      select * from products where shelf_price is not null and category = largest.category
      order by published_at desc, id limit ${sql.lit(lookedAt)}) p where ${goodJson(sql`${region}::text`)} is not null)
    order by size desc, category limit ${limit}`.execute(db);
  return rows.map((row) => row.category);
}
