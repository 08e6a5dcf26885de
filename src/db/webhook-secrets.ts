import { randomBytes } from 'node:crypto';
import type { Transaction } from 'kysely';
import type { Db } from './connect.ts';
import { newId } from './ids.ts';
import { keyHash } from './keys.ts';
import type { DB } from './schema.ts';

export interface SecretRow {
  id: string;
  source: string;
  name: string;
  createdAt: Date;
}

export interface SealedSecret {
  id: string;
  /** Of the source of events, in `sources`. */
  sourceId: string;
  sealed: Buffer;
}

/** Keeps a secret that `seal` has made unreadable; it is given the row's id to bind the seal to. */
export async function addWebhookSecret(
  db: Db,
  { source, name }: { source: string; name: string },
  seal: (id: string) => Buffer,
  at: Date,
): Promise<SecretRow> {
  const id = newId(at);
  await db.transaction().execute(async (trx) => {
    const row = { id, source, name, source_id: await eventSource(trx, source, at), sealed: seal(id), created_at: at };
    await trx.insertInto('webhook_secrets').values(row).execute();
  });
  return { id, source, name, createdAt: at };
}

/** The source of events of this name; where there is none yet, one whose write key nobody has. */
export async function eventSource(trx: Transaction<DB>, name: string, at: Date): Promise<string> {
  const row = { id: newId(at), name, write_key_hash: keyHash(randomBytes(32).toString('base64')), created_at: at };
  await trx
    .insertInto('sources')
    .values(row)
    .onConflict((conflict) => conflict.column('name').doNothing())
    .execute();
  return (await trx.selectFrom('sources').select('id').where('name', '=', name).executeTakeFirstOrThrow()).id;
}

/** Newest first. */
export function listWebhookSecrets(db: Db): Promise<SecretRow[]> {
  const query = db.selectFrom('webhook_secrets').select(['id', 'source', 'name', 'created_at as createdAt']);
  return query.orderBy('created_at', 'desc').orderBy('id', 'desc').execute();
}

/** False where there is none with this id. */
export async function deleteWebhookSecret(db: Db, id: string): Promise<boolean> {
  return (await db.deleteFrom('webhook_secrets').where('id', '=', id).returning('id').execute()).length > 0;
}

/** Every secret by which a source may sign now, newest first. */
export function sealedSecrets(db: Db, source: string): Promise<SealedSecret[]> {
  const query = db.selectFrom('webhook_secrets').select(['id', 'source_id as sourceId', 'sealed']);
  return query.where('source', '=', source).orderBy('created_at', 'desc').execute();
}
