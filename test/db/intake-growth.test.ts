import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Call, testIntake } from '#test/support/intake.ts';

const { pool, start, event, sourceId } = await testIntake();

/** What of a shop intake asks about. */
const story = (user: string): Call[] => [
  { anonymousId: `${user}-browser`, type: 'page' },
  { anonymousId: `${user}-browser`, event: 'Product Viewed', properties: { product_id: 'p' } },
  { anonymousId: `${user}-browser`, userId: user, type: 'identify', traits: { email: `${user}@example.com` } },
  { userId: user, event: 'Product Added', properties: { product_id: 'p' } },
  { userId: user, event: 'Subscribed', properties: { channel: 'email' } },
  { userId: user, event: 'Order Completed', properties: { order_id: `${user}-order`, total: 5, products: [] } },
  { userId: user, event: 'Order Cancelled', properties: { order_id: `${user}-order` } },
  { userId: user, type: 'page', context: { profile: 'corporate' } },
  {
    userId: user,
    event: 'Order Completed',
    properties: { order_id: `${user}-2`, coupon: 'GROWN1', total: 5, products: [{ product_id: 'p' }] },
  },
  { userId: user, event: 'Order Fulfilled', properties: { order_id: `${user}-2` } },
  { userId: user, event: 'Order Refunded', properties: { order_id: `${user}-2` } },
  { userId: user, event: 'Product Added to Wishlist', properties: { product_id: 'q' } },
  { userId: user, event: 'Queue Joined', properties: { item_id: 'grown1' } },
  { userId: user, event: 'Unsubscribed', properties: { channel: 'email' } },
  { anonymousId: `${user}-phone`, type: 'page' },
  { anonymousId: `${user}-phone`, userId: user, type: 'identify', traits: { phone: '+79990000000' } },
];

/** Nobody else may read them, nor make statistics by which plans are made anew. */
async function stopAutovacuum(): Promise<void> {
  const { rows } = await pool.query<{ name: string }>(
    `select quote_ident(relname) as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace`,
  );
  for (const { name } of rows) await pool.query(`alter table ${name} set (autovacuum_enabled = off)`);
}

/** Customers with everything that rows are kept of. Not counted as reading. */
async function grow(customers: number): Promise<void> {
  const client = await pool.connect();
  await client.query('set track_counts = off');
  await client.query(`
    create temporary table c as select uuidv7() as id, n from generate_series(1, ${customers}) n;
    insert into customers (id, created_at) select id, now() from c;
    insert into identities (kind, value, customer_id, since)
      select kind, 'grown' || n, id, now() from c, unnest(array['user_id', 'anonymous_id', 'email', 'telegram']) kind;
    insert into profiles (customer_id, kind, email, email_at) select id, 'personal', 'grown' || n, now() from c;
    insert into cart_items (customer_id, profile, product_id, quantity, added_at, updated_at)
      select id, 'personal', 'p', 1, now(), now() from c;
    insert into consent_states (customer_id, purpose, channel, topic, state, at)
      select id, 'advertising', 'email', '*', 'granted', now() from c;
    insert into suppressions (channel, address, reason, at) select 'email', 'gone' || n, 'bounced', now() from c;
    insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at)
      select 'grown' || n, id, 'personal', 'placed', 5, 'RUB', now(), now() from c;
    insert into not_entered (journey, key, customer_id, reason, first_at, last_at)
      select 'abandonment', 'personal', id, 'unreachable', now(), now() from c;
    insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq)
      select uuidv7(), 'abandonment:' || id, 'abandonment', 'abandonment', 'personal', id, 1, now(), now(), 0 from c;
    insert into identity_conflicts (id, at, kind, value, holder_id, claimant_id, reason)
      select uuidv7(), now(), 'phone', 'grown' || n, id, lag(id, 1, id) over (order by n), 'both_have_user_id' from c;
    drop table c`);
  await client.query('reset track_counts');
  client.release();
}

/** Pages of tables and indexes that were looked at, by whoever has ended its connection. */
async function pagesSeen(): Promise<Record<string, number>> {
  const { rows } = await pool.query<{ relname: string; pages: string }>(`
    select relname, heap_blks_hit + heap_blks_read + coalesce(idx_blks_hit + idx_blks_read, 0) as pages from pg_statio_user_tables`);
  return Object.fromEntries(rows.map(({ relname, pages }) => [relname, Number(pages)]));
}

/** Counters are put down when a connection ends, which is some time after its client has let go. */
async function onlyOurs(): Promise<void> {
  const backends = `select from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`;
  while ((await pool.query(backends)).rows.length > pool.totalCount) await sleep(5);
}

/** How many pages of each table it takes to store five people's stories, by plans that were made before `then` happened. */
async function pagesFor(name: string, then: () => Promise<void>): Promise<Record<string, number>> {
  const intake = start();
  const take = async (user: string) => {
    for (const call of story(user)) await intake.submit(sourceId, [event(call)]);
  };
  for (let n = 0; n < 5; n++) await take(`${name}-first-${n}`);
  await then();
  const before = await pagesSeen();
  for (let n = 0; n < 5; n++) await take(`${name}-${n}`);
  await intake.close();
  await onlyOurs();
  const after = await pagesSeen();
  return Object.fromEntries(Object.entries(after).map(([table, pages]) => [table, pages - (before[table] ?? 0)]));
}

test('what a flush reads does not grow with what is stored, also by plans that were made while there was nothing', async () => {
  await stopAutovacuum();
  const empty = await pagesFor('early', async () => {});
  const grown = await pagesFor('late', () => grow(10_000));
  // A tree with more rows may be a level deeper.
  const growing = Object.keys(grown).filter((table) => (grown[table] ?? 0) > 2 * (empty[table] ?? 0) + 20);
  expect(empty.customers).toBeGreaterThan(0);
  expect(growing).toEqual([]);
});
