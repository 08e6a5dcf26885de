import { expect, test } from 'vitest';
import { connect, createPool } from '#db/connect.ts';
import { saveSettings } from '#db/settings.ts';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { browser, eventsOf, gateway, messageNow, newCustomer, newMessage, newRun, secret, sentAt } from './support.ts';

const { db, pool } = await freshDatabase();
const { url, at, relayed, errors } = await gateway(db);
await saveSettings(db, 'shop', { name: 'Чай & <Кофе>' }, 'test', sentAt);

const address = (id: string) => `${url}/u/${messageToken(secret, id, 'u')}`;
const oneClick = (id: string, body: RequestInit['body'] = new URLSearchParams({ 'List-Unsubscribe': 'One-Click' })) =>
  fetch(address(id), { method: 'POST', body });
const press = (id: string, action: string) =>
  fetch(address(id), { method: 'POST', body: new URLSearchParams({ action }), headers: { 'user-agent': browser } });

const words = (customerId: string) =>
  db
    .selectFrom('consents')
    .select(['channel', 'state', 'source', 'ip'])
    .where('customer_id', '=', customerId)
    .orderBy('at')
    .execute();
const state = (customerId: string) =>
  db.selectFrom('consent_states').select(['channel', 'state']).where('customer_id', '=', customerId).execute();

test('looking at the page, also by scanners, changes nothing', async () => {
  const customer = await newCustomer(db);
  const { id } = await newMessage(db, customer, { locale: 'ru' });
  for (const method of ['GET', 'HEAD', 'GET']) {
    const response = await fetch(address(id), { method });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
  }
  expect(await words(customer)).toEqual([]);
  expect(await messageNow(db, id)).toMatchObject({ unsubscribed_at: null });
});

