import { createHash } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import type { PromoExpiry, PromoPool, PromoSize } from '#domain/promo.ts';
import { newId } from './ids.ts';
import { makeCodes } from './promo-codes.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB>;

/** Makes a pool, with its first codes where they are generated; null where there is one of that name. */
export async function createPromoPool(db: Any, pool: PromoPool, at: Date): Promise<string | null> {
  const { name, sizes, expiry, lowStock, generated } = pool;
  const id = newId(at);
  const row = {
    id,
    name,
    kind: generated === null ? 'imported' : 'generated',
    sizes: JSON.stringify(sizes),
    expiry: JSON.stringify(expiry),
    low_stock: lowStock,
    ...generated,
    seed: generated === null ? null : newSeed(at),
    created_at: at,
  };
  return db.transaction().execute(async (trx) => {
    const query = trx
      .insertInto('promo_pools')
      .values(row)
      .onConflict((name) => name.column('name').doNothing());
    if ((await query.returning('id').executeTakeFirst()) === undefined) return null;
    if (generated !== null) for (const size of sizes) await makeCodes(trx, id, size, generated.ahead);
    return id;
  });
}

/** Writes what may change of a pool (`changeObjections`). Codes that are missing then are made when somebody looks after the pool, or
 *  by the first who needs one. */
export async function changePromoPool(db: Any, id: string, pool: PromoPool): Promise<void> {
  const { sizes, expiry, lowStock, generated } = pool;
  const row = { sizes: JSON.stringify(sizes), expiry: JSON.stringify(expiry), low_stock: lowStock, ...generated };
  await db
    .updateTable('promo_pools')
    .set({ ...row, empty_at: null })
    .where('id', '=', id)
    .execute();
}

/** What ids are drawn from gives seeds, too: on a time machine the same codes come again. */
function newSeed(at: Date): Buffer {
  return createHash('sha256').update(newId(at)).update(newId(at)).digest();
}

/** A preset's pools: those that are not there yet. */
export async function applyPromoPools(db: Any, pools: readonly PromoPool[], at: Date): Promise<void> {
  for (const pool of pools) await createPromoPool(db, pool, at);
}

export async function hasPromoPools(db: Any): Promise<boolean> {
  return (await db.selectFrom('promo_pools').select('id').limit(1).executeTakeFirst()) !== undefined;
}

/** How many codes of a size there are. `free`: to be issued. */
export interface SizeStock {
  size: string;
  free: number;
  issued: number;
  redeemed: number;
}

export interface PoolRow {
  id: string;
  name: string;
  sizes: PromoSize[];
  expiry: PromoExpiry;
  lowStock: number;
  generated: PromoPool['generated'];
  /** Since when messages go without a code, and how many did. */
  emptyAt: Date | null;
  turnedAway: number;
  createdAt: Date;
  stock: SizeStock[];
}

/** By name; after `after`, or the one of that id. */
export async function promoPools(
  db: Any,
  which: { after: string; limit: number } | { id: string },
): Promise<PoolRow[]> {
  const where = 'id' in which ? sql`id = ${which.id}` : sql`name > ${which.after}`;
  const limit = 'id' in which ? 1 : which.limit;
  const { rows } = await sql<PoolRow>`
    select id, name, sizes, expiry, low_stock as "lowStock", created_at as "createdAt", empty_at as "emptyAt",
      turned_away as "turnedAway", case when kind = 'generated' then
        json_build_object('pattern', pattern, 'ahead', ahead, 'most', most) end as generated,
      coalesce((select json_agg(json_build_object('size', size, 'free', free, 'issued', issued, 'redeemed', redeemed))
        from (select size, count(*) filter (where issued_at is null and redeemed_at is null) as free,
            count(*) filter (where issued_at is not null) as issued, count(*) filter (where redeemed_at is not null) as redeemed
          from promo_codes c where c.pool_id = promo_pools.id group by size) counted), '[]') as stock
    from promo_pools where ${where} order by name limit ${limit}`.execute(db);
  return rows;
}

/** Sizes with fewer free codes than the pool is to have. */
export function lowSizes({ sizes, stock, lowStock }: Pick<PoolRow, 'sizes' | 'stock' | 'lowStock'>): string[] {
  const free = new Map(stock.map((one) => [one.size, one.free]));
  return sizes.map(({ name }) => name).filter((name) => (free.get(name) ?? 0) < lowStock);
}

/** What pools have in stock, for those who watch over them. */
export async function promoStock(db: Any) {
  const { rows } = await sql<{ pool: string; size: string; free: number; lowStock: number; turnedAway: number }>`
    select p.name as pool, one->>'name' as size, low_stock as "lowStock", turned_away as "turnedAway", (
      select count(*) from promo_codes c
      where c.pool_id = p.id and c.size = one->>'name' and issued_at is null and redeemed_at is null) as free
    from promo_pools p, jsonb_array_elements(p.sizes) as one order by p.name`.execute(db);
  return rows;
}

/** A pool that has begun to run low, and in which sizes. */
export interface LowPool {
  name: string;
  sizes: string[];
}

/** What has to be done now and then: generated pools get their codes ahead; those that run low are returned, once until they are
 *  filled up again. No more codes are counted than it takes to know. */
export async function tendPromoPools(db: Any, at: Date): Promise<LowPool[]> {
  const { rows } = await sql<Tended>`
    select id, name, ahead, low_stock as "lowStock", sizes, (
      select json_object_agg(one->>'name', (select count(*) from (
        select from promo_codes c where c.pool_id = p.id and c.size = one->>'name' and issued_at is null and redeemed_at is null
        limit greatest(p.low_stock, p.ahead)) enough))
      from jsonb_array_elements(p.sizes) as one) as free
    from promo_pools p order by name`.execute(db);
  const low: LowPool[] = [];
  for (const pool of rows) {
    const { id, name, sizes, lowStock } = pool;
    const free = await fillUp(db, pool);
    const lacking = sizes.filter((size) => (free[size.name] ?? 0) < lowStock).map((size) => size.name);
    if (await noteLow(db, id, lacking.length > 0, at)) low.push({ name, sizes: lacking });
  }
  return low;
}

interface Tended extends Pick<PoolRow, 'id' | 'name' | 'sizes' | 'lowStock'> {
  ahead: number | null;
  free: Record<string, number>;
}

/** Free codes of each size, after those that were missing were made. */
async function fillUp(db: Any, { id, sizes, ahead, free }: Tended): Promise<Record<string, number>> {
  const filled = { ...free };
  for (const size of ahead === null ? [] : sizes) {
    const [there, wanted] = [free[size.name] ?? 0, ahead ?? 0];
    if (there >= wanted) continue;
    filled[size.name] = there + (await db.transaction().execute((trx) => makeCodes(trx, id, size, wanted - there)));
  }
  return filled;
}

/** Whether this is news. */
async function noteLow(db: Any, id: string, isLow: boolean, at: Date): Promise<boolean> {
  const { numAffectedRows } = await sql`
    update promo_pools set low_at = ${isLow ? at : null}::timestamptz where id = ${id} and (low_at is not null) <> ${isLow}`.execute(
    db,
  );
  return isLow && numAffectedRows === 1n;
}
