import type { OrderCode } from '#domain/projection.ts';
import { codeKey } from '#domain/promo.ts';
import type { Table } from './intake-tables.ts';

/** The promo codes that orders carry (R8): few do, so they are written apart. Rows come sorted by order. */
const columns: Table<OrderCode>['columns'] = {
  order_id: { type: 'text', of: (row) => row.orderId },
  code: { type: 'text', of: (row) => row.code },
  key: { type: 'text', of: (row) => codeKey(row.code) },
  at: { type: 'timestamptz', of: (row) => row.at },
};

/** Orders keep their codes; one that was told of is not taken away by a later word. */
export const orderCodes: Table<OrderCode> = {
  name: 'order_codes',
  columns,
  text: `update orders o set codes = (select array_agg(distinct code order by code) from unnest(o.codes || given.codes) as code)
    from (select order_id, array_agg(code) as codes from rows group by order_id) given where o.order_id = given.order_id`,
};

/** A code is redeemed by the first order that carried it, whoever's, in whatever order they are told. Codes are locked by key:
 *  gateways that redeem the same ones do not wait in a circle. */
export const codesRedeemed: Table<OrderCode> = {
  name: 'promo_codes_redeemed',
  columns,
  text: `update promo_codes p set redeemed_at = first.at, redeemed_order = first.order_id
    from (select key from promo_codes where key in (select key from rows) order by key for update) held
    join (select distinct on (key) key, order_id, at from rows order by key, at, order_id) first using (key)
    where p.key = held.key and (p.redeemed_at is null or p.redeemed_at > first.at)`,
};
