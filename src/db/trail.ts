import { type RawBuilder, sql } from 'kysely';
import type { Touch, Trail } from '#domain/intent.ts';
import { goodJson } from './goods.ts';
import { epochMs } from './instants.ts';
import type { Value } from './statement.ts';

/** The trail as PostgreSQL writes it: touches of all kinds together, the newest first. */
export interface TrailJson extends Pick<Trail, 'lastVisitAt' | 'lastActivityAt'> {
  touches: (Touch & { kind: 'cart' | 'favourite' | 'view' | 'category' })[];
}

/** So many of each kind are looked at, the newest; of categories, all. */
const most = 50;

/** What the customer did with this profile, with what the region can buy. Stands in a query whose row `w` has the customer's `id` and
 *  `region`, and the profile's visit and activity. One pass over all kinds: each would be a plan of its own. */
export function trailJson(profile: Value<string>): RawBuilder<TrailJson> {
  return sql`json_build_object('lastVisitAt', ${epochMs(sql`w.last_visit_at`)}, 'lastActivityAt', ${epochMs(sql`w.last_activity_at`)},
    'touches', coalesce((
      with bought as materialized (
        select l.product_id, max(o.placed_at) as at from orders o join order_lines l using (order_id)
        where o.customer_id = w.id and o.state = 'placed' group by 1
      )
      select json_agg(json_build_object('kind', t.kind, 'product', coalesce(p.id, t.ref), 'at', ${epochMs(sql`t.at`)}, 'quantity', t.quantity,
        'boughtAt', (select ${epochMs(sql`max(at)`)} from bought where product_id in (p.id, p.sku, t.ref)),
        'good', ${goodJson(sql`w.region`)}) order by t.at desc)
      from (
        select *, row_number() over (partition by kind order by at desc) as place
        from (
          select 'cart' as kind, product_id as ref, updated_at as at, quantity from cart_items
          where customer_id = w.id and profile = ${profile} and quantity > 0
          union all
          select kind, ref, last_at, 1 from interests where customer_id = w.id and profile = ${profile} and removed_at is null and kind <> 'waiting'
        ) touched
      ) t left join lateral (
        select * from products where id = t.ref and t.kind <> 'category'
        union all select * from products where sku = t.ref and t.kind <> 'category' limit 1
      ) p on true
      where t.kind = 'category' or t.place <= ${most}), '[]'))`;
}

export function trailOf({ touches, lastVisitAt, lastActivityAt }: TrailJson): Trail {
  const of = (wanted: string) => touches.filter(({ kind }) => kind === wanted).map(({ kind: _, ...touch }) => touch);
  const categories = of('category').map(({ product, at }) => ({ ref: product, at }));
  return { cart: of('cart'), favourites: of('favourite'), views: of('view'), categories, lastVisitAt, lastActivityAt };
}
