import { randomUUID } from 'node:crypto';
import { pino } from 'pino';
import { afterAll, expect, test } from 'vitest';
import { readFacts } from '#db/facts.ts';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { lockCustomers } from '#db/locks.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { suppress } from '#db/suppressions.ts';
import { scaledClock } from '#domain/clock.ts';
import { reachOf as reachTo, unreachableBecause } from '#domain/reach.ts';
import { defaultShop } from '#domain/shop.ts';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { whereSaid } from '#test/support/said.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';
import { newMessage, newRun } from './tracking/support.ts';

const database = await freshDatabase();
const { db, pool } = database;
const clock = scaledClock({ origin: 0, scale: 1 });
const lines: string[] = [];
const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
const relayed: OutboxRow[] = [];
const push = (rows: OutboxRow[]) => void relayed.push(...rows);
const intake = createIntake({ pool, clock, routing, onOutbox: push });
afterAll(() => intake.close());
const { call, request, deps } = await testGateway(database, { intake, log, clock, relay: { push } });
const writeKey = (await createKey(db, 'sources', 'shop', clock.now()))?.key ?? '';

async function send(kind: string, body: object) {
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const call = JSON.stringify({ messageId: randomUUID(), ...body });
  expect((await request(`/v1/${kind}`, { method: 'POST', headers, body: call })).status).toBe(200);
}

const customerOf = async (userId: string): Promise<string | undefined> =>
  (await call('GET', `/customers?userId=${userId}`)).body.items[0]?.id;

async function known(userId: string): Promise<string> {
  await send('identify', { userId, traits: { email: `${userId}@example.com`, firstName: `Name-of-${userId}` } });
  return (await customerOf(userId)) ?? '';
}

const erase = (id: string) => call('DELETE', `/customers/${id}`);

async function reachOf(id: string, consent: 'granted' | null = null): Promise<string | null> {
  const run = { workflowId: 'none' };
  const request = { customerId: id, journey: 'abandonment', key: 'personal', run, now: clock.now() };
  const facts = await readFacts(db, { ...request, profile: 'personal' });
  if (!facts) throw new Error(`no customer ${id}`);
  const reach = reachTo(facts.contact, 'email');
  return unreachableBecause({ ...reach, consent: consent ?? reach.consent }, 'marketing', defaultShop);
}

test('once it is done, then it is gone; who never was is not found', async () => {
  const id = await known('twice');
  expect(await erase(id)).toMatchObject({ status: 204, text: '' });
  expect(await erase(id)).toMatchObject({ status: 410, body: { code: 'customer_erased' } });
  expect(await call('GET', `/customers/${id}`)).toMatchObject({ status: 410 });
  expect(await erase('0195a000-0000-7000-8000-000000000000')).toMatchObject({ status: 404 });
});

test('those who were merged into a customer go with them, by whichever id it is asked', async () => {
  await send('identify', { anonymousId: 'browser-merged', traits: { email: 'merged@example.com' } });
  const { body } = await call('GET', '/customers?email=merged@example.com');
  await known('merging');
  await send('identify', { userId: 'merging', anonymousId: 'browser-merged' });
  const survivor = (await customerOf('merging')) ?? '';
  const merged: string = body.items[0].id;
  expect((await call('GET', `/customers/${merged}`)).body).toMatchObject({ id: survivor, mergedFrom: merged });
  expect((await erase(merged)).status).toBe(204);
  for (const id of [survivor, merged]) expect((await call('GET', `/customers/${id}`)).status).toBe(410);
  expect(await whereSaid(database, ['merging', 'merged@example', 'browser-merged'])).toEqual([]);
});

