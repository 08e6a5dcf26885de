import { expect, test } from 'vitest';
import { testIntake } from '#test/support/intake.ts';

const { db, send, customer, liveRun, outbox, clock } = await testIntake();

const eventsOf = (id: string) =>
  db.selectFrom('events').select('name').where('customer_id', '=', id).orderBy('occurred_at').execute();
const cartOf = (id: string) =>
  db
    .selectFrom('cart_items')
    .select(['product_id', 'quantity'])
    .where('customer_id', '=', id)
    .where('quantity', '>', 0)
    .orderBy('product_id')
    .execute();

test('a visitor who signs in keeps cart and history, and the customer that ceases points to the one that stays', async () => {
  await send({ userId: 'known', event: 'Product Viewed', properties: { product_id: 'old' } });
  await send({ anonymousId: 'visitor', event: 'Product Added', properties: { product_id: 'p', quantity: 2 } });
  const visitor = await customer('anonymous_id', 'visitor');
  const run = await liveRun(visitor);
  await send({ type: 'identify', userId: 'known', anonymousId: 'visitor', traits: { email: 'known@example.com' } });
  const known = await customer('user_id', 'known');
  expect(await customer('anonymous_id', 'visitor')).toBe(known);
  expect((await eventsOf(known)).map((one) => one.name).sort()).toEqual([
    'Product Added',
    'Product Viewed',
    'identify',
  ]);
  expect(await cartOf(known)).toEqual([{ product_id: 'p', quantity: 2 }]);
  const ceased = await db.selectFrom('customers').select('merged_into').where('id', '=', visitor).executeTakeFirst();
  expect(ceased?.merged_into).toBe(known);
  expect(outbox).toContainEqual(expect.objectContaining({ workflow_id: run, signal: 'exit', reason: 'merged' }));
  expect(outbox).toContainEqual(
    expect.objectContaining({ workflow_id: `abandonment:${known}:personal`, signal: 'start', reason: 'reachable' }),
  );
});

test.each([
  ['sign-in last', ['view', 'signIn']],
  ['sign-in first', ['signIn', 'view']],
])('visit and sign-in make one customer in either order of arrival: %s', async (name, order) => {
  const calls = {
    view: { anonymousId: `a-${name}`, event: 'Product Viewed', properties: { product_id: 'p' }, minutesAgo: 5 },
    signIn: { type: 'identify', anonymousId: `a-${name}`, userId: `u-${name}`, minutesAgo: 4 },
  };
  for (const step of order) await send(calls[step as keyof typeof calls]);
  const id = await customer('user_id', `u-${name}`);
  expect((await eventsOf(id)).map((one) => one.name)).toEqual(['Product Viewed', 'identify']);
});

test('alias keeps the history of the id that was used before', async () => {
  await send({ anonymousId: 'before', event: 'Product Viewed', properties: { product_id: 'p' } });
  await send({ type: 'alias', previousId: 'before', userId: 'after' });
  const id = await customer('user_id', 'after');
  expect(await eventsOf(id)).toHaveLength(2);
});

test('of two customers that are joined, later words and the stricter consent stay', async () => {
  await send({ type: 'identify', userId: 'strict', traits: { city: 'Omsk', tier: 'gold' }, minutesAgo: 10 });
  await send({ userId: 'strict', event: 'Subscribed', minutesAgo: 10 });
  await send({ type: 'identify', anonymousId: 'lax', traits: { city: 'Perm' }, minutesAgo: 5 });
  await send({
    anonymousId: 'lax',
    event: 'Consent Changed',
    properties: { channel: 'email', state: 'denied' },
    minutesAgo: 20,
  });
  await send({ type: 'identify', userId: 'strict', anonymousId: 'lax' });
  const id = await customer('user_id', 'strict');
  const row = await db.selectFrom('customers').select('traits').where('id', '=', id).executeTakeFirst();
  expect(row?.traits).toEqual({ city: 'Perm', tier: 'gold' });
  const states = await db.selectFrom('consent_states').selectAll().where('customer_id', '=', id).execute();
  expect(states).toMatchObject([{ purpose: 'advertising', channel: 'email', state: 'denied' }]);
  expect(await db.selectFrom('consents').select('id').where('customer_id', '=', id).execute()).toHaveLength(2);
});

