import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '#db/connect.ts';
import { durationMs } from '#domain/duration.ts';
import type { RecommendationSettings } from '#domain/recommendation-settings.ts';

/** So many are kept: of everybody, of a category, of a region. */
const kept = { all: 1_000, category: 100, region: 200 };
const mostRegions = 200;
/** What everybody says of a region's goods counts as so much activity in the region itself (ten orders by default). */
const priorWeight = 100;

/**
 * Hits: orders, favourites and views of the window, each customer's once, halved with age; for everybody, for each category, and for each
 * region of customers, smoothed by everybody's, of what the region has in stock. Returns how many rows there are now.
 */
export async function recomputeHits(trx: Trx, settings: RecommendationSettings, now: Date): Promise<number> {
  await readTouches(trx, settings, now);
  await sql`
    create temp table fresh_hits on commit drop as
    with overall as materialized (
      select product_id, category, ${steady(sql`sum(weight)`)} as score from touches group by 1, 2
    ), everywhere as materialized (
      select *, row_number() over (order by score desc, product_id) as place,
        row_number() over (partition by category order by score desc, product_id) as place_in from overall
    ), regions as materialized (
      select region from touches where region is not null group by 1 order by sum(weight) desc, 1 limit ${sql.lit(mostRegions)}
    ), regional as (
      select t.region, e.product_id, sum(t.weight) + 0.0 as weight from touches t join regions using (region) join everywhere e using (product_id)
      group by 1, 2
      union all
      select region, product_id, 0 from regions cross join everywhere where place <= ${sql.lit(kept.region)}
    ), smoothed as (
      select r.region, r.product_id, ${steady(sql`max(r.weight) + ${sql.lit(priorWeight)} * max(e.score) / (select greatest(sum(score), 1e-6) from overall)`)} as score
      from regional r join everywhere e using (product_id)
      where coalesce((select stock from offers o where o.product_id = r.product_id and o.region = r.region),
        (select stock from offers o where o.product_id = r.product_id and o.region = '*')) > 0
      group by 1, 2
    ), best as (
      select *, row_number() over (partition by region order by score desc, product_id) as place from smoothed
    )
    select '*' as region, '*' as category, product_id, score from everywhere where place <= ${sql.lit(kept.all)}
    union all
    select '*', category, product_id, score from everywhere where place_in <= ${sql.lit(kept.category)} and category not in ('*')
    union all
    select region, '*', product_id, score from best where place <= ${sql.lit(kept.region)} and region <> '*'`.execute(
    trx,
  );
  await sql`analyze fresh_hits`.execute(trx);
  await sql`delete from hits h where not exists (select from fresh_hits f
    where (f.region, f.category, f.product_id) = (h.region, h.category, h.product_id))`.execute(trx);
  const { numAffectedRows } = await sql`
    insert into hits (region, category, product_id, score) select * from fresh_hits order by region, category, product_id
    on conflict (region, category, product_id) do update set score = excluded.score`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/** Sums of fractions hang on the order of summing: rounded, the same activity makes the same order of goods. */
const steady = (score: RawBuilder<unknown>) => sql`round((${score})::numeric, 6)::float8`;

/** Who touched what of the goods that can be had, with what it counts for. */
async function readTouches(trx: Trx, { hits, window }: RecommendationSettings, now: Date): Promise<void> {
  const from = new Date(now.getTime() - durationMs(window));
  const halfLife = Math.max(durationMs(hits.halfLife) / 1000, 1);
  const age = (column: string) =>
    sql`power(0.5, least(extract(epoch from ${now}::timestamptz - ${sql.ref(column)})::float8 / ${halfLife}::float8, 1000))`;
  await sql`
    create temp table touches on commit drop as
    with done as (
      select o.customer_id, l.product_id as ref, ${hits.order}::float8 * ${age('o.placed_at')} as weight
      from orders o join order_lines l using (order_id)
      where o.state = 'placed' and o.placed_at > ${from} and o.placed_at <= ${now}
      union all
      select customer_id, ref, case kind when 'view' then ${hits.view}::float8 else ${hits.favourite}::float8 end * ${age('last_at')}
      from interests
      where kind in ('view', 'favourite') and removed_at is null and last_at > ${from} and last_at <= ${now}
    ), named as (
      select id as ref, id, category from products where shelf_price is not null
      union all
      select sku, id, category from products where shelf_price is not null and sku <> id
    )
    select named.id as product_id, named.category, c.region, sum(done.weight) as weight
    from done join named using (ref) left join customers c on c.id = done.customer_id
    group by 1, 2, 3`.execute(trx);
}
