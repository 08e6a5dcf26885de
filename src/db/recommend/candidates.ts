import { type RawBuilder, sql } from 'kysely';
import type { Give } from '#db/statement.ts';
import type { Asked } from './asked.ts';

/** Candidates of each source: rows of `product_id` and `score`, read by index and never more than the window. */
export type Candidates = (give: Give<Asked>) => RawBuilder<unknown>;

/** Where candidates are looked for: everywhere, in a category, among products that are named. */
export type Scope = 'all' | 'category' | 'products';

export function scopeOf({ filters: { category, products } }: Asked): Scope {
  if (products.length > 0) return 'products';
  return category === null ? 'all' : 'category';
}

const categoryOf = (give: Give<Asked>) => sql`${give(({ filters }) => filters.category)}::text`;
const productsOf = (give: Give<Asked>) => sql`${give(({ filters }) => filters.products)}::text[]`;
const windowOf = (give: Give<Asked>) => sql`${give(({ window }) => window)}::int`;

function inScope(give: Give<Asked>, scope: Scope): RawBuilder<boolean> {
  if (scope === 'all') return sql`shelf_price is not null`;
  if (scope === 'category') return sql`shelf_price is not null and category = ${categoryOf(give)}`;
  return sql`id = any(${productsOf(give)})`;
}

/** The newest first. */
export const novelties = (scope: Scope): Candidates => {
  return (give) => sql`
    select id as product_id, extract(epoch from published_at)::float8 as score from products
    where ${inScope(give, scope)} and published_at <= ${give(({ at }) => at)}
    order by published_at desc, id limit ${windowOf(give)}`;
};

/** So long is the stretch of the ring that a sample is taken from. */
const stretch = 500;

/**
 * A sample that is the same for the same seed and customer, and in which each product is as likely as any other. It is taken from a
 * stretch of the ring that all products stand on, which begins where the seed says; where products are named, from all of them.
 */
export const random = (scope: Scope): Candidates => {
  return (give) => {
    const seed = sql`${give(({ seed, customerId }) => `${seed} ${customerId ?? ''}`)}::text`;
    const on = (where: RawBuilder<unknown>) => sql`
      (select id, spread from products where ${inScope(give, scope)} and ${where} order by spread, id limit ${sql.lit(stretch)})`;
    const ring = sql`
      select id from (
        select 0 as lap, * from ${on(sql`spread >= hashtext(${seed})`)} ahead
        union all select 1, * from ${on(sql`spread < hashtext(${seed})`)} behind
      ) ring order by lap, spread, id limit ${sql.lit(stretch)}`;
    const pool = scope === 'products' ? sql`select id from products where ${inScope(give, scope)}` : ring;
    return sql`
      select id as product_id, hashtextextended(id, hashtextextended(${seed}, 0))::float8 as score from (${pool}) pool
      order by score desc limit ${windowOf(give)}`;
  };
};

/** What sells: in the region where enough is known of it, else everywhere. */
export const hits = (scope: Scope): Candidates => {
  return (give) => {
    const region = sql`${give(({ region }) => region)}::text`;
    if (scope === 'category')
      return sql`select product_id, score from hits where region = '*' and category = ${categoryOf(give)}
        order by score desc, product_id limit ${windowOf(give)}`;
    const only = scope === 'products' ? sql`and product_id = any(${productsOf(give)})` : sql``;
    return sql`
      select product_id, score from hits
      where region = (select case when exists (select from hits where region = ${region}) then ${region} else '*' end)
        and category = '*' ${only} order by score desc, product_id limit ${windowOf(give)}`;
  };
};

/** The goods that a wish is about, as `a`; what they cost last, where they are sold out. */
export const aboutGoods = (give: Give<Asked>) => sql`(
  select p.id, p.category, p.brand, p.attributes, coalesce(p.shelf_price, (select min(price) from offers where product_id = p.id)) as price
  from unnest(${give(({ about }) => about)}::text[]) ref (id) join products p on p.id = ref.id or p.sku = ref.id) a`;

