import { sql } from 'kysely';
import { inBulk } from '#db/bulk.ts';
import type { Db, Trx } from '#db/connect.ts';
import { noteOrderChanges } from '#db/metrics/refresh.ts';
import { countingStates } from '#domain/ledger.ts';
import type { ConsumableRules, ReplenishmentModel } from '#domain/replenishment.ts';
import { expected, isConsumable, learnIntervals } from './intervals.ts';
import { type Counting, readPairs, stretch } from './purchases.ts';

/** By what run-outs are found. */
export interface ReplenishmentRules {
  model: ReplenishmentModel;
  consumables: ConsumableRules;
  householdTrait: string;
  /** Intervals hold for so long before they are learnt anew. */
  learnEveryMs: number;
}

/** Counts. */
export interface Replenished extends Readonly<Record<string, number>> {
  /** Customers whose goods were looked at; 0 where all were. */
  changed: number;
  /** Run-outs that are now others. */
  dated: number;
  /** 1 where intervals were learnt anew, and everybody's goods looked at. */
  learnt: number;
}

/**
 * Brings run-outs up to `now` (business time, J14): of customers whose orders changed since the last time; of everybody, with intervals
 * learnt anew, where the rules are others or `learnEveryMs` has passed. Null where another process is at it.
 */
export async function refreshReplenishment(
  db: Db,
  now: Date,
  rules: ReplenishmentRules,
  { full = false }: { full?: boolean } = {},
): Promise<Replenished | null> {
  // Where metrics are at it, they note the changes, and what they note too late is for the next time.
  await noteOrderChanges(db);
  return inBulk(db, 'replenishment', (trx) => refresh(trx, now, rules, full));
}

async function refresh(trx: Trx, now: Date, rules: ReplenishmentRules, full: boolean): Promise<Replenished> {
  const changed = await takeConcerned(trx);
  const learns = full || (await mustLearn(trx, rules, now));
  const counting: Counting = { ...rules, now };
  await readPairs(trx, counting, learns);
  if (learns) await learnIntervals(trx, rules.consumables);
  const dated = await writeDates(trx, rules, learns);
  await sql`
    insert into replenishment_state as s (refreshed_at, learnt_at, learnt_by) values (${now}, ${now}, ${keyOf(rules)})
    on conflict (only_row) do update set refreshed_at = excluded.refreshed_at, learnt_by = excluded.learnt_by,
      learnt_at = case when ${learns}::boolean then excluded.learnt_at else s.learnt_at end`.execute(trx);
  return { changed: learns ? 0 : changed, dated, learnt: Number(learns) };
}

/** `concerned`: taken, not only read, so that what is noted meanwhile stays for the next time. */
async function takeConcerned(trx: Trx): Promise<number> {
  await sql`create temporary table concerned (customer_id uuid primary key) on commit drop`.execute(trx);
  const { numAffectedRows } = await sql`
    with taken as (delete from replenishment_changed returning customer_id)
    insert into concerned select customer_id from taken`.execute(trx);
  await sql`analyze concerned`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

const keyOf = ({ model, consumables, householdTrait }: ReplenishmentRules) =>
  JSON.stringify([model, consumables, householdTrait]);

async function mustLearn(trx: Trx, rules: ReplenishmentRules, now: Date): Promise<boolean> {
  const state = await trx.selectFrom('replenishment_state').selectAll().executeTakeFirst();
  if (!state || state.learnt_by !== keyOf(rules)) return true;
  return now.getTime() - state.learnt_at.getTime() >= rules.learnEveryMs;
}

/** When what is in `pairs` runs out, where it is a consumable. What a joined customer was offered before was offered to who stays. */
async function writeDates(trx: Trx, { model, consumables }: ReplenishmentRules, all: boolean): Promise<number> {
  const day = sql`interval '1 day'`;
  await sql`
    create temporary table dated on commit drop as
    select p.customer_id, p.product_id, p.bought_at, p.quantity, p.times, p.own_days, p.bought_at + lasts * ${day} as due_at,
      p.bought_at + lasts * ${1 + model.staysDue}::float8 * ${day} as until_at
    from pairs p join products g on g.id = p.product_id
    left join replenishment_intervals i on i.level = 'product' and i.ref = g.id
    left join replenishment_intervals c on c.level = 'category' and c.ref = g.category
    left join replenishment_intervals a on a.level = 'all'
    cross join lateral (select least(${longest}::float8, ${expected(model)} * ${stretch(sql`p.quantity`, model, sql`p.household`)}) as lasts) l
    where ${isConsumable(consumables)}`.execute(trx);
  await sql`analyze dated`.execute(trx);
  const whose = all ? sql`true` : sql`r.customer_id in (select customer_id from concerned)`;
  await sql`
    delete from replenishment r where ${whose}
      and not exists (select from dated d where (d.customer_id, d.product_id) = (r.customer_id, r.product_id))`.execute(
    trx,
  );
  const columns = ['bought_at', 'quantity', 'times', 'own_days', 'due_at', 'until_at'];
  const list = (alias: string) => sql.raw(columns.map((name) => `${alias}.${name}`).join(', '));
  const { numAffectedRows } = await sql`
    merge into replenishment r using dated d on r.customer_id = d.customer_id and r.product_id = d.product_id
    when matched and (${list('r')}) is distinct from (${list('d')}) then
      update set ${sql.raw(columns.map((name) => `${name} = d.${name}`).join(', '))}
    when not matched then insert (customer_id, product_id, ${sql.raw(columns.join(', '))}, offered_at)
      values (d.customer_id, d.product_id, ${list('d')}, (
        select max(m.reserved_at) from messages m where m.customer_id = d.customer_id and m.journey = 'replenishment'
          and d.product_id = any(m.goods) and m.state = any(${countingStates}::text[])))`.execute(trx);
  return Number(numAffectedRows ?? 0);
}

/** Days: no run-out lies beyond what an instant may be. */
const longest = 3_650;
