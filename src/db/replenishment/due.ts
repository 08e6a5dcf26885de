import { type Kysely, sql } from 'kysely';
import { epochMs } from '#db/instants.ts';
import type { DB } from '#db/schema.ts';
import type { DueGood } from '#domain/replenishment.ts';

/** Days: so long somebody remembers what they were offered. */
const remembered = 90;

/**
 * Consumables of a customer that are expected to have run out by `until` (business time), the soonest first, by the job's last word
 * (J14): not bought again since, and not so old that they are missed no more. What the journey `replenishment` has offered, or is about to,
 * is among them with `offeredAt`, also when it is missed no more: whoever yields to that journey yields before it speaks and after. One
 * statement.
 */
export async function dueGoods(db: Kysely<DB>, customerId: string, until: Date): Promise<DueGood[]> {
  const { rows } = await sql<{
    productId: string;
    boughtAt: number;
    dueAt: number;
    untilAt: number;
    offeredAt: number | null;
  }>`
    select r.product_id as "productId", ${epochMs(sql`r.bought_at`)} as "boughtAt", ${epochMs(sql`r.due_at`)} as "dueAt",
      ${epochMs(sql`r.until_at`)} as "untilAt", ${epochMs(sql`case when r.offered_at > r.bought_at then r.offered_at end`)} as "offeredAt"
    from replenishment r
    where r.customer_id = ${customerId} and r.due_at <= ${until} and not exists (
      select from orders o join order_lines l using (order_id)
      where o.customer_id = r.customer_id and o.state = 'placed' and o.placed_at > r.bought_at
        and l.product_id in (select unnest(array[id, sku]) from products where id = r.product_id))
      and (r.until_at > ${until} or (r.offered_at > r.bought_at and r.offered_at > ${until}::timestamptz - ${remembered} * interval '1 day'))
    order by r.due_at, r.product_id`.execute(db);
  return rows.map(({ boughtAt, dueAt, untilAt, offeredAt, ...row }) => ({
    ...row,
    boughtAt: new Date(boughtAt),
    dueAt: new Date(dueAt),
    untilAt: new Date(untilAt),
    offeredAt: offeredAt === null ? null : new Date(offeredAt),
  }));
}

/** All that the customers' consumables are expected to last (J14), as it stands; the soonest first. */
export function runOutsOf(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom('replenishment')
    .select([
      'product_id as productId',
      'bought_at as boughtAt',
      'quantity',
      'due_at as dueAt',
      'offered_at as offeredAt',
    ])
    .where('customer_id', 'in', ids)
    .orderBy('due_at')
    .orderBy('product_id')
    .execute();
}
