import { sql } from 'kysely';
import { listProducts, type Product } from '#db/products.ts';
import type { Money } from '#domain/money.ts';
import { codeKey } from '#domain/promo.ts';
import { among, type ExportedTable } from './table.ts';

interface Line {
  productId: string;
  quantity: number;
  price: Money;
  oldPrice: Money | null;
  cost: Money | null;
}

interface Order {
  orderId: string;
  customerId: string;
  profile: string;
  state: string;
  total: Money;
  placedAt: Date;
  stateAt: Date;
  codes: string[];
  lines: Line[];
}

const orderKey = [['order_id', 'text']] as const;

const money = (column: string) =>
  sql`case when ${sql.ref(column)} is not null then json_build_object('amount', ${sql.ref(column)}, 'currency', o.currency) end`;
const lines = sql<Line[]>`coalesce((select json_agg(json_build_object('productId', l.product_id, 'quantity', l.quantity,
  'price', ${money('l.price')}, 'oldPrice', ${money('l.old_price')}, 'cost', ${money('l.cost')}) order by l.product_id)
  from order_lines l where l.order_id = o.order_id), '[]')`;

export const orders: ExportedTable<Order> = {
  from: 'orders',
  key: orderKey,
  parts: [['order_lines', 'order_id']],
  read: (db, wanted) =>
    db
      .selectFrom('orders as o')
      .select(['o.order_id as orderId', 'o.customer_id as customerId', 'o.profile', 'o.state'])
      .select(sql<Money>`${money('o.total')}`.as('total'))
      .select(['o.placed_at as placedAt', 'o.state_at as stateAt'])
      .select([sql<string[]>`coalesce(o.codes, '{}')`.as('codes'), lines.as('lines')])
      .where(among('o', orderKey, wanted))
      .execute(),
  keyOf: ({ orderId }) => [orderId],
};

const productKey = [['id', 'text']] as const;

export const products: ExportedTable<Product> = {
  from: 'products',
  key: productKey,
  parts: [['offers', 'product_id']],
  read: (db, { keys }) => listProducts(db, { ids: keys.map(([id]) => String(id)) }, '', keys.length),
  keyOf: ({ id }) => [id],
};

interface Code {
  pool: string;
  code: string;
  size: string;
  percent: number | null;
  amount: Money | null;
  customerId: string | null;
  runId: string | null;
  step: string | null;
  issuedAt: Date | null;
  expiresAt: Date | null;
  redeemedAt: Date | null;
  redeemedOrder: string | null;
}

const codesKey = [['key', 'text']] as const;

export const promoCodes: ExportedTable<Code> = {
  from: 'promo_codes',
  key: codesKey,
  read: (db, wanted) =>
    db
      .selectFrom('promo_codes as c')
      .innerJoin('promo_pools as p', 'p.id', 'c.pool_id')
      .select(['p.name as pool', 'c.code', 'c.size', 'c.percent'])
      .select(
        sql<Money | null>`case when c.amount is not null then json_build_object('amount', c.amount, 'currency', c.currency) end`.as(
          'amount',
        ),
      )
      .select(['c.customer_id as customerId', 'c.run_id as runId', 'c.block as step', 'c.issued_at as issuedAt'])
      .select(['c.expires_at as expiresAt', 'c.redeemed_at as redeemedAt', 'c.redeemed_order as redeemedOrder'])
      .where(among('c', codesKey, wanted))
      .execute(),
  keyOf: ({ code }) => [codeKey(code)],
};
