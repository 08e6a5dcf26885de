import { sql } from 'kysely';
import type { Good } from '#domain/intent.ts';
import type { Trx } from './connect.ts';
import { goodJson } from './goods.ts';
import { epochMs } from './instants.ts';
import { statement } from './statement.ts';

/** An order as the journey that follows it sees it. Instants are business epoch ms. */
export interface Purchase {
  state: 'placed' | 'cancelled' | 'refunded';
  placedAt: number;
  /** When the shop said that it was delivered, if it has. */
  deliveredAt: number | null;
  /** Whether the customer has ordered again since, and that order stands. */
  isFollowed: boolean;
}

interface Asked {
  customerId: string;
  orderId: string;
}

/** Null where the customer has no such order. One statement. */
export async function readPurchase(trx: Trx, asked: Asked): Promise<Purchase | null> {
  const [row] = await purchase(trx, asked);
  return row ?? null;
}

/** Of two orders of one instant the id decides which is the later: else each would end the other's run, or neither. */
const purchase = statement<Asked, Purchase>(
  (give) => sql`
    select own.state, ${epochMs(sql`own.placed_at`)} as "placedAt",
      (select ${epochMs(sql`min(at)`)} from order_states s where s.order_id = own.order_id and s.state = 'delivered') as "deliveredAt",
      exists (select from orders o where o.customer_id = own.customer_id and o.state = 'placed'
        and (o.placed_at, o.order_id) > (own.placed_at, own.order_id)) as "isFollowed"
    from orders own where own.order_id = ${give(({ orderId }) => orderId)} and own.customer_id = ${give(({ customerId }) => customerId)}`,
);

/** A line of an order; what was given back of it is no line any more. */
export interface Bought {
  /** As the order names it. */
  product: string;
  quantity: number;
  /** As the catalogue has it; null where it does not. The price is what was paid. */
  shown: { id: string; name: string; url: string; imageUrl: string | null; price: number; currency: string } | null;
  attributes: Readonly<Record<string, unknown>>;
  /** As the region can buy it now, or null. */
  good: Good | null;
}

/** What was bought, the dearest first. */
export async function readBought(trx: Trx, orderId: string, region: string | null): Promise<Bought[]> {
  return bought(trx, { orderId, region });
}

const bought = statement<{ orderId: string; region: string | null }, Bought>(
  (give) => sql`
    select l.product_id as product, l.quantity, coalesce(p.attributes, '{}') as attributes,
      case when p.id is not null then json_build_object('id', p.id, 'name', p.name, 'url', p.url, 'imageUrl', p.image_url,
        'price', l.price, 'currency', o.currency) end as shown,
      case when p.id is not null then ${goodJson(give(({ region }) => region))} end as good
    from order_lines l join orders o on o.order_id = l.order_id left join lateral (
      select * from products where id = l.product_id or sku = l.product_id order by id <> l.product_id limit 1) p on true
    where l.order_id = ${give(({ orderId }) => orderId)} and l.quantity > 0
    order by l.price * l.quantity desc, l.product_id`,
);
