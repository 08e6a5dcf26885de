import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { Intake } from '#db/intake.ts';
import { type Call, testIntake } from '#test/support/intake.ts';

const { db, pool, send, event, start, sourceId, customer, liveRun, outbox, clock } = await testIntake();

const added = (userId: string) => ({ userId, event: 'Product Added', properties: { product_id: 'p' } });
const signals = (customerId: string) =>
  outbox.filter((row) => row.customer_id === customerId).map(({ signal }) => signal);

/** Comes by twice, so that the second time is from memory. */
async function known(userId: string): Promise<string> {
  const identified = { type: 'identify', userId, traits: { email: `${userId}@example.com` } };
  await send(identified);
  await send(identified);
  return customer('user_id', userId);
}

test('a run that began since the customer was last seen is found, and one that ended is not believed in', async () => {
  const id = await known('began');
  const workflow = await liveRun(id);
  await send(added('began'));
  expect(signals(id)).toEqual([]);
  await db.updateTable('runs').set({ ended_at: clock.at }).where('workflow_id', '=', workflow).execute();
  await send(added('began'));
  expect(signals(id)).toEqual(['start']);
});

test('a remembered run that was due long ago is looked at again: it went on, or it is lost', async () => {
  const id = await known('late');
  const at = (minutes: number) => new Date(clock.at.getTime() + minutes * 60_000);
  const workflow = await liveRun(id, 'personal', at(1));
  await send(added('late'));
  const before = clock.at;
  clock.at = at(90);
  await db
    .updateTable('runs')
    .set({ due_at: at(60) })
    .where('workflow_id', '=', workflow)
    .execute();
  await send(added('late'));
  expect(signals(id)).toEqual([]);
  clock.at = at(200);
  await send(added('late'));
  expect(signals(id)).toEqual(['start']);
  clock.at = before;
});

test('a browser that passed to somebody else at another gateway is theirs here too', async () => {
  const shared = { anonymousId: 'shared-browser' };
  await send({ ...shared, ...added('first-user') });
  await send({ ...shared, event: 'Product Viewed', properties: { product_id: 'p' } });
  const other = start();
  await other.submit(sourceId, [event({ ...shared, ...added('second-user') })]);
  await send({ ...shared, event: 'Product Viewed', messageId: 'after-passing', properties: { product_id: 'q' } });
  const stored = await db
    .selectFrom('events')
    .select('customer_id')
    .where('message_id', '=', 'after-passing')
    .executeTakeFirstOrThrow();
  expect(stored.customer_id).toBe(await customer('user_id', 'second-user'));
});

const tables = {
  events: 'message_id, name, profile, occurred_at',
  identities: 'kind, value, since',
  profiles: 'kind, email, phone, last_visit_at, last_activity_at, last_order_at, activity_seq',
  cart_items: 'profile, product_id, quantity, added_at, updated_at',
  interests: 'profile, kind, ref, times, first_at, last_at, removed_at',
  orders: 'order_id, profile, state, total',
  consent_states: 'purpose, channel, state, at',
  customers: 'traits, merged_into is null as stays',
  outbox: 'signal, journey, key, reason, occurred_at, seq',
  identity_conflicts: 'kind, value, reason',
};

/** All that intake writes, but for ids made at random: customers are called by the least of what they hold. */
async function everything(): Promise<Record<string, unknown[]>> {
  const found: Record<string, unknown[]> = {};
  for (const [table, columns] of Object.entries(tables)) {
    const of = { customers: 'id', identity_conflicts: 'holder_id' }[table] ?? 'customer_id';
    const { rows } = await pool.query(`
      select (select min(kind || value) from identities i where i.customer_id = t.${of}) as who, ${columns} from ${table} t`);
    found[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return found;
}

const wipe = () => sql`truncate customers, events, event_keys, cart_items, interests, outbox cascade`.execute(db);

const some = (name: string, most: number) => fc.integer({ min: 1, max: most }).map((number) => `${name}${number}`);
const person = fc.record({ userId: some('u', 2), anonymousId: some('a', 3) }, { requiredKeys: [] });
const what: fc.Arbitrary<Call> = fc.oneof(
  fc.record({
    event: fc.constantFrom('Product Viewed', 'Product Added', 'Product Removed', 'Product Added to Wishlist'),
  }),
  fc.record({ type: fc.constant('page') }),
  fc.record({
    type: fc.constant('identify'),
    traits: fc.record({ email: some('e', 2).map((name) => `${name}@example.com`), city: some('c', 2) }),
  }),
  fc.record({ event: fc.constantFrom('Order Completed', 'Order Cancelled') }),
  fc.record({ event: fc.constantFrom('Subscribed', 'Unsubscribed') }),
  fc.record({ type: fc.constant('alias'), previousId: some('a', 3) }),
);
const call = fc
  .record({
    who: person,
    what,
    product: some('p', 2),
    order: some('o', 2),
    minutesAgo: fc.nat(30),
    corporate: fc.boolean(),
  })
  .filter(({ who }) => Object.keys(who).length > 0)
  .map(
    ({ who, what: said, product, order, minutesAgo, corporate }): Call => ({
      ...who,
      ...said,
      minutesAgo,
      properties: { product_id: product, order_id: order, total: 5, products: [{ product_id: product }] },
      context: corporate ? { profile: 'corporate' } : {},
    }),
  );

const began = clock.at.getTime();

/** One event a second, so that ids tell who is older. */
async function take(calls: readonly Call[], gateway: (index: number) => Intake): Promise<Record<string, unknown[]>> {
  await wipe();
  for (const [index, one] of calls.entries()) {
    clock.at = new Date(began + index * 1000);
    await gateway(index).submit(sourceId, [event({ messageId: `m${index}`, ...one })]);
  }
  return everything();
}

test('what is stored does not depend on what a gateway remembers', { timeout: 300_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 2, maxLength: 12 }), async (calls) => {
      const one = start();
      const remembering = await take(calls, () => one);
      const taking: Intake[] = [];
      // Each event at a gateway that has seen nobody.
      const forgetful = await take(calls, () => {
        const fresh = start();
        taking.push(fresh);
        return fresh;
      });
      const two = [start(), start()];
      const turns = await take(calls, (index) => two[index % 2] as Intake);
      await Promise.all([one, ...taking, ...two].map((gateway) => gateway.close()));
      expect(remembering).toEqual(forgetful);
      expect(turns).toEqual(forgetful);
    }),
    { numRuns: 25 },
  );
});
