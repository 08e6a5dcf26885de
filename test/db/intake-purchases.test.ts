import { beforeEach, expect, test } from 'vitest';
import { testIntake, testRouting } from '#test/support/intake.ts';

// Journeys whose runs follow an order each, for as long as a year.

const { db, send, customer, liveRun, outbox } = await testIntake({
  ...testRouting,
  'Order Completed': [
    ...(testRouting['Order Completed'] ?? []),
    { journey: 'lifecycle', key: 'purchase', signal: 'start' },
    { journey: 'lifecycle', key: 'purchase', signal: 'goal' },
  ],
  'Order Cancelled': [{ journey: 'lifecycle', key: 'purchase', signal: 'exit', exit: 'order_cancelled' }],
});

beforeEach(() => {
  outbox.length = 0;
});

const identified = (userId: string) => ({ type: 'identify', userId, traits: { email: `${userId}@example.com` } });
const ordered = (userId: string, order_id: string, event = 'Order Completed') => ({
  userId,
  event,
  properties: { order_id, total: 10, currency: 'RUB' },
});
/** Key of the run, signal and reason. */
const told = () =>
  outbox.map(({ workflow_id, signal, reason }) => [workflow_id.split(':').at(-1), signal, reason]).sort();

test('a run of something else keeps nobody from what browsing starts, remembered or not', async () => {
  await send(identified('year'));
  const id = await customer('user_id', 'year');
  await liveRun(id, 'order-1', null, 'lifecycle');
  const viewed = { userId: 'year', event: 'Product Viewed', properties: { product_id: 'q' } };
  const started = ['personal', 'start', 'Product Viewed'];
  for (let time = 0; time < 2; time += 1) await send(viewed);
  expect(told()).toEqual([started, started]);
  const missed = db.selectFrom('not_entered').selectAll().where('customer_id', '=', id);
  expect(await missed.execute()).toEqual([]);
});

test('an order starts a run of its own and is the goal of those before it; what is told of it again is no news', async () => {
  await send(identified('buyer'));
  const id = await customer('user_id', 'buyer');
  await liveRun(id);
  await liveRun(id, 'order-1', null, 'lifecycle');
  for (let time = 0; time < 2; time += 1) await send(ordered('buyer', 'order-2'));
  const goals = ['order-1', 'personal'].map((key) => [key, 'goal', 'Order Completed']);
  expect(told()).toEqual([goals[0], ['order-2', 'start', 'Order Completed'], goals[1]]);
});

test('an order that is cancelled ends the run that follows it, and no other', async () => {
  await send(identified('undecided'));
  const id = await customer('user_id', 'undecided');
  for (const order of ['order-3', 'order-4']) {
    await send(ordered('undecided', order));
    await liveRun(id, order, null, 'lifecycle');
  }
  outbox.length = 0;
  for (const order of ['order-3', 'order-5']) await send(ordered('undecided', order, 'Order Cancelled'));
  expect(told()).toEqual([['order-3', 'exit', 'order_cancelled']]);
});
