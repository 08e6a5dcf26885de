import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import { newId } from './ids.ts';
import type { DB } from './schema.ts';

/** Who may call: a source gives events in (write key), an API key reads and changes everything (API key). */
export interface KeyRow {
  id: string;
  name: string;
  createdAt: Date;
  revokedAt: Date | null;
}

export interface NewKey extends KeyRow {
  /** In the clear, this once: only its hash is kept. */
  key: string;
}

type Any = Db | Transaction<DB>;
type KeyTable = 'sources' | 'api_keys';

const hashColumns = { sources: 'write_key_hash', api_keys: 'key_hash' } as const;
const prefixes = { sources: 'vsw_', api_keys: 'vsk_' } as const;

/** SHA-256. A key is 24 random bytes, so a slow hash would protect nothing. */
export function keyHash(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

/** Null where the name is taken, by a revoked one too: a name in old logs must stay unambiguous. */
export async function createKey(db: Any, table: KeyTable, name: string, at: Date): Promise<NewKey | null> {
  const key = prefixes[table] + randomBytes(24).toString('base64url');
  const id = newId(at);
  const { rows } = await sql`
    insert into ${sql.table(table)} (id, name, ${sql.ref(hashColumns[table])}, created_at)
    values (${id}, ${name}, ${keyHash(key)}, ${at}) on conflict (name) do nothing returning id`.execute(db);
  return rows.length === 0 ? null : { id, name, createdAt: at, revokedAt: null, key };
}

/** Newest first, revoked ones too. */
export async function listKeys(db: Any, table: KeyTable): Promise<KeyRow[]> {
  const { rows } = await sql<KeyRow>`
    select id, name, created_at as "createdAt", revoked_at as "revokedAt"
    from ${sql.table(table)} order by created_at desc, id desc`.execute(db);
  return rows;
}

/** The key stops working with the commit. False where there is none with this id. */
export async function revokeKey(db: Any, table: KeyTable, id: string, at: Date): Promise<boolean> {
  const { rows } = await sql`
    update ${sql.table(table)} set revoked_at = coalesce(revoked_at, ${at}) where id = ${id} returning id`.execute(db);
  return rows.length > 0;
}

/** Who holds this key; null for a key that is unknown or revoked. */
export async function findKey(db: Any, table: KeyTable, key: string): Promise<{ id: string; name: string } | null> {
  const hash = keyHash(key);
  const { rows } = await sql<{ id: string; name: string; hash: Buffer }>`
    select id, name, ${sql.ref(hashColumns[table])} as hash
    from ${sql.table(table)} where ${sql.ref(hashColumns[table])} = ${hash} and revoked_at is null`.execute(db);
  const row = rows[0];
  return row && timingSafeEqual(row.hash, hash) ? { id: row.id, name: row.name } : null;
}
