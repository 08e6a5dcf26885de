import { sql, type Transaction } from 'kysely';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import type { Db } from './connect.ts';
import type { DB, Json } from './schema.ts';

/** One version of what is set under a name: `shop`, `policy` or a journey. Versions never change. */
export interface SettingsRow {
  name: string;
  version: number;
  value: Json;
  author: string;
  createdAt: Date;
}

type Any = Db | Transaction<DB>;

const columns = ['name', 'version', 'value', 'author', 'created_at as createdAt'] as const;

/** The newest version; null where nothing was set, so that the defaults hold. */
export async function currentSettings(db: Any, name: string): Promise<SettingsRow | null> {
  const query = db.selectFrom('settings').select(columns).where('name', '=', name);
  return (await query.orderBy('version', 'desc').limit(1).executeTakeFirst()) ?? null;
}

/** What is set of the shop now, with the defaults for all else. */
export async function currentShop(db: Any): Promise<ShopSettings> {
  return { ...defaultShop, ...((await currentSettings(db, 'shop'))?.value as Partial<ShopSettings> | undefined) };
}

export async function settingsVersion(db: Any, name: string, version: number): Promise<SettingsRow | null> {
  const query = db.selectFrom('settings').select(columns).where('name', '=', name).where('version', '=', version);
  return (await query.executeTakeFirst()) ?? null;
}

/** Newest first, `limit` of those below version `before`. */
export function settingsVersions(db: Any, name: string, before: number, limit: number): Promise<SettingsRow[]> {
  const query = db.selectFrom('settings').select(columns).where('name', '=', name).where('version', '<', before);
  return query.orderBy('version', 'desc').limit(limit).execute();
}

/** Writes the next version. With `expected` (the version that its author saw; 0: none) null where another came first. */
export async function saveSettings(
  db: Any,
  name: string,
  value: unknown,
  author: string,
  at: Date,
  expected?: number,
): Promise<SettingsRow | null> {
  for (;;) {
    const { rows } = await sql<{ version: number }>`
      insert into settings (name, version, value, author, created_at)
      select ${name}, coalesce(max(version), 0) + 1, ${JSON.stringify(value)}::jsonb, ${author}, ${at}
      from settings where name = ${name}
      having ${expected ?? null}::int is null or coalesce(max(version), 0) = ${expected ?? null}::int
      on conflict do nothing returning version`.execute(db);
    if (rows[0]) return { name, version: rows[0].version, value: value as Json, author, createdAt: at };
    // Without a row either the version is not the expected one, or somebody wrote the same number in this moment.
    if (expected !== undefined) return null;
  }
}

/** A preset: version 1 of each name that has none yet; what people have set stays. */
export async function applyPreset(
  db: Any,
  entries: readonly { name: string; value: unknown }[],
  author: string,
  at: Date,
): Promise<void> {
  for (const { name, value } of entries) await saveSettings(db, name, value, author, at, 0);
}
