import { type Kysely, sql } from 'kysely';
import { goodJson } from '#db/goods.ts';
import { epochMs } from '#db/instants.ts';
import type { DB } from '#db/schema.ts';
import type { Good } from '#domain/intent.ts';
import { countingStates } from '#domain/ledger.ts';

/** A good that the job has chosen for a run to speak of. */
export interface Supply {
  /** What the customer's region can buy now; null where it has none in stock. */
  good: Good | null;
  /** Business epoch ms. */
  dueAt: number;
  /** Since it was chosen. */
  isBought: boolean;
}

/** What a customer's run of J14 speaks of, the soonest first: chosen since another run spoke to them. One statement, under their lock. */
export async function supplies(
  db: Kysely<DB>,
  { customerId, region, runId }: { customerId: string; region: string | null; runId: string | null },
): Promise<Supply[]> {
  const { rows } = await sql<Supply>`
    select ${goodJson(sql`${region}::text`)} as good, ${epochMs(sql`r.due_at`)} as "dueAt",
      r.bought_at > r.offered_at or exists (
        select from orders o join order_lines l using (order_id)
        where o.customer_id = r.customer_id and o.state = 'placed' and o.placed_at > r.bought_at and l.product_id in (p.id, p.sku)
      ) as "isBought"
    from replenishment r join products p on p.id = r.product_id
    where r.customer_id = ${customerId} and r.offered_at > coalesce((
      select max(m.reserved_at) from messages m where m.customer_id = ${customerId} and m.journey = 'replenishment'
        and m.run_id is distinct from ${runId}::uuid and m.state = any(${countingStates}::text[])), '-infinity')
    order by r.due_at, p.id`.execute(db);
  return rows;
}
