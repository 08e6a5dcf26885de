import { sql } from 'kysely';
import { type Invariant, sentences } from './invariant.ts';

/** Promo codes: each has one owner, who was told of it (R8). */

export const codesOwnedOnce: Invariant = (db) =>
  sentences(
    db,
    sql`select format('promo code %s of pool %s is there %s times', min(key), min(pool_id::text), count(*)) as what
      from promo_codes group by upper(code) having count(*) > 1`,
  );

/** Its own, or that of the run's customer who was joined to another since: both move. */
export const codesTold: Invariant = (db) =>
  sentences(
    db,
    sql`select format('promo code %s was issued by %s of run %s, %s', c.key, c.block, c.run_id,
        case when m.customer_id is null then 'which sent no message' else 'whose message is another customer’s' end) as what
      from promo_codes c left join lateral (
        select customer_id from messages m where m.run_id = c.run_id and m.block = c.block and m.iteration = c.iteration
        order by m.customer_id <> c.customer_id limit 1) m on true
      where c.issued_at is not null and m.customer_id is distinct from c.customer_id`,
  );

export const codesRedeemedByOrders: Invariant = (db) =>
  sentences(
    db,
    sql`select format('promo code %s is redeemed by order %L, which does not carry it', c.key, c.redeemed_order) as what
      from promo_codes c where c.redeemed_at is not null and not exists (
        select from orders o where o.order_id = c.redeemed_order and exists (
          select from unnest(o.codes) as carried where upper(normalize(trim(carried), nfkc)) = c.key))`,
  );

export const poolsNotOverdrawn: Invariant = (db) =>
  sentences(
    db,
    sql`select format('pool %s has %s codes of size %s, of at most %s', p.name, count(*), c.size, p.most) as what
      from promo_pools p join promo_codes c on c.pool_id = p.id where p.most is not null
      group by p.id, c.size having count(*) > p.most`,
  );
