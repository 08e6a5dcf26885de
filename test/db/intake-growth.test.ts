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
];

/** A customer with everything that rows are kept of. Not counted as reading. */
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
    drop table c`);
  await client.query('reset track_counts');
  client.release();
}

/** Rows that were read by whoever has ended its connection. */
async function rowsRead(): Promise<number> {
  const { rows } = await pool.query<{ read: string }>(`
    select (select sum(seq_tup_read) from pg_stat_user_tables) + (select sum(idx_tup_read) from pg_stat_user_indexes) as read`);
  return Number(rows[0]?.read);
}

/** Counters are put down when a connection ends, which is some time after its client has let go. */
async function onlyOurs(): Promise<void> {
  const backends = `select from pg_stat_activity where datname = current_database() and backend_type = 'client backend'`;
  while ((await pool.query(backends)).rows.length > pool.totalCount) await sleep(5);
}

/** How many rows it takes to store ten people's stories, by plans that were made before `then` happened. */
async function readFor(name: string, then: () => Promise<void>): Promise<number> {
  const before = await rowsRead();
  const intake = start();
  const take = async (user: string) => {
    for (const call of story(user)) await intake.submit(sourceId, [event(call)]);
  };
  for (let n = 0; n < 5; n++) await take(`${name}-first-${n}`);
  await then();
  for (let n = 0; n < 5; n++) await take(`${name}-${n}`);
  await intake.close();
  await onlyOurs();
  return (await rowsRead()) - before;
}

test('what a flush reads does not grow with what is stored, also by plans that were made while there was nothing', async () => {
  const empty = await readFor('early', async () => {});
  const grown = await readFor('late', () => grow(2_000));
  expect(empty).toBeGreaterThan(0);
  expect(grown).toBeLessThan(empty * 1.5);
});
