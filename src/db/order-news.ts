import { type Kysely, sql, type Transaction } from 'kysely';
import type { ProfileKind } from '#domain/journey.ts';
import type { OrderDetails, OrderStep } from '#domain/order-state.ts';
import type { Contactability } from '#domain/reach.ts';
import { contactabilityJson } from './contactability.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB> | Transaction<DB>;

/** How the buyer of an order is written to about it: where the profile says that ordered; where that has no address, the other. */
export async function buyerContact(db: Any, customerId: string, orderId: string): Promise<Contactability | null> {
  const { rows } = await sql<{ contact: Contactability }>`
    select ${contactabilityJson} as contact
    from (select c.id, p.email, p.phone from customers c
      left join lateral (
        select email, phone from profiles where customer_id = c.id
        order by coalesce(email, phone) is null, kind <> ${profileOf(orderId)} limit 1) p on true
      where c.id = ${customerId}) w`.execute(db);
  return rows[0]?.contact ?? null;
}

const profileOf = (orderId: string) => sql<ProfileKind>`coalesce(
  (select profile from orders where order_id = ${orderId}),
  (select profile from order_states where order_id = ${orderId} order by at limit 1), 'personal')`;

/** An order as a letter tells of it. */
export interface OrderTold {
  /** Null where only a step of it was ever told. Minor units. */
  order: { total: number; currency: string; state: string } | null;
  /** What was said of this step, over what was said before. */
  details: OrderDetails;
  lines: {
    product: string;
    quantity: number;
    price: number;
    name: string | null;
    url: string | null;
    imageUrl: string | null;
  }[];
}

/** All that is known of an order for the letter about one step of it: what an earlier step said holds where this one is silent. */
export async function orderTold(db: Any, orderId: string, step: OrderStep): Promise<OrderTold> {
  const { rows } = await sql<{ order: OrderTold['order']; said: OrderDetails[]; lines: OrderTold['lines'] }>`
    select (select json_build_object('total', total, 'currency', currency, 'state', state) from orders where order_id = ${orderId}) as "order",
      coalesce((select json_agg(details order by state = ${step}, at) from order_states where order_id = ${orderId}), '[]') as said,
      coalesce((select json_agg(json_build_object('product', l.product_id, 'quantity', l.quantity, 'price', l.price,
          'name', g.name, 'url', g.url, 'imageUrl', g.image_url) order by l.price * l.quantity desc, l.product_id)
        from order_lines l left join lateral (
          select name, url, image_url from products where id = l.product_id or sku = l.product_id
          order by id <> l.product_id limit 1) g on true
        where l.order_id = ${orderId}), '[]') as lines`.execute(db);
  const [{ order, said, lines } = { order: null, said: [], lines: [] }] = rows;
  return { order, lines, details: Object.assign({}, ...said) };
}
