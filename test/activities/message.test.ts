import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { deliver } from '#activities/deliver.ts';
import type { ActivityDeps, CrashPoint } from '#activities/deps.ts';
import { enter } from '#activities/enter.ts';
import { finish } from '#activities/finish.ts';
import { createEmailChannel } from '#channels/email/channel.ts';
import { newId } from '#db/ids.ts';
import { mergeCustomers } from '#db/merge.ts';
import { pruneRequests, requestMessage } from '#db/message-requests.ts';
import { emailOnly } from '#domain/cascade.ts';
import type { DeliverRequest, Entry } from '#domain/journey.ts';
import { createInbox } from '#inbox/inbox.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';
import { mailTo } from '#test/support/mail.ts';
import { crashed, leaseEnded } from './crashes.ts';

const { db, pool, url } = await freshDatabase();
const inbox = await createInbox({ dir: join(inject('runFolder'), 'inbox-message'), smtpPort: 0 });
const start = new Date('2026-03-02T22:00:00Z');
const clock = manualClock(start);
const secret = 'a secret of the tests, long enough to sign links with';
const deps: ActivityDeps = {
  db,
  clock,
  channels: { email: await createEmailChannel(inbox.smtpUrl) },
  renderer: await createRenderer(),
  publicUrl: 'https://shop.example/vestnik',
  secret,
  log: { info() {}, warn() {} },
};
const mails = await mailTo(inbox);
afterAll(async () => {
  await deps.channels.email?.close();
  await inbox.close();
});

async function somebody(): Promise<{ id: string; email: string }> {
  const id = newId(start);
  const email = `${id}@example.com`;
  await db.insertInto('customers').values({ id, created_at: start }).execute();
  await db.insertInto('profiles').values({ customer_id: id, kind: 'personal', email, email_at: start }).execute();
  await db.insertInto('identities').values({ kind: 'email', value: email, customer_id: id, since: start }).execute();
  return { id, email };
}

/** A password link that was asked for, in the middle of the quiet hours. */
async function requested(): Promise<{ entry: Entry; email: string; id: string }> {
  clock.set(start);
  const { id: customerId, email } = await somebody();
  const id = newId(start);
  const asked = { id, customerId, profile: 'personal', requestedAt: start, validForMs: 3_600_000 } as const;
  const texts = { template: 'password-reset', journey: 'message', templateId: null, cascade: emailOnly } as const;
  const data = { link: 'https://shop.example/reset/1', validUntil: null };
  await requestMessage(db, { ...asked, ...texts, locale: 'en', to: null, isTest: false, data }, null, secret);
  const entry = { journey: 'message', customerId, key: id, triggerAt: start.toISOString(), time: clock.time };
  return { entry, email, id };
}

async function due(entry: Entry): Promise<DeliverRequest> {
  const answer = await enter(deps, entry);
  if (!answer.entered) throw new Error(answer.outcome);
  const { runId, next } = answer;
  const { journey, customerId, key } = entry;
  return { runId, journey, customerId, key, ask: 1, block: next.block, iteration: 1, channel: next.channel };
}

const crashAt = (point: CrashPoint, request: DeliverRequest) =>
  crashed({ point, request, databaseUrl: url, smtpUrl: inbox.smtpUrl, at: clock.now().getTime() });

const leaseEnds = (request: DeliverRequest) => leaseEnded(db, request);

const dataOf = async (id: string) =>
  (await db.selectFrom('message_requests').select('data').where('id', '=', id).executeTakeFirstOrThrow()).data;

test.each([
  ['before_reserve', 1],
  ['reserved', 1],
  ['submitted', 2],
  ['recorded', 1],
] as const)('killed at %s: a service message may come again, and is never lost', async (point, times) => {
  const { entry, email, id } = await requested();
  const request = await due(entry);
  await crashAt(point, request);
  expect(await dataOf(id), 'what a repeat is made of').not.toBeNull();
  await leaseEnds(request);
  await deliver(deps, request);
  expect(await mails(email)).toHaveLength(times);
  const { runId, journey, customerId, key } = request;
  expect(await finish(deps, { runId, journey, customerId, key, exit: null })).toMatchObject({ outcome: 'completed' });
  expect(await dataOf(id), 'what nobody needs any more').toBeNull();
  const sent = await db.selectFrom('messages').select(['id', 'state']).where('run_id', '=', runId).execute();
  expect(sent).toEqual([{ id, state: 'accepted' }]);
});

test('a run that was entered twice is one, and one that is over does not begin again', async () => {
  const { entry, email } = await requested();
  const [first, second] = [await due(entry), await due(entry)];
  expect(second.runId).toBe(first.runId);
  await deliver(deps, first);
  const { runId, journey, customerId, key } = first;
  await finish(deps, { runId, journey, customerId, key, exit: null });
  expect(await enter(deps, entry)).toEqual({ entered: false, outcome: 'not_entered:once' });
  expect(await mails(email)).toHaveLength(1);
});

test('who is joined to another before their run began gets it all the same, and once', async () => {
  const { entry, id } = await requested();
  const survivor = await somebody();
  const client = await pool.connect();
  await mergeCustomers(client, entry.customerId, survivor.id, start);
  client.release();
  expect(await enter(deps, entry)).toEqual({ entered: false, outcome: 'not_entered:merged' });
  const [waits, ...others] = await db.selectFrom('outbox').selectAll().where('customer_id', '=', survivor.id).execute();
  expect(waits).toMatchObject({ workflow_id: `message:${survivor.id}:${id}`, signal: 'start', key: id });
  expect(others).toEqual([]);
  await deliver(deps, await due({ ...entry, customerId: survivor.id }));
  // The address that was said later is the customer's.
  const sent = await db.selectFrom('messages').select(['id', 'state']).where('customer_id', '=', survivor.id).execute();
  expect(sent).toEqual([{ id, state: 'accepted' }]);
});

test('an unsubscription on the way ends nothing: it is about advertising', async () => {
  const { entry } = await requested();
  const { runId, journey, customerId, key } = await due(entry);
  expect(await finish(deps, { runId, journey, customerId, key, exit: 'unsubscribed' })).toMatchObject({ ended: false });
  expect(await finish(deps, { runId, journey, customerId, key, exit: 'stopped' })).toMatchObject({ ended: true });
});

test.each([
  [59, 1, 'accepted'],
  [61, 0, undefined],
] as const)('asked %i minutes later, a message that is valid for an hour', async (minutes, times, state) => {
  const { entry, email } = await requested();
  const request = await due(entry);
  clock.set(start.getTime() + minutes * 60_000);
  await deliver(deps, request);
  expect(await mails(email)).toHaveLength(times);
  const [sent] = await db.selectFrom('messages').select('state').where('run_id', '=', request.runId).execute();
  expect(sent?.state).toBe(state);
});

test('what could not go within its time is dropped, and its data forgotten', async () => {
  const { entry, id, email } = await requested();
  clock.set(start.getTime() + 2 * 3_600_000);
  expect(await enter(deps, entry)).toEqual({ entered: false, outcome: 'not_entered:too_late' });
  await pruneRequests(db, new Date(start.getTime() + 86_400_000), 14);
  expect(await dataOf(id)).not.toBeNull();
  await pruneRequests(db, new Date(start.getTime() + 3 * 86_400_000), 14);
  expect(await dataOf(id)).toBeNull();
  expect(await mails(email)).toEqual([]);
});
