import { beforeEach, expect, test } from 'vitest';
import { testIntake } from '#test/support/intake.ts';

const { db, send, customer, liveRun, outbox, shop, clock } = await testIntake();

beforeEach(() => {
  outbox.length = 0;
  shop.consent.email = 'implied';
});

const added = (userId: string, more: object = {}) => ({
  userId,
  event: 'Product Added',
  properties: { product_id: 'p' },
  ...more,
});
const identified = (userId: string, more: object = {}) => ({
  type: 'identify',
  userId,
  traits: { email: `${userId}@example.com` },
  ...more,
});
const signals = () => outbox.map((row) => `${row.signal} ${row.reason}`);
const notEntered = async (userId: string) =>
  db
    .selectFrom('not_entered')
    .select(['journey', 'key', 'reason', 'times'])
    .where('customer_id', '=', await customer('user_id', userId))
    .execute();

test('activity of a reachable customer starts the journey of their profile, in the outbox and handed over', async () => {
  await send(identified('reachable'), added('reachable', { context: { profile: 'personal' } }));
  const id = await customer('user_id', 'reachable');
  expect(outbox).toMatchObject([
    { workflow_id: `abandonment:${id}:personal`, signal: 'start', customer_id: id, seq: 1 },
  ]);
  const rows = await db.selectFrom('outbox').selectAll().where('customer_id', '=', id).execute();
  expect(rows).toEqual(outbox);
  await send(added('reachable'));
  expect(outbox.at(-1)).toMatchObject({ id: rows[0]?.id, seq: 2 });
});

test('a session of a customer with a live run sends no signal', async () => {
  await send(identified('busy'));
  await liveRun(await customer('user_id', 'busy'));
  await send(added('busy'), { userId: 'busy', event: 'Product Viewed', properties: { product_id: 'q' } });
  expect(signals()).toEqual([]);
});

test('a live run that is long overdue may have lost its workflow: it is told, and started where it is gone', async () => {
  const late = (minutes: number) => new Date(clock.at.getTime() - minutes * 60_000);
  await send(identified('late'), identified('lost'));
  await liveRun(await customer('user_id', 'late'), 'personal', late(59));
  await liveRun(await customer('user_id', 'lost'), 'personal', late(61));
  await send(added('late'), added('lost'));
  expect(outbox.map((row) => row.customer_id)).toEqual([await customer('user_id', 'lost')]);
});

test('who cannot be reached is counted, once in half an hour, and started when an address comes', async () => {
  await send(added('stranger'));
  await send(added('stranger'));
  expect(await notEntered('stranger')).toEqual([
    { journey: 'abandonment', key: 'personal', reason: 'unreachable', times: 1 },
  ]);
  expect(signals()).toEqual([]);
  await send(identified('stranger'));
  expect(signals()).toEqual(['start reachable']);
  expect(outbox[0]?.occurred_at).toEqual(clock.at);
});

test('an address alone starts nothing: there is no activity', async () => {
  await send(identified('quiet'));
  expect(signals()).toEqual([]);
});

test('an address that comes a day after the activity starts nothing', async () => {
  await send(added('slow', { minutesAgo: 25 * 60 }));
  expect(await notEntered('slow')).toMatchObject([{ reason: 'too_late' }]);
  await send(identified('slow'));
  expect(signals()).toEqual([]);
});

test('where the law wants consent, the consent is what makes reachable', async () => {
  shop.consent.email = 'explicit';
  await send(identified('asked'), added('asked'));
  expect(signals()).toEqual([]);
  await send({ userId: 'asked', event: 'Subscribed' });
  expect(signals()).toEqual(['start reachable']);
});

test('a suppressed address cannot be reached', async () => {
  const row = { channel: 'email', address: 'bounced@example.com', reason: 'bounced', at: clock.at };
  await db.insertInto('suppressions').values(row).execute();
  await send(identified('bounced'), added('bounced'));
  expect(await notEntered('bounced')).toMatchObject([{ reason: 'unreachable' }]);
});

test('the goal is told to a live run, and once an order', async () => {
  await send(identified('buyer'));
  const ordered = { userId: 'buyer', event: 'Order Completed', properties: { order_id: 'o-goal', total: 1 } };
  const workflowId = await liveRun(await customer('user_id', 'buyer'));
  await send(ordered);
  expect(outbox).toMatchObject([{ workflow_id: workflowId, signal: 'goal', reason: 'Order Completed' }]);
  await send({ ...ordered, messageId: 'the same order from another source' });
  expect(signals()).toEqual(['goal Order Completed']);
});

test('an order of a customer without a run is told to nobody', async () => {
  await send(identified('plain'), { userId: 'plain', event: 'Order Completed', properties: { order_id: 'o-none' } });
  expect(signals()).toEqual([]);
});

test('who refuses advertising leaves at once', async () => {
  await send(identified('leaver'));
  await liveRun(await customer('user_id', 'leaver'));
  await send({ userId: 'leaver', event: 'Unsubscribed' });
  expect(signals()).toEqual(['exit unsubscribed']);
});

test('the corporate profile has a journey, an address and a cart of its own', async () => {
  const corporate = { context: { profile: 'corporate' } };
  await send(identified('company'), added('company', corporate));
  expect(signals()).toEqual([]);
  await send(identified('company', { ...corporate, traits: { email: 'office@example.com' } }));
  expect(outbox).toMatchObject([{ key: 'corporate', signal: 'start' }]);
});

test('what was stored before triggers nothing again', async () => {
  await send(identified('twice'), added('twice', { messageId: 'once' }));
  await send(added('twice', { messageId: 'once' }));
  expect(signals()).toEqual(['start Product Added']);
});
