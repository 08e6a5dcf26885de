import { type Kysely, sql } from 'kysely';
import type { IdentityKind, KnownIdentity } from '#domain/identity.ts';
import type { KnownOrder, KnownPerson } from '#domain/old-news.ts';
import { newId } from './ids.ts';
import { epochMs } from './instants.ts';
import type { DB } from './schema.ts';

type Any = Kysely<DB>;

export interface ImportCounts {
  /** All up to this line is in, or refused. */
  line: number;
  imported: number;
  unchanged: number;
  refused: number;
}

export interface OpenImport extends ImportCounts {
  id: string;
}

/** The import of this content that was begun and not finished; else a new one. */
export async function openImport(
  db: Any,
  { kind, file, content, at }: { kind: string; file: string; content: Buffer; at: Date },
): Promise<OpenImport> {
  await sql`
    insert into imports (id, kind, file, content, started_at) values (${newId(at)}, ${kind}, ${file}, ${content}, ${at})
    on conflict (content) where finished_at is null do nothing`.execute(db);
  return db
    .selectFrom('imports')
    .select(['id', 'line', 'imported', 'unchanged', 'refused'])
    .where('content', '=', content)
    .where('finished_at', 'is', null)
    .executeTakeFirstOrThrow();
}

/** Where whoever goes on after a kill begins. */
export async function advanceImport(db: Any, id: string, counts: ImportCounts): Promise<void> {
  await db.updateTable('imports').set(counts).where('id', '=', id).execute();
}

export async function finishImport(db: Any, id: string, at: Date): Promise<void> {
  await db.updateTable('imports').set({ finished_at: at }).where('id', '=', id).execute();
}

/** Holds the content while `act` runs, so that two do not import it at once. Null: another does. */
export async function importing<T>(db: Any, content: Buffer, act: () => Promise<T>): Promise<T | null> {
  return db.connection().execute(async (held) => {
    const key = sql`hashtextextended(${`import ${content.toString('hex')}`}, 0)`;
    const { rows } = await sql<{ held: boolean }>`select pg_try_advisory_lock(${key}) as held`.execute(held);
    if (!rows[0]?.held) return null;
    try {
      return await act();
    } finally {
      await sql`select pg_advisory_unlock(${key})`.execute(held);
    }
  });
}

/** The source that imported events are of, as the timeline shows it; its write key is nobody's. */
export async function importSource(db: Any, at: Date): Promise<string> {
  await sql`
    insert into sources (id, name, write_key_hash, created_at)
    values (${newId(at)}, 'import', sha256(gen_random_uuid()::text::bytea), ${at}) on conflict (name) do nothing`.execute(
    db,
  );
  const row = await db.selectFrom('sources').select('id').where('name', '=', 'import').executeTakeFirstOrThrow();
  return row.id;
}

/** Who holds these identities. */
export async function identitiesOnRecord(
  db: Any,
  named: readonly { kind: IdentityKind; value: string }[],
): Promise<KnownIdentity[]> {
  const [kinds, values] = [named.map(({ kind }) => kind), named.map(({ value }) => value)];
  const { rows } = await sql<KnownIdentity>`
    select i.kind, i.value, i.customer_id as "customerId", ${epochMs(sql`i.since`)} as since
    from unnest(${kinds}::text[], ${values}::text[]) as asked (kind, value),
      lateral (select * from identities where kind = asked.kind and value = asked.value offset 0) i`.execute(db);
  return rows;
}

export async function ordersOnRecord(db: Any, ids: readonly string[]): Promise<KnownOrder[]> {
  const { rows } = await sql<KnownOrder>`
    select o.order_id as "orderId", o.customer_id as "customerId", o.profile, o.state, o.total, o.currency,
      ${epochMs(sql`o.placed_at`)} as "placedAt", ${epochMs(sql`o.state_at`)} as "stateAt",
      exists (select from order_lines l where l.order_id = o.order_id) as "hasLines", null as lines, false as "isNew",
      (select erased_at is not null from customers c where c.id = o.customer_id) as "isErased"
    from unnest(${[...ids]}::text[]) as asked (id), lateral (select * from orders where order_id = asked.id offset 0) o`.execute(
    db,
  );
  return rows;
}

export async function personsOnRecord(db: Any, ids: readonly string[]): Promise<KnownPerson[]> {
  const { rows } = await sql<KnownPerson>`
    select c.id, c.traits, c.traits_at as "traitsAt",
      coalesce((select json_agg(json_build_object('kind', p.kind, 'email', p.email, 'emailAt', ${epochMs(sql`p.email_at`)},
        'phone', p.phone, 'phoneAt', ${epochMs(sql`p.phone_at`)})) from profiles p where p.customer_id = c.id), '[]') as profiles,
      (select state from consent_states s where s.customer_id = c.id and purpose = 'advertising' and channel = '*' and topic = '*') as consent,
      coalesce((select json_agg(json_build_object('state', w.state, 'at', ${epochMs(sql`w.at`)}))
        from consents w where w.customer_id = c.id and purpose = 'advertising' and channel = '*'), '[]') as words
    from customers c where c.id = any(${[...ids]}::uuid[])`.execute(db);
  return rows;
}
