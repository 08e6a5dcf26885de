import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { deliver } from '#activities/deliver.ts';
import type { ActivityDeps, CrashPoint } from '#activities/deps.ts';
import { enter } from '#activities/enter.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { saveSettings } from '#db/settings.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import { defaultShop } from '#domain/shop.ts';
import { createInbox } from '#inbox/inbox.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock, seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { mailTo } from '#test/support/mail.ts';
import { crashed, leaseEnded } from './crashes.ts';

const { db, url } = await freshDatabase();
const inbox = await createInbox({ dir: join(inject('runFolder'), 'inbox-crash'), smtpPort: 0 });
const start = new Date('2026-03-02T09:00:00Z');
const clock = manualClock(start);
const deps: ActivityDeps = {
  db,
  clock,
  channels: { email: await createEmailChannel(inbox.smtpUrl) },
  renderer: await createRenderer(),
  publicUrl: 'https://shop.example/vestnik',
  secret: 'a secret of the tests, long enough to sign links with',
  log: { info() {}, warn() {} },
};
const mails = await mailTo(inbox);
await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'test', start);
afterAll(async () => {
  await deps.channels.email?.close();
  await inbox.close();
});

/** A run whose first cart message is due. */
async function dueCart(): Promise<{ request: DeliverRequest; email: string }> {
  clock.set(start);
  const entry = await seedCart(db, start);
  const answer = await enter(deps, entry);
  if (!answer.entered) throw new Error(answer.outcome);
  clock.set(answer.next.due);
  const { runId, next } = answer;
  const { journey, customerId, key, email } = entry;
  return {
    request: { runId, journey, customerId, key, ask: 1, block: next.block, iteration: 1, channel: 'email' },
    email,
  };
}

const crashAt = (point: CrashPoint, request: DeliverRequest) =>
  crashed({ point, request, databaseUrl: url, smtpUrl: inbox.smtpUrl, at: clock.now().getTime() });

const stateOf = (request: DeliverRequest) =>
  db
    .selectFrom('messages')
    .select(['state', 'failed_reason', 'attempts'])
    .where('run_id', '=', request.runId)
    .execute();

const leaseEnds = (request: DeliverRequest) => leaseEnded(db, request);

test('killed before anything was reserved: the next attempt sends it, once', async () => {
  const { request, email } = await dueCart();
  await crashAt('before_reserve', request);
  const answer = await deliver(deps, request);
  expect(answer.next?.block).toBe('cart-2');
  expect(await mails(email)).toHaveLength(1);
  expect(await stateOf(request)).toEqual([{ state: 'accepted', failed_reason: null, attempts: 1 }]);
});

test('killed between reserving and submitting: not sent, and the ledger says that nobody knows', async () => {
  const { request, email } = await dueCart();
  await crashAt('reserved', request);
  await expect(deliver(deps, request)).rejects.toMatchObject({ type: 'LeaseHeld' });
  await leaseEnds(request);
  expect((await deliver(deps, request)).next?.block).toBe('cart-2');
  expect(await mails(email)).toHaveLength(0);
  expect(await stateOf(request)).toMatchObject([
    { state: 'unknown', failed_reason: 'the worker died while submitting' },
  ]);
});

test('killed between submitting and recording: not sent twice', async () => {
  const { request, email } = await dueCart();
  await crashAt('submitted', request);
  await leaseEnds(request);
  expect((await deliver(deps, request)).next?.block).toBe('cart-2');
  expect(await mails(email)).toHaveLength(1);
  expect(await stateOf(request)).toMatchObject([{ state: 'unknown' }]);
});

test('killed after recording: the next attempt gets the answer of the first', async () => {
  const { request, email } = await dueCart();
  await crashAt('recorded', request);
  const [again, andAgain] = [await deliver(deps, request), await deliver(deps, request)];
  expect(again).toEqual(andAgain);
  expect(again.story).toContain('accepted');
  expect(await mails(email)).toHaveLength(1);
});

test('two attempts at once: one sends, the other waits for its lease', async () => {
  const { request, email } = await dueCart();
  const results = await Promise.allSettled([deliver(deps, request), deliver(deps, request), deliver(deps, request)]);
  const sent = results.filter((result) => result.status === 'fulfilled');
  expect(sent.length).toBeGreaterThanOrEqual(1);
  for (const result of results) if (result.status === 'rejected') expect(result.reason.type).toBe('LeaseHeld');
  expect(await mails(email)).toHaveLength(1);
});

test('an unknown message still takes its slot of the contact policy', async () => {
  const { request } = await dueCart();
  await crashAt('reserved', request);
  await leaseEnds(request);
  await deliver(deps, request);
  const one = { name: 'one', channels: [], classes: [], max: 1, window: 'P7D', clock: 'rolling', unit: 'message' };
  await saveSettings(db, 'policy', { rules: [one] }, 'test', start);
  clock.set(clock.now().getTime() + 3 * 3_600_000);
  const answer = await deliver(deps, { ...request, ask: 2 });
  expect(answer.story).toContain('expired:policy:one');
});