test('live runs are told to end, and what waited to start is forgotten', async () => {
  const id = await known('running');
  await newRun(db, id, 'personal');
  await newRun(db, id, 'corporate', true);
  await send('track', { userId: 'running', event: 'Product Added', properties: { product_id: 'lamp' } });
  relayed.length = 0;
  await erase(id);
  const exit = { workflow_id: `abandonment:${id}:personal`, signal: 'exit', reason: 'erased' };
  expect(relayed).toMatchObject([exit]);
  const waiting = await db.selectFrom('outbox').selectAll().where('customer_id', '=', id).execute();
  expect(waiting).toMatchObject([exit]);
});

test('a message on its way is waited for; while it hangs, erasure is put off and nothing has changed', async () => {
  const id = await known('waiting');
  const lease = { state: 'submitting', accepted_at: null, address: 'waiting@example.com' };
  const { id: message } = await newMessage(db, id, { ...lease, lease_until: new Date(Date.now() + 60_000) });
  const busy = await erase(id);
  expect(busy).toMatchObject({ status: 409, body: { code: 'customer_busy' } });
  expect(busy.headers.get('retry-after')).toBe('90');
  expect(await customerOf('waiting')).toBe(id);
  const erased = erase(id);
  await db.updateTable('messages').set({ state: 'accepted', lease_until: null }).where('id', '=', message).execute();
  expect((await erased).status).toBe(204);
});

test('what a dead worker left unfinished is not waited for', async () => {
  const id = await known('died');
  const lease = { state: 'submitting', accepted_at: null, lease_until: new Date(Date.now() - 1_000) };
  const { id: message } = await newMessage(db, id, lease);
  expect((await erase(id)).status).toBe(204);
  const row = await db.selectFrom('messages').selectAll().where('id', '=', message).executeTakeFirstOrThrow();
  expect(row).toMatchObject({ state: 'unknown', address: null });
});

test.each(['bounced', 'complained', 'blocked'] as const)(
  'an address that was %s stays so, without being kept',
  async (reason) => {
    const address = `${reason}@example.com`;
    const id = await known(reason);
    await db.insertInto('suppressions').values({ channel: 'email', address, reason, at: clock.now() }).execute();
    await erase(id);
    expect(await whereSaid(database, [address])).toEqual([]);
    const again = await known(reason);
    expect(again).not.toBe(id);
    expect(await reachOf(again, 'granted')).toBe(reason);
  },
);

test('what a provider says of an address after its owner was erased is kept as its hash, and holds when it comes back', async () => {
  const address = 'afterwards@example.com';
  const id = await known('afterwards');
  await erase(id);
  const at = clock.now();
  const gone = { channel: 'web_push', address: 'https://push.example/afterwards', reason: 'blocked', at } as const;
  await suppress(db, [
    gone,
    { channel: 'email', address, reason: 'unsubscribed', at },
    { channel: 'email', address, reason: 'bounced', at },
    { channel: 'sms', address: '+79160004455', reason: 'blocked', at },
  ]);
  await suppress(db, [{ channel: 'email', address, reason: 'complained', at }]);
  expect(await whereSaid(database, ['afterwards', '79160004455'])).toEqual([]);
  const again = await known('afterwards');
  expect(await reachOf(again, 'granted')).toBe('bounced');
  const other = await known('still-here');
  await suppress(db, [{ channel: 'email', address: 'still-here@example.com', reason: 'complained', at }]);
  expect(await reachOf(other, 'granted')).toBe('complained');
});

test('who had unsubscribed stays unsubscribed when they come back, until they say yes', async () => {
  const id = await known('refuses');
  await send('track', { userId: 'refuses', event: 'Unsubscribed', properties: { channel: 'email' } });
  await erase(id);
  expect(await whereSaid(database, ['refuses@example.com'])).toEqual([]);
  const again = await known('refuses');
  expect(await reachOf(again)).toBe('unsubscribed');
  expect((await call('GET', `/customers/${again}`)).body.reachability[0]).toMatchObject({
    marketing: { reachable: false, reason: 'unsubscribed' },
    service: { reachable: true },
  });
  expect(await reachOf(again, 'granted')).toBe(null);
});

