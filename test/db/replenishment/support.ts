import type pg from 'pg';
import type { Db } from '#db/connect.ts';
import type { ReplenishmentRules } from '#db/replenishment/refresh.ts';
import { plantOrders } from '#test/db/metrics/support.ts';

export const start = Date.parse('2026-01-01T12:00:00Z');
export const on = (days: number) => new Date(start + days * 86_400_000);

export const rules: ReplenishmentRules = {
  model: {
    fallbackDays: 45,
    trust: { own: 2, others: 5 },
    stretch: { quantity: 0.5, household: 0.5 },
    usualHousehold: 2,
    staysDue: 1,
  },
  consumables: { categories: ['Shampoo', 'Batteries'], learnt: { repeaters: 3, share: 0.5 } },
  householdTrait: 'householdSize',
  learnEveryMs: 7 * 86_400_000,
};

/** A catalogue: ids and their categories. */
export async function plantProducts(
  pool: pg.Pool,
  products: Readonly<Record<string, string>>,
  attributes: object = {},
) {
  await pool.query(
    `insert into products (id, sku, name, url, category, attributes, published_at, updated_at)
     select id, 'sku-' || id, id, 'https://shop.example/' || id, category, $3, $4, $4 from unnest($1::text[], $2::text[]) as p (id, category)`,
    [Object.keys(products), Object.values(products), attributes, on(-1000)],
  );
}

export interface Purchase {
  customer: string;
  product: string;
  day: number;
  quantity?: number;
}

/** Each an order of its own. */
export async function plantPurchases(pool: pg.Pool, purchases: readonly Purchase[]): Promise<string[]> {
  const orders = purchases.map(({ customer, day }) => ({ customer, at: on(day), total: 100 }));
  const ids = await plantOrders(pool, orders);
  await pool.query(
    `insert into order_lines (order_id, product_id, quantity, price) select * from unnest($1::text[], $2::text[], $3::int[], $4::bigint[])`,
    [ids, purchases.map((one) => one.product), purchases.map(({ quantity = 1 }) => quantity), purchases.map(() => 100)],
  );
  return ids;
}

/** All run-outs, in the order of customers and products; days since `start`. */
export async function runOuts(db: Db) {
  const rows = await db.selectFrom('replenishment').selectAll().orderBy('customer_id').orderBy('product_id').execute();
  const days = (at: Date) => (at.getTime() - start) / 86_400_000;
  return rows.map((row) => ({ ...row, due: days(row.due_at), until: days(row.until_at) }));
}
