import { type Kysely, type RawBuilder, sql } from 'kysely';
import { goodJson } from '#db/goods.ts';
import { epochMs } from '#db/instants.ts';
import type { DB } from '#db/schema.ts';
import { countingStates } from '#domain/ledger.ts';
import type { WishNews } from '#domain/wish-news.ts';

export interface NewsOf {
  customerId: string;
  region: string | null;
  /** Who is on the waiting list hears of prices, too. */
  waitersHearPrices: boolean;
}

/** What the customer is or was to be told of (J15), with all that decides whether it still is: one statement, under their lock. */
export async function newsOf(db: Kysely<DB>, of: NewsOf): Promise<WishNews[]> {
  const { customerId, region, waitersHearPrices } = of;
  const customer = sql`n.customer_id`;
  const { rows } = await sql<WishNews>`
    select n.product_id as product, n.cause, ${epochMs(sql`n.at`)} as at, n.was_price as "wasPrice", n.currency,
      (select ${epochMs(sql`max(i.last_at)`)} from interests i where i.customer_id = n.customer_id and i.removed_at is null
        and i.ref in (p.id, p.sku) and i.kind = any(${kinds(waitersHearPrices)})) as "wishedAt",
      (select ${epochMs(sql`max(o.placed_at)`)} from orders o join order_lines l using (order_id)
        where o.customer_id = n.customer_id and o.state = 'placed' and l.product_id in (p.id, p.sku)) as "boughtAt",
      (select ${epochMs(sql`max(m.reserved_at)`)} from ${toldOf({ customer, product: sql`n.product_id`, cause: sql`n.cause` })}) as "toldAt",
      ${goodJson(sql`${region}::text`)} as good
    from wish_news n join products p on p.id = n.product_id
    where n.customer_id = ${customerId} order by n.at, n.product_id, n.cause`.execute(db);
  return rows;
}

/** Of a row `n`: what makes somebody care for its cause. */
const kinds = (waitersHearPrices: boolean) =>
  sql`case n.cause when 'stock' then array['waiting'] else ${waitersHearPrices ? ['favourite', 'waiting'] : ['favourite']}::text[] end`;

type Part = RawBuilder<unknown>;

/** Messages `m` that told a customer of a product for that cause: what is cheaper stands below what is back in stock, where there is both. */
export function toldOf({
  customer,
  product,
  cause,
}: {
  customer: Part;
  product: Part;
  cause: Part;
}): RawBuilder<unknown> {
  return sql`messages m where m.customer_id = ${customer} and m.journey = 'item-event' and m.state = any(${countingStates}::text[])
    and case ${cause} when 'stock' then m.template = 'back-in-stock' and ${product} = any(m.goods)
      else ${product} = any(case m.template when 'back-in-stock' then m.shown else m.goods end) end`;
}

/** All that the customers were to be told of, as it stands. */
export function wishNewsOf(db: Kysely<DB>, ids: readonly string[]) {
  return db
    .selectFrom('wish_news')
    .select(['product_id as productId', 'cause', 'at'])
    .where('customer_id', 'in', ids)
    .orderBy('at')
    .orderBy('product_id')
    .execute();
}
