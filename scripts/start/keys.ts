import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Db } from '#db/connect.ts';
import { createKey, findKey } from '#db/keys.ts';

export interface Keys {
  writeKey: string;
  apiKey: string;
}

/** The keys of this development machine. The database has only their hashes, so that they are kept beside it in the clear
 *  (keys.json, readable to its owner), to be shown again; whoever has the folder has the data anyway. */
export async function developmentKeys(db: Db, folder: string, at: Date): Promise<Keys> {
  const file = join(folder, 'keys.json');
  const kept: Partial<Keys> = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  const keys = {
    writeKey: await validOrNew(db, 'sources', kept.writeKey, at),
    apiKey: await validOrNew(db, 'api_keys', kept.apiKey, at),
  };
  if (keys.writeKey !== kept.writeKey || keys.apiKey !== kept.apiKey)
    writePrivately(file, JSON.stringify(keys, null, 2));
  return keys;
}

async function validOrNew(db: Db, table: 'sources' | 'api_keys', kept: string | undefined, at: Date): Promise<string> {
  if (kept && (await findKey(db, table, kept))) return kept;
  const made =
    (await createKey(db, table, 'development', at)) ??
    (await createKey(db, table, `development-${randomBytes(3).toString('hex')}`, at));
  if (!made) throw new Error('No key could be made.');
  return made.key;
}

/** What this machine's links are signed with: made once, so that links of old messages keep working. */
export function developmentSecret(folder: string): string {
  const file = join(folder, 'secret');
  if (!existsSync(file)) writePrivately(file, randomBytes(32).toString('hex'));
  return readFileSync(file, 'utf8').trim();
}

/** Whole or not at all, and for nobody else to read. */
export function writePrivately(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
