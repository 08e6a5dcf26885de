import type { Kysely } from 'kysely';
import type { DB } from './schema.ts';

export interface StoredVapidKeys {
  publicKey: string;
  sealed: Buffer;
}

/** The shop's one pair of keys. Where there is none yet, the `made` one is kept; of two processes that start at once the
 *  first one's is, for both. */
export async function storedVapidKeys(db: Kysely<DB>, made: () => StoredVapidKeys, at: Date): Promise<StoredVapidKeys> {
  const kept = await keptVapidKeys(db);
  if (kept) return kept;
  const { publicKey, sealed } = made();
  await db
    .insertInto('vapid_keys')
    .values({ public_key: publicKey, sealed, created_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await keptVapidKeys(db)) ?? { publicKey, sealed };
}

function keptVapidKeys(db: Kysely<DB>): Promise<StoredVapidKeys | undefined> {
  return db.selectFrom('vapid_keys').select(['public_key as publicKey', 'sealed']).executeTakeFirst();
}
