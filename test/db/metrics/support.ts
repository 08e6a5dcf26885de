import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type pg from 'pg';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';

export const day = 86_400_000;

export interface PlantedOrder {
  customer: string;
  at: Date;
  total: number;
  profile?: 'personal' | 'corporate';
  state?: 'placed' | 'cancelled' | 'refunded';
}

/** Customers whose ids are in the order of their numbers: what came first is first in a row. */
export async function plantCustomers(pool: pg.Pool, count: number, at: Date): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId(at)).toSorted();
  await pool.query('insert into customers (id, created_at) select unnest($1::uuid[]), $2', [ids, at]);
  return ids;
}

let planted = 0;

export async function plantOrders(pool: pg.Pool, orders: readonly PlantedOrder[]): Promise<string[]> {
  const ids = orders.map(() => `order-${++planted}`);
  await pool.query(
    `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
     select id, customer, profile, state, total, 'RUB', at, at
     from unnest($1::text[], $2::uuid[], $3::text[], $4::text[], $5::bigint[], $6::timestamptz[]) as o (id, customer, profile, state, total, at)`,
    [
      ids,
      orders.map(({ customer }) => customer),
      orders.map(({ profile = 'personal' }) => profile),
      orders.map(({ state = 'placed' }) => state),
      orders.map(({ total }) => total),
      orders.map(({ at }) => at.toISOString()),
    ],
  );
  return ids;
}

/** Rows of a file of `test/data`, without its head. */
export function openData(file: string): string[][] {
  const text = gunzipSync(readFileSync(join(import.meta.dirname, '../../data', file))).toString();
  const [, ...lines] = text.trim().split('\n');
  return lines.map((line) => line.split(','));
}

/** As they stand, customer by customer. */
export function metricsOf(db: Db) {
  return db.selectFrom('customer_metrics').selectAll().orderBy('customer_id').orderBy('profile').execute();
}
