import { hash } from 'node:crypto';
import { type Kysely, sql, type Transaction } from 'kysely';
import type pg from 'pg';
import type { Published } from '#domain/early-access.ts';
import type { Who } from '#domain/events.ts';
import type { Good } from '#domain/intent.ts';
import { resolveCustomer } from './customers.ts';
import { goodJson } from './goods.ts';
import type { Person } from './recommend/asked.ts';
import { isVisible } from './recommend/visible.ts';
import type { DB } from './schema.ts';
import { eventSource } from './webhook-secrets.ts';

/** Whose a chat is, and what answers in it depend on. */
export interface ChatOwner {
  customerId: string;
  region: string | null;
  locale: string | null;
}

/** Null where nobody is known by this chat. */
export async function chatOwner(db: Kysely<DB>, chat: string): Promise<ChatOwner | null> {
  const query = db
    .selectFrom('identities as i')
    .innerJoin('customers as c', 'c.id', 'i.customer_id')
    .select(['c.id as customerId', 'c.region', 'c.locale']);
  return (await query.where('i.kind', '=', 'telegram').where('i.value', '=', chat).executeTakeFirst()) ?? null;
}

/** The steadiest first: a login does not change as addresses do. */
const steadiest = { user_id: 'userId', anonymous_id: 'anonymousId', email: 'email', phone: 'phone' } as const;

/** By what an event can name a customer, or the one that it was merged into; null where they were erased, or nothing is left. */
export async function whoIs(db: Kysely<DB>, customerId: string): Promise<{ customerId: string; who: Who } | null> {
  const ref = await resolveCustomer(db, customerId);
  if (ref === null || ref.erasedAt !== null) return null;
  const rows = await db
    .selectFrom('identities')
    .select(['kind', 'value'])
    .where('customer_id', '=', ref.id)
    .orderBy('since', 'desc')
    .execute();
  for (const [kind, field] of Object.entries(steadiest)) {
    const found = rows.find((row) => row.kind === kind);
    if (found) return { customerId: ref.id, who: { [field]: found.value } };
  }
  return null;
}

/** The source whose events the bot's are: what de-duplication goes by. */
export function botSource(db: Kysely<DB>, at: Date): Promise<string> {
  return db.transaction().execute((trx) => eventSource(trx, 'telegram', at));
}

function keyOf(bot: string, updateId: number): Buffer {
  return Buffer.from(hash('sha256', `telegram update ${bot} ${updateId}`).slice(0, 32), 'hex');
}

export async function isHandled(db: Kysely<DB>, bot: string, updateId: number): Promise<boolean> {
  const query = db.selectFrom('event_keys').select('hash').where('hash', '=', keyOf(bot, updateId));
  return (await query.executeTakeFirst()) !== undefined;
}

/** What an update says of a chat: it may not be written to any more, or may again. */
export type ChatWord = { chat: string; says: 'blocked' | 'back'; at: Date };

/** Notes that an update is done, and what it says of the chat, in one transaction. False where somebody did so before. */
export function finishUpdate(db: Kysely<DB>, bot: string, updateId: number, word: ChatWord | null): Promise<boolean> {
  return db.transaction().execute(async (trx) => {
    const { rows } = await sql`
      insert into event_keys (hash) values (${keyOf(bot, updateId)}) on conflict do nothing returning hash`.execute(
      trx,
    );
    if (rows.length === 0) return false;
    if (word) await noteChat(trx, word);
    return true;
  });
}

async function noteChat(trx: Transaction<DB>, { chat, says, at }: ChatWord): Promise<void> {
  if (says === 'back') {
    await sql`delete from suppressions where channel = 'telegram' and address = ${chat} and reason = 'blocked'`.execute(
      trx,
    );
    return;
  }
  // One that comes late, after they are back, says nothing any more.
  await sql`
    insert into suppressions (channel, address, reason, at)
    select 'telegram', ${chat}, 'blocked', ${at}::timestamptz where not exists (
      select from identities i join consent_states s on s.customer_id = i.customer_id
      where i.kind = 'telegram' and i.value = ${chat} and s.purpose = 'advertising' and s.channel = 'telegram'
        and s.topic = '*' and s.state = 'granted' and s.at > ${at})
    on conflict (channel, address) do nothing`.execute(trx);
}

/** Goods with an old price in the region, the largest discount first; `hidden`: what early access keeps for the registered. */
export async function promotions(
  db: Kysely<DB>,
  { customerId, region }: Person,
  hidden: Published | null,
  limit: number,
): Promise<Good[]> {
  const looking = { customerId, registered: null, from: hidden?.from ?? null, to: hidden?.to ?? null };
  const { rows } = await sql<{ good: Good }>`
    select good from (
      select ${goodJson(sql`${region}::text`)} as good, p.published_at, p.id from products p
      where ${isVisible(looking)}
        and exists (select from offers where product_id = p.id and old_price is not null and stock > 0)
    ) available
    where (good->>'oldPrice') is not null
    order by (good->>'price')::numeric / (good->>'oldPrice')::numeric, published_at desc, id limit ${limit}`.execute(
    db,
  );
  return rows.map(({ good }) => good);
}

/** Held while one process fetches a bot's updates. */
export interface BotLock {
  /** Aborted when the connection that holds it is gone, and the lock with it. */
  readonly lost: AbortSignal;
  release(): Promise<void>;
}

/** Null while another process holds it. The lock lives as long as its connection: whoever dies lets go of it. */
export async function lockBot(pool: pg.Pool, bot: string): Promise<BotLock | null> {
  const client = await pool.connect();
  const lost = new AbortController();
  const onError = () => lost.abort();
  client.on('error', onError);
  const giveBack = (close: boolean) => {
    client.off('error', onError);
    client.release(close);
  };
  try {
    const text = 'select pg_try_advisory_lock(hashtextextended($1, 0)) as held';
    const { rows } = await client.query<{ held: boolean }>(text, [`telegram bot ${bot}`]);
    // A connection that is closed takes its locks along, whatever state it is in.
    if (rows[0]?.held) return { lost: lost.signal, release: async () => giveBack(true) };
  } catch (error) {
    giveBack(true);
    throw error;
  }
  giveBack(false);
  return null;
}
