import { sql } from 'kysely';
import { countingStates } from '#domain/ledger.ts';
import { type Any, type Invariant, sentences } from './invariant.ts';

/** J14: nothing is due twice. What a run has offered no other run offers, until it was bought or the journey's pause is over. Two that
 *  were two customers when they were written to are told apart by whom the run was started for. */
export const dueOnce: Invariant = async (db, { journeys }) => {
  const found: string[] = [];
  for (const [journey, { pauseMs }] of Object.entries(journeys))
    if (pauseMs !== undefined) found.push(...(await offeredAgain(db, journey, pauseMs)));
  return found;
};

function offeredAgain(db: Any, journey: string, pauseMs: number): Promise<string[]> {
  return sentences(
    db,
    sql`select format('message %s offers %s to customer %s, which message %s had offered %s days before and nobody has bought since',
        id, product, customer_id, before, round(extract(epoch from reserved_at - before_at) / 86400, 1)) as what
      from (
        select m.*, lag(m.id) over same as before, lag(m.reserved_at) over same as before_at, lag(m.run_id) over same as before_run
        from (
          select m.id, m.run_id, m.customer_id, split_part(r.workflow_id, ':', 2) as started_for, m.reserved_at, g.product
          from messages m join runs r on r.id = m.run_id cross join lateral unnest(m.goods) as g (product)
          where m.journey = ${journey} and m.state = any(${countingStates}::text[])) m
        window same as (partition by customer_id, started_for, product order by reserved_at, id)) offered
      where before_run <> run_id and reserved_at < before_at + ${pauseMs}::float8 * interval '1 millisecond' and not exists (
        select from orders o join order_lines l using (order_id) left join products p on p.id = product
        where o.customer_id = offered.customer_id and o.placed_at > before_at and o.placed_at <= reserved_at
          and l.product_id in (product, p.sku))`,
  );
}