test("the page speaks the customer's language, names the shop, masks the address and runs no script", async () => {
  const { id } = await newMessage(db, await newCustomer(db), { locale: 'ru' });
  const response = await fetch(address(id));
  const html = await response.text();
  expect(html).toContain('<html lang="ru">');
  expect(html).toContain('О чём вам писать?');
  expect(html).toContain('Чай &amp; &lt;Кофе&gt;');
  expect(html).toContain('a•••@example.com');
  expect(html).not.toContain('anna@');
  expect(response.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
});

test('one click: honoured before the answer, for the whole channel, and the runs are told', async () => {
  const customer = await newCustomer(db);
  const run = await newRun(db, customer, 'personal');
  await newRun(db, customer, 'corporate');
  await newRun(db, customer, 'ended', true);
  const { id } = await newMessage(db, customer);
  const waiting = await newMessage(db, customer, { state: 'reserved', run_id: run, accepted_at: null });
  const service = await newMessage(db, customer, { state: 'reserved', kind: 'service', class: 'service' });
  const elsewhere = await newMessage(db, await newCustomer(db), { state: 'reserved' });
  relayed.length = 0;

  const response = await oneClick(id);
  expect(response.status).toBe(200);
  expect(await response.text()).toBe('Unsubscribed.\n');
  expect(await words(customer)).toMatchObject([
    { channel: 'email', state: 'denied', source: 'one-click', ip: '127.0.0.1' },
  ]);
  expect(await state(customer)).toEqual([{ channel: 'email', state: 'denied' }]);
  expect(await messageNow(db, waiting.id)).toMatchObject({ state: 'dropped', reason: 'unsubscribed' });
  expect((await messageNow(db, service.id)).state).toBe('reserved');
  expect((await messageNow(db, elsewhere.id)).state).toBe('reserved');
  expect((await messageNow(db, id)).unsubscribed_at).not.toBeNull();
  expect(await eventsOf(db, id)).toEqual([{ kind: 'unsubscribed', by: 'human', link: null }]);
  expect(relayed.map((row) => [row.signal, row.reason, row.key]).sort()).toEqual([
    ['exit', 'unsubscribed', 'corporate'],
    ['exit', 'unsubscribed', 'personal'],
  ]);
});

test('multipart, a strange type and no body at all unsubscribe too', async () => {
  const form = new FormData();
  form.set('List-Unsubscribe', 'One-Click');
  for (const body of [form, 'what is this?', '']) {
    const customer = await newCustomer(db);
    const { id } = await newMessage(db, customer);
    expect((await oneClick(id, body)).status).toBe(200);
    expect(await state(customer)).toEqual([{ channel: 'email', state: 'denied' }]);
  }
});

test('again changes nothing; subscribing again does, and then the boxes are ticked', async () => {
  const customer = await newCustomer(db);
  const { id } = await newMessage(db, customer);
  expect(await (await press(id, 'unsubscribe')).text()).toContain('You are unsubscribed');
  await press(id, 'unsubscribe');
  await oneClick(id);
  expect(await words(customer)).toHaveLength(1);
  expect(await (await fetch(address(id))).text()).toContain('That was a mistake');

  at(120);
  expect(await (await press(id, 'resubscribe')).text()).toContain('You are subscribed again');
  await press(id, 'resubscribe');
  expect((await words(customer)).map((word) => [word.channel, word.state, word.source])).toEqual([
    ['*', 'denied', 'page'],
    ['email', 'granted', 'page'],
  ]);
  const { 'What may we write to you about?': asks, checked } = countOf(await (await fetch(address(id))).text());
  expect([asks, checked]).toEqual([2, 4]);
  at(60);
});

const countOf = (html: string) => ({
  'What may we write to you about?': html.split('What may we write to you about?').length - 1,
  checked: html.split(' checked>').length - 1,
});

test('a word on all channels counts here, and subscribing again takes it back for this channel', async () => {
  const customer = await newCustomer(db);
  const { id } = await newMessage(db, customer);
  await db
    .insertInto('consent_states')
    .values({ customer_id: customer, purpose: 'advertising', channel: '*', state: 'denied', at: sentAt })
    .execute();
  expect(await (await fetch(address(id))).text()).toContain('You are unsubscribed');
  await press(id, 'resubscribe');
  const states = await state(customer);
  expect(states.filter((one) => one.state === 'granted')).toEqual([{ channel: 'email', state: 'granted' }]);
  expect(states.find(({ channel }) => channel === 'sms')).toMatchObject({ state: 'denied' });
  expect(states.find(({ channel }) => channel === '*')).toBeUndefined();
});

test('a customer who was merged unsubscribes as the one that they are now', async () => {
  const [old, now] = [await newCustomer(db), await newCustomer(db)];
  const { id } = await newMessage(db, old);
  await db.updateTable('customers').set({ merged_into: now }).where('id', '=', old).execute();
  await oneClick(id);
  expect(await state(now)).toEqual([{ channel: 'email', state: 'denied' }]);
});

test('a bad token gets a page that says so; without the database a mail program is asked to come back', async () => {
  const { id } = await newMessage(db, await newCustomer(db));
  const bad = await fetch(`${url}/u/${messageToken(secret, id, 'c')}`, { method: 'POST' });
  expect(bad.status).toBe(404);
  expect(await bad.text()).toContain('This link does not work');

  const other = await gateway(connect(createPool('postgres://nobody@127.0.0.1:1/none', 1)));
  const away = await fetch(`${other.url}/u/${messageToken(secret, id, 'u')}`, { method: 'POST' });
  expect(away.status).toBe(503);
  expect(away.headers.get('retry-after')).toBe('30');
  expect(errors).toEqual([]);
});

/** What every decision does: consent is asked and the ledger written under the customer's lock. */
async function decide(customer: string, block: string): Promise<'reserved' | 'submitting' | 'denied'> {
  const next = block.endsWith('0') ? 'submitting' : 'reserved';
  const client = await pool.connect();
  try {
    await client.query('begin');
    await client.query('select 1 from customers where id = $1 for update', [customer]);
    const { rows } = await client.query(`select from consent_states where customer_id = $1 and state = 'denied'`, [
      customer,
    ]);
    if (rows.length === 0) {
      await client.query(
        `insert into messages (id, customer_id, journey, block, channel, template, locale, class, kind, counts, state,
           settings_version, due_at, reserved_at, lease_until)
         values ($1, $2, 'abandonment', $3, 'email', 'cart-reminder', 'en', 'abandonment', 'marketing', true, $4, 1, now(), now(),
           clock_timestamp())`,
        [crypto.randomUUID(), customer, block, next],
      );
    }
    await client.query('commit');
    return rows.length === 0 ? next : 'denied';
  } finally {
    client.release();
  }
}

test('racing with decisions: nothing stays reserved, nothing begins after the commit', async () => {
  for (let round = 0; round < 10; round += 1) {
    const customer = await newCustomer(db);
    const { id } = await newMessage(db, customer);
    const before = Array.from({ length: 12 }, (_, index) => decide(customer, `before-${index}`));
    const answered = oneClick(id).then(async () => {
      const { rows } = await pool.query<{ at: Date }>('select clock_timestamp() as at');
      return { at: rows[0]?.at, after: await Promise.all([decide(customer, 'after-0'), decide(customer, 'after-1')]) };
    });
    const meanwhile = Array.from({ length: 12 }, (_, index) => decide(customer, `meanwhile-${index}`));
    const { at: committed, after } = await answered;
    await Promise.all([...before, ...meanwhile]);

    expect(after).toEqual(['denied', 'denied']);
    const ledger = await db.selectFrom('messages').selectAll().where('customer_id', '=', customer).execute();
    expect(ledger.filter((message) => message.state === 'reserved')).toEqual([]);
    for (const message of ledger.filter(({ lease_until }) => lease_until !== null)) {
      expect(message.lease_until?.getTime()).toBeLessThanOrEqual(committed?.getTime() ?? 0);
    }
  }
});
