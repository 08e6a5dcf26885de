import { type RawBuilder, sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import type { LeastDrop } from '#domain/wish-news.ts';
import { toldOf } from './read.ts';

/** What of a better offer is news, and to whom. */
export interface Spreading {
  now: Date;
  backInStock: boolean;
  /** By how much a price falls to be news to whoever has made it a favourite; null: no price is. */
  drop: LeastDrop | null;
  /** And to the waiting list. */
  waitersHearPrices: boolean;
  freshMs: number;
  againAfterMs: number;
  /** Runs that begin in a minute. */
  perMinute: number;
  /** Interests in one transaction. */
  limit: number;
}

/** A better offer, and how far those who care are found. */
interface OfferChange {
  seq: number;
  productId: string;
  /** `*`: whoever's region has no offer of its own. */
  region: string;
  /** Minor units; null: it had no offer, or in another currency. */
  wasPrice: number | null;
  /** The offer as it is now. */
  price: number;
  currency: string;
  /** What is news of it. */
  isBack: boolean;
  isCheaper: boolean;
  started: number;
  afterAt: string;
  afterCustomer: string;
}

/** Drops changes of which nothing is news (any more): a catalogue whose prices all fall a little is no work for `spreadNext`. */
export async function dropIdleChanges(db: Db, rules: Spreading): Promise<void> {
  await sql`
    delete from offer_changes where seq in (
      select c.seq from offer_changes c left join offers o on o.product_id = c.product_id and o.region = c.region
      where not coalesce(${isBack(rules)} or ${isCheaper(rules)}, false) for update of c skip locked)`.execute(db);
}

/**
 * Takes the oldest change whose followers are not all found, finds the next `limit` of them, and writes what they are to be told of and
 * when their runs start, in one transaction with how far it got: killed at any moment, nobody is lost, and nobody is started twice.
 * Answers how many runs are to start; null: there is no change, or other processes are at all of them.
 */
export function spreadNext(db: Db, rules: Spreading): Promise<number | null> {
  return db.transaction().execute(async (trx) => {
    const change = await nextChange(trx, rules);
    if (change === null) return null;
    const isNews = change.isBack || change.isCheaper;
    const found = isNews ? await findFollowers(trx, change, rules) : { taken: 0, started: 0, last: null };
    if (found.taken >= rules.limit) await keepPlace(trx, change.seq, found);
    else await sql`delete from offer_changes where seq = ${change.seq}`.execute(trx);
    return found.started;
  });
}

async function nextChange(trx: Trx, rules: Spreading): Promise<OfferChange | null> {
  const { rows } = await sql<OfferChange>`
    select c.seq, c.product_id as "productId", c.region, case when c.was_currency = o.currency then c.was_price end as "wasPrice",
      o.price, o.currency, c.started, c.after_at::text as "afterAt", c.after_customer as "afterCustomer",
      coalesce(${isBack(rules)}, false) as "isBack", coalesce(${isCheaper(rules)}, false) as "isCheaper"
    from (select * from offer_changes order by seq limit 1 for update skip locked) c
      left join offers o on o.product_id = c.product_id and o.region = c.region`.execute(trx);
  return rows[0] ?? null;
}

/** Of a change `c` and the offer `o` as it is now; null where it is gone. */
const isBack = ({ backInStock }: Spreading) =>
  sql<boolean>`(${backInStock}::bool and not c.was_in_stock and o.stock > 0)`;

/** As `hasDropped` of `src/domain/wish-news.ts` says. */
const isCheaper = ({ drop }: Spreading) =>
  drop === null
    ? sql<boolean>`false`
    : sql<boolean>`(o.stock > 0 and c.was_currency = o.currency and o.price < c.was_price
        and c.was_price - o.price >= ${drop.amount}::bigint and c.was_price - o.price >= c.was_price * ${drop.share}::float8)`;

interface Found {
  taken: number;
  started: number;
  last: { at: string; customer: string } | null;
}

async function keepPlace(trx: Trx, seq: number, { last, started }: Found): Promise<void> {
  await sql`update offer_changes set started = started + ${started},
    after_at = coalesce(${last?.at ?? null}::timestamptz, after_at), after_customer = coalesce(${last?.customer ?? null}::uuid, after_customer)
    where seq = ${seq}`.execute(trx);
}

async function findFollowers(trx: Trx, change: OfferChange, rules: Spreading): Promise<Found> {
  const { productId, price, currency, wasPrice, started, afterAt, afterCustomer } = change;
  const { now, perMinute, limit } = rules;
  const ago = (ms: number) => new Date(now.getTime() - ms);
  const { rows } = await sql<Found>`
    with next as (
      -- With ties: a place between two of one instant and customer would lose the second.
      select customer_id, kind, last_at from interests
      where kind in ('favourite', 'waiting') and removed_at is null
        and ref in (${productId}, (select sku from products where id = ${productId}))
        and (last_at, customer_id) > (${afterAt}::timestamptz, ${afterCustomer}::uuid)
      order by last_at, customer_id fetch first ${sql.lit(limit)} rows with ties
    ), caring as (
      select distinct on (n.customer_id, w.cause) n.customer_id, w.cause, n.last_at, c.kind
      from next n cross join lateral ${causes(change, rules)} w join customers c on c.id = n.customer_id
      where c.merged_into is null and c.erased_at is null and ${isOffered(change)}
        and not exists (select from ${toldOf({ customer: sql`c.id`, product: sql`${productId}::text`, cause: sql`w.cause` })}
          and m.reserved_at >= case w.cause when 'stock' then n.last_at else ${ago(rules.againAfterMs)}::timestamptz end)
        and not exists (select from orders o join order_lines l using (order_id)
          where o.customer_id = c.id and o.state = 'placed' and o.placed_at >= n.last_at and l.product_id = ${productId})
      order by n.customer_id, w.cause, n.last_at desc
    ), noted as (
      insert into wish_news as s (customer_id, product_id, cause, at, was_price, currency)
      select customer_id, ${productId}, cause, ${now}, ${wasPrice ?? price}, ${currency} from caring order by customer_id, cause
      on conflict (customer_id, product_id, cause) do update set at = excluded.at, currency = excluded.currency,
        -- Of a price that falls in steps before anybody was told, all of it is told.
        was_price = case when s.currency = excluded.currency and s.at >= ${ago(rules.freshMs)}
          then greatest(s.was_price, excluded.was_price) else excluded.was_price end
    ), people as (
      select customer_id, kind, ${started}::int + row_number() over (order by min(last_at), customer_id) - 1 as n
      from caring group by customer_id, kind
    ), written as (
      insert into waiting_starts (journey, customer_id, key, profile, reason, since, due_at)
      select 'item-event', customer_id, '', ${profileOf}, 'item_event', ${now},
        ${now}::timestamptz + (n / ${perMinute}) * interval '1 minute'
      from people order by customer_id on conflict do nothing
    )
    select (select count(*)::int from next) as taken, (select count(*)::int from people) as started,
      (select json_build_object('at', last_at::text, 'customer', customer_id) from next
        order by last_at desc, customer_id desc limit 1) as last`.execute(trx);
  return rows[0] ?? { taken: 0, started: 0, last: null };
}

/** What an interest `n` makes of the change, as rows `(cause)`. */
function causes(change: OfferChange, { waitersHearPrices }: Spreading): RawBuilder<unknown> {
  return sql`(
    select 'stock' as cause where ${change.isBack}::bool and n.kind = 'waiting'
    union all select 'price' where ${change.isCheaper}::bool and (n.kind = 'favourite' or ${waitersHearPrices}::bool))`;
}

/** Whether the offer is that of the region of customer `c`. */
function isOffered({ productId, region }: OfferChange): RawBuilder<boolean> {
  if (region !== '*') return sql`c.region = ${region}`;
  return sql`not exists (select from offers o where o.product_id = ${productId} and o.region = c.region)`;
}

/** Whom of customer `customer_id`, of that `kind`, one can write to. */
const profileOf = sql`coalesce((
  select p.kind from profiles p where p.customer_id = people.customer_id order by coalesce(email, phone) is null,
    p.kind <> case people.kind when 'b2b' then 'corporate' else 'personal' end limit 1), 'personal')`;

/** Forgets news that nobody is told any more. */
export async function forgetNews(db: Db, before: Date): Promise<void> {
  await sql`delete from wish_news where at < ${before}`.execute(db);
}
