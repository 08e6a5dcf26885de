import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '#db/connect.ts';
import type { ConsumableRules, ReplenishmentModel } from '#domain/replenishment.ts';

/** Learns intervals from the table `pairs`, which is of everybody: of each product, and of the categories and all together from what
 *  is a consumable. Each customer who bought again has one voice. Only rows that changed are written. */
export async function learnIntervals(trx: Trx, rules: ConsumableRules): Promise<void> {
  const median = sql`exp(percentile_cont(0.5) within group (order by ln(own_days)))`;
  const counts = sql`count(own_days)::int as repeaters, count(*)::int as buyers`;
  await sql`
    create temporary table learnt on commit drop as
    with products_learnt as (
      select 'product' as level, product_id as ref, ${median} as days, ${counts} from pairs group by product_id
    ), consumables as (
      select g.id, g.category from products g join products_learnt i on i.ref = g.id where ${isConsumable(rules)}
    )
    select * from products_learnt
    union all select 'category', category, ${median}, ${counts} from pairs join consumables c on c.id = product_id
      where category is not null group by category
    union all select 'all', '*', ${median}, ${counts} from pairs join consumables c on c.id = product_id having count(*) > 0`.execute(
    trx,
  );
  await sql`
    delete from replenishment_intervals i where not exists (select from learnt l where (l.level, l.ref) = (i.level, i.ref))`.execute(
    trx,
  );
  await sql`
    insert into replenishment_intervals as i (level, ref, days, repeaters, buyers) select * from learnt
    on conflict (level, ref) do update set days = excluded.days, repeaters = excluded.repeaters, buyers = excluded.buyers
    where (i.days, i.repeaters, i.buyers) is distinct from (excluded.days, excluded.repeaters, excluded.buyers)`.execute(
    trx,
  );
}

/** Of a product `g` and what is learnt of it, `i`. */
export function isConsumable({ categories, learnt }: ConsumableRules): RawBuilder<boolean> {
  const again =
    learnt === null
      ? sql`false`
      : sql`coalesce(i.repeaters >= ${learnt.repeaters} and i.repeaters >= ${learnt.share}::float8 * i.buyers, false)`;
  return sql`(case when g.attributes ? 'consumable' then coalesce(lower(g.attributes->>'consumable') in ('true', 'yes', '1'), false)
    when g.category = any(${[...categories]}::text[]) then true else ${again} end)`;
}

/** `expectedDays` in SQL: of a pair `p` with what is learnt of its product `i`, category `c` and all together `a`. */
export function expected({ fallbackDays, trust }: ReplenishmentModel): RawBuilder<number> {
  const shrunk = (count: RawBuilder<unknown>, days: RawBuilder<unknown>, weight: number, wider: RawBuilder<unknown>) =>
    sql`case when ${days} is null then ${wider}
      else (${count} * ln(${days}) + ${weight}::float8 * ${wider}) / (${count} + ${weight}::float8) end`;
  const level = (name: string, wider: RawBuilder<unknown>) =>
    shrunk(sql.raw(`${name}.repeaters`), sql.raw(`${name}.days`), trust.others, wider);
  const others = ['a', 'c', 'i'].reduce((wider, name) => level(name, wider), sql`ln(${fallbackDays}::float8)`);
  return sql`exp(${shrunk(sql`p.times`, sql`p.own_days`, trust.own, others)})`;
}
