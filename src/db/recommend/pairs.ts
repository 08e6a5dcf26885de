import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '#db/connect.ts';
import { durationMs } from '#domain/duration.ts';
import type { RecommendationSettings } from '#domain/recommendation-settings.ts';

export type PairKind = 'seen' | 'bought';

/** So many goods of one customer, or of one order, are paired: the newest. A hundred views make no hundred likes. */
const mostOfOne = 12;
/** So many pairs are counted at most; of more, those of a sample of customers. */
const mostPairs = 10_000_000;
/** So many are kept of each product. */
const keptPairs = 15;
const leastTimes = 2;
/** A pair that few have made counts for less than its cosine says: by times / (times + this). */
const doubt = 3;

/** Counts what goes together and keeps the best pairs of each product. Returns how many there are now. */
export async function recomputePairs(
  trx: Trx,
  kind: PairKind,
  settings: RecommendationSettings,
  now: Date,
): Promise<number> {
  const window = kind === 'seen' ? settings.window : settings.boughtWindow;
  const from = new Date(now.getTime() - durationMs(window));
  await readUnits(trx, kind === 'seen' ? seen(from, now) : bought(from, now));
  await sample(trx);
  await sql`
    create temp table fresh_pairs on commit drop as
    with counted as materialized (select product, count(*)::float8 as times from units group by 1),
    total as (select count(distinct unit)::float8 as units from units),
    pairs as materialized (
      select a.product as one, b.product as other, count(*) as times
      from units a join units b on a.unit = b.unit and a.product < b.product group by 1, 2 having count(*) >= ${sql.lit(leastTimes)}
    ), scored as (
      select p.one, p.other, p.times, p.times / sqrt(a.times * b.times) * p.times / (p.times + ${sql.lit(doubt)}) as score
      from pairs p join counted a on a.product = p.one join counted b on b.product = p.other cross join total
      where p.times * total.units > a.times * b.times
    ), ranked as (
      select *, row_number() over (partition by one order by score desc, other) as place from (
        select one, other, times, score from scored union all select other, one, times, score from scored
      ) both_ways
    )
    select a.id as product_id, b.id as other_id, r.times::int as times, round(r.score::numeric, 3)::float8 as score
    from ranked r join numbered a on a.product = r.one join numbered b on b.product = r.other where place <= ${sql.lit(keptPairs)}`.execute(
    trx,
  );
  const count = await keep(trx, kind);
  await sql`drop table units, numbered, fresh_pairs`.execute(trx);
  return count;
}

/** `units`: who (customer or order) has touched which product, by numbers, which compare several times faster than ids. */
async function readUnits(trx: Trx, touched: RawBuilder<unknown>): Promise<void> {
  await sql`
    create temp table numbered on commit drop as
    select id, sku, (row_number() over (order by id))::int as product from products`.execute(trx);
  await sql`
    create temp table units on commit drop as
    with named as (select id as ref, product from numbered union all select sku, product from numbered where sku <> id),
    newest as (
      select unit, product, row_number() over (partition by unit order by max(at) desc, product) as place
      from (${touched}) touched join named using (ref) group by 1, 2
    )
    select (dense_rank() over (order by unit))::int as unit, product from newest where place <= ${sql.lit(mostOfOne)}`.execute(
    trx,
  );
  await sql`analyze units`.execute(trx);
}

const seen = (from: Date, now: Date) => sql`
  select customer_id::text as unit, ref, last_at as at from interests
  where kind in ('view', 'favourite') and removed_at is null and last_at > ${from} and last_at <= ${now}`;

const bought = (from: Date, now: Date) => sql`
  select o.order_id as unit, l.product_id as ref, o.placed_at as at from orders o join order_lines l using (order_id)
  where o.state = 'placed' and o.placed_at > ${from} and o.placed_at <= ${now}`;

async function sample(trx: Trx): Promise<void> {
  const { rows } = await sql<{ pairs: number }>`
    select coalesce(sum(n * (n - 1) / 2), 0)::bigint as pairs from (select count(*) as n from units group by unit) sizes`.execute(
    trx,
  );
  const share = mostPairs / Math.max(rows[0]?.pairs ?? 0, 1);
  if (share < 1)
    await sql`delete from units where abs(hashint4(unit)::bigint) > ${Math.floor(share * 2 ** 31)}::bigint`.execute(
      trx,
    );
}

async function keep(trx: Trx, kind: PairKind): Promise<number> {
  await sql`analyze fresh_pairs`.execute(trx);
  await sql`delete from product_pairs p where kind = ${kind} and not exists (select from fresh_pairs f
    where f.product_id = p.product_id and f.other_id = p.other_id)`.execute(trx);
  await sql`
    insert into product_pairs (kind, product_id, other_id, times, score)
    select ${kind}, product_id, other_id, times, score from fresh_pairs order by product_id, other_id
    on conflict (kind, product_id, other_id) do update set times = excluded.times, score = excluded.score
    where (product_pairs.times, product_pairs.score) <> (excluded.times, excluded.score)`.execute(trx);
  const { rows } = await sql<{ count: number }>`select count(*)::int as count from fresh_pairs`.execute(trx);
  return rows[0]?.count ?? 0;
}