/** What was looked at together with it, and of its category the nearest in price and the newest. */
export const similar: Candidates = (give) => sql`
  select product_id, max(together)::float8 as score from ${aboutGoods(give)} cross join lateral (
    (select other_id as product_id, score as together from product_pairs where kind = 'seen' and product_id = a.id
      order by score desc, other_id limit 30)
    union all
    (select id, 0 from products where shelf_price is not null and category = a.category and shelf_price >= a.price
      order by shelf_price, id limit ${windowOf(give)})
    union all
    (select id, 0 from products where shelf_price is not null and category = a.category and shelf_price < a.price
      order by shelf_price desc, id limit ${windowOf(give)})
    union all
    (select id, 0 from products where shelf_price is not null and category = a.category
      order by published_at desc, id limit ${windowOf(give)})
  ) found group by product_id`;

/** The matrix by hand first: products, then the best of each category in turn, by weight; then what is bought together. */
export const complementary: Candidates = (give) => sql`
  select product_id, max(score)::float8 as score from ${aboutGoods(give)}
    left join lateral (
      select value -> 'complements' as rows from settings where name = 'recommendations' order by version desc limit 1
    ) matrix on true cross join lateral (
      select key as product_id, 2 + value::float8 as score from jsonb_each_text(matrix.rows -> 'products' -> a.id)
      union all
      select best.id, 1 + wanted.value::float8 / best.place
      from jsonb_each_text(matrix.rows -> 'categories' -> a.category) wanted cross join lateral (
        select id, row_number() over (order by max(hit) desc, max(at) desc, id) as place from (
          (select product_id as id, score as hit, null as at from hits where region = '*' and category = wanted.key
            order by score desc, product_id limit ${windowOf(give)})
          union all
          (select id, 0, published_at from products where shelf_price is not null and category = wanted.key
            order by published_at desc, id limit ${windowOf(give)})
        ) both_ways group by id
      ) best
      union all
      (select other_id, least(score, 1) from product_pairs where kind = 'bought' and product_id = a.id
        order by score desc, other_id limit 30)
    ) found group by product_id`;

/** By what the person looked at, wants and has bought, the newer the more: hits and novelties of the categories that they like
 *  best, those of a liked brand and near the usual price first. */
export const personal: Candidates = (give) => sql`
  with own as materialized (${ownTouches(give)}),
  total as (select greatest(sum(weight), 1e-9) as weight, sum(ln(price) * weight) / sum(weight) filter (where price is not null) as price from own),
  liked as (select category, sum(weight) as weight from own where category is not null group by 1 order by 2 desc, 1 limit 3),
  brands as (select brand, sum(weight) as weight from own where brand is not null group by 1)
  select p.id as product_id, max(found.hit) + max(liked.weight) / max(total.weight) + coalesce(max(brands.weight), 0) / max(total.weight)
    + coalesce(max(exp(-abs(ln(greatest(p.shelf_price, 1)) - total.price))), 0) as score
  from total cross join liked cross join lateral (
    (select product_id as id, 0.2 as hit from hits where region = '*' and category = liked.category
      order by score desc, product_id limit ${windowOf(give)})
    union all
    (select id, 0 from products where shelf_price is not null and category = liked.category
      order by published_at desc, id limit ${windowOf(give)})
  ) found join products p on p.id = found.id left join brands on brands.brand = p.brand
  where p.shelf_price is not null group by p.id`;

/** Weights halve every 30 days. */
const halfLifeSeconds = 30 * 86_400;

function ownTouches(give: Give<Asked>): RawBuilder<unknown> {
  const customer = sql`${give(({ customerId }) => customerId)}::uuid`;
  const faded = (weight: RawBuilder<unknown>, since: RawBuilder<unknown>) => sql`
    ${weight} * power(0.5, greatest(0, extract(epoch from ${give(({ at }) => at)}::timestamptz - ${since})) / ${sql.lit(halfLifeSeconds)})`;
  return sql`
    select coalesce(p.category, case when touched.kind = 'category' then ref end) as category, p.brand, nullif(p.shelf_price, 0)::float8 as price,
      touched.weight::float8 as weight
    from (
      select ref, kind, ${faded(sql`case kind when 'favourite' then 3 else 1 end`, sql`last_at`)} as weight
      from interests where customer_id = ${customer} and removed_at is null
      union all
      select l.product_id, 'order', ${faded(sql`5`, sql`o.placed_at`)}
      from orders o join order_lines l using (order_id) where o.customer_id = ${customer} and o.state = 'placed'
    ) touched left join products p on p.id = ref and touched.kind <> 'category'`;
}
