import { type RawBuilder, sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import { spread } from '#db/starts.ts';
import { countingStates } from '#domain/ledger.ts';
import type { Window } from '#domain/occasions.ts';

export interface Choosing {
  now: Date;
  /** Customers are written to so long before the first of their goods runs out. */
  aheadMs: number;
  /** Goods that run out within this are one message. What was chosen and then not spoken of is chosen again after it. */
  horizonMs: number;
  /** What was spoken of and not bought is not chosen again before. */
  pauseMs: number;
  /** Where starts are spread to. */
  windows: readonly Window[];
}

/**
 * Chooses whose goods run out, and which of them a run is to speak of (`offered_at`); its start waits for its time in `waiting_starts`.
 * Nobody who is in a run, or about to be; nothing that was spoken of and neither bought since nor long ago; nothing that the customer's region
 * has not in stock. One statement: killed at any moment, either all is chosen or nothing. Answers how many customers.
 */
export async function chooseDue(db: Db, choosing: Choosing): Promise<number> {
  const { now, aheadMs, horizonMs } = choosing;
  const after = (ms: number) => new Date(now.getTime() + ms);
  const { rows } = await sql<{ started: number }>`
    with people as (
      select distinct r.customer_id, c.kind, c.region from replenishment r join customers c on c.id = r.customer_id
      where r.due_at <= ${after(aheadMs)} and ${mayBeOffered(choosing)} and c.merged_into is null and c.erased_at is null
        and not exists (select from runs where customer_id = c.id and journey = 'replenishment' and ended_at is null)
        and not exists (select from waiting_starts w where w.customer_id = c.id and w.journey = 'replenishment')
    ), timed as (
      select customer_id, region, ${spread(choosing, sql`row_number() over (order by customer_id)`)} as at, coalesce((
        select p.kind from profiles p where p.customer_id = people.customer_id order by coalesce(email, phone) is null,
          p.kind <> case people.kind when 'b2b' then 'corporate' else 'personal' end limit 1), 'personal') as profile
      from people
    ), chosen as (
      update replenishment r set offered_at = c.at from timed c
      where r.customer_id = c.customer_id and r.due_at <= ${after(horizonMs)} and ${mayBeOffered(choosing)}
    ), written as (
      insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
      select 'replenishment', customer_id, '', profile, 'running_out', at, at from timed on conflict do nothing returning 1
    )
    select count(*)::int as started from written`.execute(db);
  return rows[0]?.started ?? 0;
}

/** Of a row `r` and its customer `c`. Messages may come some days after their run was to start, and lifecycle's about topping up may have
 *  shown the same (J11). */
function mayBeOffered({ now, horizonMs, pauseMs }: Choosing): RawBuilder<boolean> {
  const before = (ms: number) => new Date(now.getTime() - ms);
  const spoken = sql`exists (select from messages m where m.customer_id = r.customer_id and m.reserved_at > ${before(pauseMs)}
    and m.reserved_at > r.bought_at and m.state = any(${countingStates}::text[])
    and (m.journey = 'replenishment' or (m.journey = 'lifecycle' and m.template = 'top-up')) and r.product_id = any(m.goods || m.shown))`;
  return sql`(r.until_at > ${now} and (r.offered_at is null or r.offered_at < r.bought_at or r.offered_at <= ${before(horizonMs)})
    and coalesce((select o.stock > 0 from offers o where o.product_id = r.product_id and o.region in (c.region, '*')
      order by o.region = '*' limit 1), false) and not ${spoken})`;
}
