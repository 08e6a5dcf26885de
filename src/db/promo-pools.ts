import { createHash } from 'node:crypto';
import type { Kysely } from 'kysely';
import type { PromoPool } from '#domain/promo.ts';
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

/** What ids are drawn from gives seeds, too: on a time machine the same codes come again. */
function newSeed(at: Date): Buffer {
  return createHash('sha256').update(newId(at)).update(newId(at)).digest();
}

/** A preset's pools: those that are not there yet. */
export async function applyPromoPools(db: Any, pools: readonly PromoPool[], at: Date): Promise<void> {
  for (const pool of pools) await createPromoPool(db, pool, at);
}