test('two logins stay two customers: the e-mail stays with the first, and a conflict is recorded', async () => {
  await send({ type: 'identify', userId: 'one', traits: { email: 'shared@example.com' } });
  await send({ type: 'identify', userId: 'two', traits: { email: 'shared@example.com' } });
  const [one, two] = [await customer('user_id', 'one'), await customer('user_id', 'two')];
  expect(await customer('email', 'shared@example.com')).toBe(one);
  const conflicts = await db.selectFrom('identity_conflicts').selectAll().where('claimant_id', '=', two).execute();
  expect(conflicts).toMatchObject([{ kind: 'email', holder_id: one, reason: 'both_have_user_id' }]);
  const profile = await db.selectFrom('profiles').select('email').where('customer_id', '=', two).execute();
  expect(profile.filter((row) => row.email !== null)).toEqual([]);
});

test('a shared browser passes to who signed in last, with what was done in it since', async () => {
  await send({ type: 'identify', userId: 'first', anonymousId: 'shared', minutesAgo: 60 });
  await send({ anonymousId: 'shared', event: 'Product Added', properties: { product_id: 'late' }, minutesAgo: 5 });
  await send({ type: 'identify', userId: 'second', anonymousId: 'shared', minutesAgo: 10 });
  const second = await customer('user_id', 'second');
  expect(await customer('anonymous_id', 'shared')).toBe(second);
  expect((await eventsOf(second)).map((one) => one.name)).toEqual(['identify', 'Product Added']);
  expect(await cartOf(second)).toEqual([{ product_id: 'late', quantity: 1 }]);
  expect(await cartOf(await customer('user_id', 'first'))).toEqual([]);
});

test('a late event is kept and overwrites nothing newer', async () => {
  await send({ type: 'identify', userId: 'late', traits: { city: 'Omsk' }, minutesAgo: 1 });
  await send({ type: 'identify', userId: 'late', traits: { city: 'Perm' }, minutesAgo: 30 });
  await send({ userId: 'late', event: 'Product Removed', properties: { product_id: 'p' }, minutesAgo: 1 });
  await send({ userId: 'late', event: 'Product Added', properties: { product_id: 'p' }, minutesAgo: 2 });
  const id = await customer('user_id', 'late');
  const row = await db.selectFrom('customers').select('traits').where('id', '=', id).executeTakeFirst();
  expect(row?.traits).toEqual({ city: 'Omsk' });
  expect(await cartOf(id)).toEqual([]);
  expect(await eventsOf(id)).toHaveLength(4);
});

test('an order of another source is the same order, and empties the cart it was made from', async () => {
  await send({ userId: 'buyer', event: 'Product Added', properties: { product_id: 'p' }, minutesAgo: 3 });
  const placed = {
    event: 'Order Completed',
    properties: { order_id: 'o-1', total: 10, products: [{ product_id: 'p' }] },
  };
  await send({ userId: 'buyer', ...placed });
  await send({ userId: 'buyer', ...placed, messageId: 'from another source' });
  await send({ userId: 'buyer', event: 'Order Refunded', properties: { order_id: 'o-1' } });
  await send({ userId: 'buyer', ...placed, messageId: 'very late', minutesAgo: 1 });
  const id = await customer('user_id', 'buyer');
  const orders = await db.selectFrom('orders').selectAll().where('customer_id', '=', id).execute();
  expect(orders).toMatchObject([{ order_id: 'o-1', state: 'refunded', total: 1000, currency: 'RUB' }]);
  expect(await cartOf(id)).toEqual([]);
});

test('activity counts up with every visit, however late it came', async () => {
  await send({ type: 'page', userId: 'busy', minutesAgo: 1 });
  await send(
    { type: 'page', userId: 'busy', minutesAgo: 10 },
    { userId: 'busy', event: 'Product Viewed', minutesAgo: 9 },
  );
  const id = await customer('user_id', 'busy');
  const profile = await db.selectFrom('profiles').selectAll().where('customer_id', '=', id).executeTakeFirstOrThrow();
  expect(profile.activity_seq).toBe(3);
  expect(profile.last_visit_at).toEqual(new Date(clock.at.getTime() - 60_000));
});
