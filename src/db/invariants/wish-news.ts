import { sql } from 'kysely';
import { countingStates } from '#domain/ledger.ts';
import { type Any, type Invariant, sentences } from './invariant.ts';

/** J15: who waits for a product is told that it is back no more often than they asked; of one price nobody is told again too soon. */
export const wishesToldOnce: Invariant = async (db, { journeys }) => {
  const found = await toldUnasked(db);
  for (const [journey, { priceAgainAfterMs }] of Object.entries(journeys))
    if (priceAgainAfterMs !== undefined) found.push(...(await pricedAgain(db, journey, priceAgainAfterMs)));
  return found;
};

/** Requests that passed to another customer, with the browser that they were made in, are counted nowhere any more. */
function toldUnasked(db: Any): Promise<string[]> {
  return sentences(
    db,
    sql`select format('customer %s was told %s times that product %s is back, and has asked %s times', customer_id, told, product, asked) as what
      from (
        select m.customer_id, g.product, count(distinct m.run_id) as told, (
          select sum(i.times) from interests i where i.customer_id = m.customer_id and i.kind = 'waiting'
            and i.ref in (g.product, (select sku from products where id = g.product))) as asked
        from messages m cross join lateral unnest(m.goods) as g (product)
        where m.journey = 'item-event' and m.template = 'back-in-stock' and m.state = any(${countingStates}::text[])
        group by m.customer_id, g.product) counted
      where told > asked`,
  );
}

/** Two that were two customers when they were written to are told apart by whom the run was started for. */
function pricedAgain(db: Any, journey: string, againAfterMs: number): Promise<string[]> {
  return sentences(
    db,
    sql`select format('message %s tells customer %s of the price of product %s, of which message %s had told %s hours before',
        id, customer_id, product, before, round(extract(epoch from reserved_at - before_at) / 3600, 1)) as what
      from (
        select m.*, lag(m.id) over same as before, lag(m.reserved_at) over same as before_at, lag(m.run_id) over same as before_run
        from (
          select m.id, m.run_id, m.customer_id, split_part(r.workflow_id, ':', 2) as started_for, m.reserved_at, g.product
          from messages m join runs r on r.id = m.run_id
            cross join lateral unnest(case m.template when 'back-in-stock' then m.shown else m.goods end) as g (product)
          where m.journey = ${journey} and m.state = any(${countingStates}::text[])) m
        window same as (partition by customer_id, started_for, product order by reserved_at, id)) told
      where before_run <> run_id and reserved_at < before_at + ${againAfterMs}::float8 * interval '1 millisecond'`,
  );
}
