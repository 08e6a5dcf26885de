import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { ensureMonths } from '#db/partitions.ts';
import type { TestDatabase } from './database.ts';

/** Shows what a statement reads of tables that have grown since its plan was made. A plan that is made while they are empty may
 *  read all of one for each row that it looks for, and is kept. */

/** Nobody else may read the tables, nor make statistics by which plans are made anew. */
export async function stopAutovacuum(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of rows) await pool.query(`alter table ${name} set (autovacuum_enabled = off)`);
}

/** Customers with everything that rows are kept of. Not counted as reading. */
export async function grow({ url, db }: Pick<TestDatabase, 'url' | 'db'>, customers: number, at: Date): Promise<void> {
  await ensureMonths(db, ['decisions'], at);
  const now = `timestamptz '${at.toISOString()}'`;
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('set track_counts = off');
  await client.query(`
    create temporary table c as select uuidv7() as id, uuidv7() as run, n from generate_series(1, ${customers}) n;
    insert into customers (id, created_at) select id, ${now} from c;
    insert into identities (kind, value, customer_id, since)
      select kind, 'grown' || n, id, ${now} from c, unnest(array['user_id', 'anonymous_id', 'email', 'telegram']) kind;
    insert into profiles (customer_id, kind, email, email_at) select id, 'personal', 'grown' || n, ${now} from c;
    insert into cart_items (customer_id, profile, product_id, quantity, added_at, updated_at)
      select id, 'personal', 'p', 1, ${now}, ${now} from c;
    insert into interests (customer_id, profile, kind, ref, first_at, last_at)
      select id, 'personal', kind, 'grown' || n, ${now}, ${now} from c, unnest(array['view', 'favourite', 'category']) kind;
    insert into consent_states (customer_id, purpose, channel, topic, state, at)
      select id, 'advertising', 'email', '*', 'granted', ${now} from c on conflict do nothing;
    insert into suppressions (channel, address, reason, at) select 'email', 'gone' || n, 'bounced', ${now} from c;
    insert into devices (channel, address, customer_id, created_at, seen_at)
      select 'web_push', 'grown' || n, id, ${now}, ${now} from c;
    insert into products (id, name, url, category, published_at, updated_at)
      select 'grown' || n, 'Lamp', 'https://shop.example/' || n, 'Lamps', ${now}, ${now} from c;
    insert into offers (product_id, price, currency, stock, updated_at) select 'grown' || n, 100, 'RUB', 1, ${now} from c;
    insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
      select 'grown' || n, id, 'personal', 'placed', 5, 'RUB', ${now}, ${now} from c;
    insert into order_lines (order_id, product_id, quantity, price) select 'grown' || n, 'grown' || n, 1, 5 from c;
    insert into not_entered (journey, key, customer_id, reason, first_at, last_at)
      select 'abandonment', 'personal', id, 'unreachable', ${now}, ${now} from c;
    insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq)
      select run, 'abandonment:' || id, 'abandonment', 'abandonment', 'personal', id, 1, ${now}, ${now}, 0 from c;
    insert into run_blocks (run_id, block, entered_at) select run, 'cart-1', ${now} from c;
    insert into messages (id, run_id, customer_id, journey, block, channel, template, locale, class, kind, counts, state,
        settings_version, due_at, reserved_at)
      select uuidv7(), run, id, 'abandonment', 'cart-1', 'email', 'cart-reminder', 'en', 'abandonment', 'marketing', true, 'accepted',
        1, ${now}, ${now} from c;
    insert into decisions (id, at, customer_id, journey, run_id, block, decision, reason)
      select uuidv7(), ${now}, id, 'abandonment', run, 'cart-1', 'send', 'sent' from c;
    insert into identity_conflicts (id, at, kind, value, holder_id, claimant_id, reason)
      select uuidv7(), ${now}, 'phone', 'grown' || n, id, lag(id, 1, id) over (order by n), 'both_have_user_id' from c;
  `);
  await client.end();
}

/** Pages of tables and indexes that `act` looks at, by table; it closes what connections others than `pool` have. */
export async function pagesOf(pool: pg.Pool, act: () => Promise<void>): Promise<Record<string, number>> {
  const before = await pagesSeen(pool);
  await act();
  await onlyOurs(pool);
  const after = await pagesSeen(pool);
  return Object.fromEntries(Object.entries(after).map(([table, pages]) => [table, pages - (before[table] ?? 0)]));
}

/** Tables of which much more is looked at. A tree with more rows may be a level deeper. */
export function growing(before: Record<string, number>, after: Record<string, number>): string[] {
  return Object.keys(after).filter((table) => (after[table] ?? 0) > 2 * (before[table] ?? 0) + 20);
}

/** By those whose connection has ended, and by `pool`. */
async function pagesSeen(pool: pg.Pool): Promise<Record<string, number>> {
  await putDownCounts(pool);
  const { rows } = await pool.query<{ relname: string; pages: string }>(`
    select relname, heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0) as pages from pg_statio_user_tables`);
  return Object.fromEntries(rows.map(({ relname, pages }) => [relname, Number(pages)]));
}

/** Counters are put down when a connection ends, which is some time after its client has let go. */
async function onlyOurs(pool: pg.Pool): Promise<void> {
  const backends = `select from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`;
  while ((await pool.query(backends)).rows.length > pool.totalCount) await sleep(5);
}

/** Else once a second. */
async function putDownCounts(pool: pg.Pool): Promise<void> {
  const clients = await Promise.all(Array.from({ length: pool.totalCount }, () => pool.connect()));
  await Promise.all(clients.map((client) => client.query('select pg_stat_force_next_flush()')));
  for (const client of clients) client.release();
}
