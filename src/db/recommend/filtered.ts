import { type RawBuilder, sql } from 'kysely';
import { goodFields } from '#db/goods.ts';
import type { Give } from '#db/statement.ts';
import { countingStates } from '#domain/ledger.ts';
import type { Offered } from '#domain/recommend.ts';
import type { Asked } from './asked.ts';
import { isVisible } from './visible.ts';

/**
 * The best of `candidates` (rows of `product_id` and `score`) that may be shown to the person. What always holds is here and
 * can be left out by nobody: the region has it in stock, it is published, and early access is kept.
 */
export function filtered(give: Give<Asked>, candidates: RawBuilder<unknown>): RawBuilder<Offered> {
  const looking = {
    customerId: give(({ customerId }) => customerId),
    registered: give(({ registered }) => registered),
    from: give(({ hidden }) => hidden?.from ?? null),
    to: give(({ hidden }) => hidden?.to ?? null),
  };
  return sql`
    with known as materialized (${knownIds(give)})
    select ${goodFields} as good, p.brand, p.attributes, c.score
    from (${candidates}) c join products p on p.id = c.product_id
      cross join lateral (
        select * from offers where product_id = p.id and region in (${give(({ region }) => region)}::text, '*')
        order by region = '*' limit 1
      ) o cross join known
    where o.stock > 0 and p.published_at <= ${give(({ at }) => at)} and ${isVisible(looking)}
      and p.id <> all(known.ids) and (p.sku is null or p.sku <> all(known.ids)) and ${asFiltered(give)}
    order by (${give(({ discountedFirst }) => discountedFirst)}::boolean and o.old_price is not null) desc, c.score desc, p.id
    limit ${give(({ limit }) => limit)}`;
}

/** What must not be shown: what was asked to be left out, was bought, or stood in the last messages. */
function knownIds(give: Give<Asked>): RawBuilder<unknown> {
  const customer = sql`${give(({ customerId }) => customerId)}::uuid`;
  const contact = sql`(${give(({ contact }) => contact?.runId ?? null)}::uuid, ${give(({ contact }) => contact?.block ?? null)}::text,
    ${give(({ contact }) => contact?.iteration ?? null)}::int)`;
  return sql`
    select coalesce(array_agg(id), '{}') as ids from (
      select unnest(${give(({ exclude }) => exclude)}::text[]) as id
      union all
      select l.product_id from orders o join order_lines l using (order_id)
      where ${give(({ filters }) => filters.notBought)}::boolean and o.customer_id = ${customer} and o.state = 'placed'
      union all
      select unnest(goods || shown) from (
        select goods, shown from messages where customer_id = ${customer} and state = any(${countingStates}::text[])
          and (run_id, block, iteration) is distinct from ${contact}
        order by reserved_at desc limit ${give(({ filters }) => filters.notShown)}::int
      ) last
    ) known`;
}

/** By what the wish asks for. */
function asFiltered(give: Give<Asked>): RawBuilder<boolean> {
  const of = <T>(take: (filters: Asked['filters']) => T) => give(({ filters }) => take(filters));
  const discount = sql`${of(({ discountFrom }) => discountFrom)}::int`;
  const category = sql`${of((filters) => filters.category)}::text`;
  const products = sql`${of((filters) => filters.products)}::text[]`;
  return sql`
    (${category} is null or p.category = ${category}) and (${products} = '{}' or p.id = any(${products}))
    and o.price >= coalesce(${of(({ price }) => price.from)}::bigint, 0)
    and o.price <= coalesce(${of(({ price }) => price.to)}::bigint, o.price)
    and (${discount} is null or (o.old_price - o.price) * 100 >= ${discount} * o.old_price)
    and ${matching(give)}`;
}

function matching(give: Give<Asked>): RawBuilder<boolean> {
  const wanted = sql`${give(({ filters }) => JSON.stringify(filters.matching))}::jsonb`;
  const traits = sql`(select traits from customers where id = ${give(({ customerId }) => customerId)}::uuid)`;
  const list = (value: RawBuilder<unknown>) =>
    sql`jsonb_array_elements(case jsonb_typeof(${value}) when 'array' then ${value} else jsonb_build_array(${value}) end)`;
  return sql`(${wanted} = '[]' or not exists (
    select from jsonb_to_recordset(${wanted}) as wanted (attribute text, trait text)
    where p.attributes ? wanted.attribute and not exists (
      select from ${list(sql`(p.attributes -> wanted.attribute)`)} a, ${list(sql`(${traits} -> wanted.trait)`)} t where a = t)))`;
}
