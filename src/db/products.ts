import { sql, type Transaction } from 'kysely';
import type { Money } from '#domain/money.ts';
import type { Db } from './connect.ts';
import type { DB } from './schema.ts';

export interface Offer {
  /** `*`: every region without an offer of its own. */
  region: string;
  price: Money;
  oldPrice: Money | null;
  /** What one costs the shop, in the currency of the price; null or left out: it is not known. */
  cost?: Money | null;
  stock: number;
}

/** A product as the shop gives it. Without `offers` those on record stay; without `publishedAt` too, or it is now. */
export interface ProductInput {
  id: string;
  sku: string | null;
  name: string;
  url: string;
  imageUrl: string | null;
  category: string | null;
  brand: string | null;
  attributes: Record<string, unknown>;
  publishedAt?: Date;
  offers?: Offer[];
}

export interface Product extends Required<Omit<ProductInput, 'offers'>> {
  updatedAt: Date;
  offers: (Offer & { cost: Money | null; updatedAt: Date })[];
}

type Any = Db | Transaction<DB>;

/** All of them in one transaction and three statements, ordered by id so that two callers cannot deadlock.
 *  Ids must be unique within `items`. Answers which ids are new. */
export async function upsertProducts(db: Db, items: readonly ProductInput[], at: Date): Promise<Set<string>> {
  if (items.length === 0) return new Set();
  return db.transaction().execute(async (trx) => {
    const created = await writeProducts(trx, items, at);
    await writeOffers(trx, items, at);
    return created;
  });
}

/** One product as its shop had it at `at`: nothing, where what is on record is newer, so that late news overwrite nothing. */
export async function upsertNewerProduct(db: Db, product: ProductInput, at: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (await isNewerOnRecord(trx, product.id, at)) return;
    await writeProducts(trx, [product], at);
    await writeOffers(trx, [product], at);
  });
}

/** The shop has it no more: it is offered nowhere. Its row stays, for what was sent and ordered speaks of it. */
export async function withdrawProduct(db: Db, id: string, at: Date): Promise<void> {
  await db.transaction().execute(async (trx) => {
    if (await isNewerOnRecord(trx, id, at)) return;
    await trx.deleteFrom('offers').where('product_id', '=', id).execute();
    await trx.updateTable('products').set({ updated_at: at }).where('id', '=', id).execute();
  });
}

/** Under a lock on the id, which holds where there is no row yet, too. */
async function isNewerOnRecord(trx: Transaction<DB>, id: string, at: Date): Promise<boolean> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`product ${id}`}, 0))`.execute(trx);
  const query = trx.selectFrom('products').select('id').where('id', '=', id).where('updated_at', '>', at);
  return (await query.executeTakeFirst()) !== undefined;
}

async function writeProducts(trx: Transaction<DB>, items: readonly ProductInput[], at: Date): Promise<Set<string>> {
  const { rows } = await sql<{ id: string; created: boolean }>`
    insert into products (id, sku, name, url, image_url, category, brand, attributes, published_at, updated_at)
    select id, sku, name, url, "imageUrl", category, brand, attributes, coalesce("publishedAt", ${at}), ${at}
    from jsonb_to_recordset(${JSON.stringify(items)}::jsonb) as item (id text, sku text, name text, url text,
      "imageUrl" text, category text, brand text, attributes jsonb, "publishedAt" timestamptz)
    order by id
    on conflict (id) do update set sku = excluded.sku, name = excluded.name, url = excluded.url,
      image_url = excluded.image_url, category = excluded.category, brand = excluded.brand,
      attributes = excluded.attributes, updated_at = excluded.updated_at, published_at =
        case when excluded.id = any(${items.filter((item) => item.publishedAt).map((item) => item.id)}::text[])
          then excluded.published_at else products.published_at end
    returning id, xmax = 0 as created`.execute(trx);
  return new Set(rows.filter((row) => row.created).map((row) => row.id));
}

/** The offers given are the product's offers: a region that is no longer among them is gone. */
async function writeOffers(trx: Transaction<DB>, items: readonly ProductInput[], at: Date): Promise<void> {
  const given = items.filter((item) => item.offers !== undefined);
  if (given.length === 0) return;
  const offers = given.flatMap(({ id, offers = [] }) =>
    offers.map(({ region, price, oldPrice, cost, stock }) => ({
      id,
      region,
      price: price.amount,
      old_price: oldPrice?.amount ?? null,
      cost: cost?.amount ?? null,
      currency: price.currency,
      stock,
    })),
  );
  const records = JSON.stringify(offers);
  await sql`
    delete from offers where product_id = any(${given.map((item) => item.id)}::text[])
      and (product_id, region) not in
        (select id, region from jsonb_to_recordset(${records}::jsonb) as kept (id text, region text))`.execute(trx);
  await sql`
    insert into offers (product_id, region, price, old_price, cost, currency, stock, updated_at)
    select id, region, price, old_price, cost, currency, stock, ${at}
    from jsonb_to_recordset(${records}::jsonb) as offer
      (id text, region text, price bigint, old_price bigint, cost bigint, currency text, stock int)
    order by id, region
    on conflict (product_id, region) do update set price = excluded.price, old_price = excluded.old_price, cost = excluded.cost,
      currency = excluded.currency, stock = excluded.stock, updated_at = excluded.updated_at`.execute(trx);
}

export interface ProductFilter {
  ids?: readonly string[];
  category?: string;
  sku?: string;
}

/** By id, those after `after`. */
export async function listProducts(db: Any, filter: ProductFilter, after: string, limit: number): Promise<Product[]> {
  let query = db
    .selectFrom('products')
    .select(['id', 'sku', 'name', 'url', 'image_url as imageUrl', 'category', 'brand', 'attributes'])
    .select(['published_at as publishedAt', 'updated_at as updatedAt'])
    .select(offersOf)
    .where('id', '>', after);
  if (filter.ids) query = query.where('id', 'in', filter.ids);
  if (filter.category !== undefined) query = query.where('category', '=', filter.category);
  if (filter.sku !== undefined) query = query.where('sku', '=', filter.sku);
  const rows = await query.orderBy('id').limit(limit).execute();
  return rows.map((row) => ({
    ...row,
    attributes: row.attributes as Record<string, unknown>,
    offers: row.offers.map(toOffer),
  }));
}

interface OfferRow {
  region: string;
  price: number;
  old_price: number | null;
  cost: number | null;
  currency: string;
  stock: number;
  updated_at: string;
}

const offersOf = sql<OfferRow[]>`coalesce((select json_agg(offer order by region) from
  (select region, price, old_price, cost, currency, stock, updated_at from offers where product_id = products.id) offer), '[]')`.as(
  'offers',
);

function toOffer({ region, price, old_price, cost, currency, stock, updated_at }: OfferRow): Product['offers'][number] {
  return {
    region,
    price: { amount: price, currency },
    oldPrice: old_price === null ? null : { amount: old_price, currency },
    cost: cost === null ? null : { amount: cost, currency },
    stock,
    updatedAt: new Date(updated_at),
  };
}

export async function findProduct(db: Any, id: string): Promise<Product | null> {
  return (await listProducts(db, { ids: [id] }, '', 1))[0] ?? null;
}
