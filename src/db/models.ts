import { sql } from 'kysely';
import type { Db, Trx } from './connect.ts';
import { spread, type Waiting } from './starts.ts';

/** New models and who owns the old ones. A product names those whose place it takes in its attribute `replaces`: an id, or several. */

/** What the product `p` replaces, as rows `named (id)`. */
const replaced = sql`jsonb_array_elements_text(case jsonb_typeof(p.attributes->'replaces')
  when 'array' then p.attributes->'replaces' when 'string' then jsonb_build_array(p.attributes->'replaces') else '[]' end) as named (id)`;

export interface ModelScan {
  now: Date;
  /** So long a model is new. */
  withinMs: number;
  /** Between two messages about one line. */
  apartMs: number;
}

/**
 * Writes a start for each owner of an older model of a line whose newest was presented lately and can be bought, who has not bought it and was
 * told of none of its line within `apartMs`. Says the same whenever it is asked: who is started, waits, or was not entered is not written
 * again. Answers how many were.
 */
export async function planModels(db: Db, journey: Waiting, { now, withinMs, apartMs }: ModelScan): Promise<number> {
  const ms = (duration: number) => sql`${duration}::float8 * interval '1 millisecond'`;
  const { numAffectedRows } = await sql`
    with recursive line (model, old) as (
      select p.id, named.id from products p, ${replaced}
      where p.attributes ? 'replaces' and p.shelf_price is not null
        and p.published_at <= ${now} and p.published_at > ${now}::timestamptz - ${ms(withinMs)}
      union
      -- What the old one had replaced; a circle ends where it has been.
      select line.model, named.id from line join products p on p.id = line.old, ${replaced}
    ), newest as (select * from line l where not exists (select from line later where later.old = l.model and later.model <> l.model)),
    owners as (
      select distinct on (n.model, o.customer_id) n.model, o.customer_id, o.profile
      from newest n join order_lines l on l.product_id = n.old join orders o on o.order_id = l.order_id and o.state = 'placed'
        left join profiles p on p.customer_id = o.customer_id and p.kind = o.profile
      order by n.model, o.customer_id, coalesce(p.email, p.phone) is null, o.profile desc
    ), fresh as (
      select w.*, row_number() over (order by w.model, w.customer_id) as n from owners w
      where not exists (select from orders o join order_lines l using (order_id)
          where o.customer_id = w.customer_id and o.state = 'placed' and l.product_id = w.model)
        and not exists (select from runs r where r.customer_id = w.customer_id and r.journey = ${journey.journey}
          and (r.key = w.model or (r.entered_at > ${now}::timestamptz - ${ms(apartMs)}
            and r.key in (select old from newest n where n.model = w.model))))
        and not exists (select from not_entered m
          where m.journey = ${journey.journey} and m.key = w.model and m.customer_id = w.customer_id)
    )
    insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
    select ${journey.journey}, customer_id, model, profile, 'model', ${now}, ${spread(journey, sql`n`)} from fresh
    on conflict do nothing`.execute(db);
  return Number(numAffectedRows ?? 0);
}

/** Whether the customer has bought the product, and not given it back. */
export async function hasModel(trx: Trx, customerId: string, productId: string): Promise<boolean> {
  const { rows } = await sql`select from orders o join order_lines l using (order_id)
    where o.customer_id = ${customerId} and o.state = 'placed' and l.product_id = ${productId} limit 1`.execute(trx);
  return rows.length > 0;
}