test('letters that they still have lead on, and write down nothing of them', async () => {
  const id = await known('reader');
  const { id: message } = await newMessage(db, id, { address: 'reader@example.com' });
  await erase(id);
  const token = (purpose: 'o' | 'c' | 'u', link?: number) => messageToken(deps.secret, message, purpose, link);
  const headers = { 'user-agent': 'Reader-Browser/1', 'x-forwarded-for': '203.0.113.9' };
  expect((await request(`/t/o/${token('o')}.gif`, { headers })).status).toBe(200);
  expect((await request(`/t/c/${token('c', 0)}`, { headers, redirect: 'manual' })).status).toBe(302);
  for (const form of ['List-Unsubscribe=One-Click', 'action=resubscribe']) {
    const posted = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
    const answer = await request(`/u/${token('u')}`, { method: 'POST', headers: posted, body: form });
    expect(answer.status).toBe(200);
    expect(answer.text).not.toContain('subscribed again');
  }
  expect(await whereSaid(database, ['Reader-Browser', '203.0.113.9', 'reader@example'])).toEqual([]);
  const { consents } = await db
    .selectFrom('consents')
    .select((eb) => eb.fn.countAll<number>().as('consents'))
    .where('customer_id', '=', id)
    .executeTakeFirstOrThrow();
  expect(Number(consents)).toBe(0);
});

test('racing with decisions: after the answer nobody finds an address any more', async () => {
  for (let round = 0; round < 10; round += 1) {
    const id = await known(`decided-${round}`);
    const request = { journey: 'abandonment', key: 'personal', profile: 'personal', run: { workflowId: '' } } as const;
    const decide = () =>
      db.transaction().execute(async (trx) => {
        await lockCustomers(trx, [id]);
        const facts = await readFacts(trx, { ...request, customerId: id, now: clock.now() });
        return { at: Date.now(), address: facts?.contact.email ?? null, gone: facts?.gone };
      });
    const before = Array.from({ length: 8 }, decide);
    const erased = erase(id).then(() => Promise.all([decide(), decide()]));
    const after = await erased;
    await Promise.all(before);
    for (const facts of after) expect(facts).toMatchObject({ address: null, gone: 'erased' });
  }
});

test('racing with events of the same customer: no deadlock, and nothing is left of what had been committed', async () => {
  const user = 'racer';
  await known(user);
  const traits = { email: `${user}@example.com`, phone: '+79167654321' };
  const added = { event: 'Product Added', properties: { product_id: 'lamp' } };
  const sending = Array.from({ length: 6 }, async (_, chain) => {
    for (let round = 0; round < 50; round += 1) {
      if (round % 3 === 0) await send('identify', { userId: user, traits });
      else await send('track', { ...added, userId: user, anonymousId: `racer-b${(chain + round) % 7}` });
    }
  });
  const statuses = new Set<number>();
  for (let round = 0; round < 10; round += 1) {
    const id = await customerOf(user);
    if (id !== undefined) statuses.add((await erase(id)).status);
  }
  await Promise.all(sending);
  expect([...statuses]).toEqual([204]);
  const holders = await db.selectFrom('identities').select('customer_id').distinct().execute();
  const tombs = await db.selectFrom('customers').select('id').where('erased_at', 'is not', null).execute();
  const held = new Set(holders.map((row) => row.customer_id));
  expect(tombs.filter(({ id }) => held.has(id))).toEqual([]);
  // Events that came after an erasure made somebody new; once they go too, nothing at all is left.
  const live = await db.selectFrom('customers').select('id').where('erased_at', 'is', null).execute();
  for (const { id } of live) await erase(id);
  expect(await whereSaid(database, ['racer', '79167654321'])).toEqual([]);
});

test('the log says that it was done, and not to whom', () => {
  const text = lines.join('');
  expect(text).toContain('"method":"DELETE"');
  for (const word of ['@example.com', 'Name-of-', '79167654321', 'Reader-Browser']) expect(text).not.toContain(word);
});
