import { createHash, createHmac, randomInt, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSmsChannel } from '#channels/sms/channel.ts';
import { createViberChannel } from '#channels/viber/channel.ts';
import { whatsappWindowOpen } from '#db/whatsapp-window.ts';
import { scaledClock } from '#domain/clock.ts';
import type { ChannelName } from '#domain/journey.ts';
import { testGateway } from '#test/api/support.ts';
import { messageNow, newCustomer, newMessage } from '#test/api/tracking/support.ts';
import { httpProvider } from '#test/channels/http-provider.ts';
import { shortText } from '#test/channels/short-text.ts';
import { freshDatabase } from '#test/support/database.ts';

/** Texts to phones: what their providers tell, by HTTP, until it stands in the ledger. */
const database = await freshDatabase();
const { db } = database;
const clock = scaledClock({ origin: 0, scale: 1 });
const { call, request, deps } = await testGateway(database, { clock });
const { publicUrl } = deps;

async function addSecret(source: string, secret: string): Promise<void> {
  const answer = await call('POST', '/webhook-secrets', { source, name: randomUUID(), secret });
  expect(answer.status, answer.text).toBe(201);
}

/** `to`: path and query, or an address that a provider was given. */
const post = (to: string, body: string, headers: Record<string, string> = {}) =>
  request(to.replace(publicUrl, ''), { method: 'POST', headers, body });

/** Somebody with a phone, and a message on its way to them. */
async function sent(channel: ChannelName, provider: string, providerId: string = randomUUID()) {
  const customer = await newCustomer(db);
  const phone = `+7916${randomInt(1_000_000, 9_999_999)}`;
  const since = clock.now();
  await db.insertInto('identities').values({ kind: 'phone', value: phone, customer_id: customer, since }).execute();
  const times = { due_at: since, reserved_at: since, accepted_at: since };
  const row = { channel, provider, provider_id: providerId, address: phone, ...times };
  const { id } = await newMessage(db, customer, row);
  return { customer, phone, id, providerId };
}

const stateOf = async (id: string) => (await messageNow(db, id)).state;

const suppressed = async (address: string, channel: string) => {
  const query = db.selectFrom('suppressions').select('reason').where('address', '=', address);
  return (await query.where('channel', '=', channel).executeTakeFirst())?.reason ?? null;
};

const wordOf = async (customer: string, channel: string) => {
  const query = db.selectFrom('consent_states').select('state').where('customer_id', '=', customer);
  return (await query.where('channel', '=', channel).executeTakeFirst())?.state ?? null;
};

const token = 'the auth token';
await addSecret('twilio', token);

function twilio(to: string, params: Record<string, string>, key = token) {
  const form = new URLSearchParams(params);
  const pairs = [...form].sort(([a], [b]) => (a < b ? -1 : 1)).map((pair) => pair.join(''));
  const signature = createHmac('sha1', key)
    .update(`${to}${pairs.join('')}`)
    .digest('base64');
  return post(to, form.toString(), {
    'content-type': 'application/x-www-form-urlencoded',
    'x-twilio-signature': signature,
  });
}

describe('Twilio calls back where it was told to', () => {
  async function submitted() {
    const message = await sent('sms', 'twilio', 'SM1');
    const server = await httpProvider({ status: 201, body: { sid: 'SM1', status: 'queued' } });
    const channel = createSmsChannel(`twilio://AC1:${encodeURIComponent(token)}@+15551234567?api=${server.url}`, {
      publicUrl,
    });
    expect(await channel.submit(shortText({}, { id: message.id, to: message.phone }))).toMatchObject({
      result: 'accepted',
    });
    await server.close();
    const callback = new URLSearchParams(server.asked[0]?.body).get('StatusCallback') ?? '';
    const told = (MessageStatus: string, ErrorCode = '') => ({
      MessageSid: 'SM1',
      MessageStatus,
      ErrorCode,
      To: message.phone,
    });
    return { ...message, callback, told };
  }

  test('five times and out of order, and the ledger has one story', async () => {
    const { id, callback, told } = await submitted();
    for (const status of ['delivered', 'sent', 'delivered', 'queued', 'delivered']) {
      const answer = await twilio(callback, told(status));
      expect(answer).toMatchObject({ status: 200, text: '<Response/>' });
      expect(answer.headers.get('content-type')).toContain('text/xml');
    }
    expect(await stateOf(id)).toBe('delivered');
    const kinds = await db.selectFrom('message_events').select('kind').where('message_id', '=', id).execute();
    expect(kinds).toEqual([{ kind: 'delivered' }]);
  });

  test('with a number that does not exist: it is not written to again', async () => {
    const { id, phone, callback, told } = await submitted();
    await twilio(callback, told('undelivered', '30005'));
    expect(await messageNow(db, id)).toMatchObject({ state: 'failed', failed_reason: 'Twilio error 30005' });
    expect(await suppressed(phone, 'sms')).toBe('bounced');
  });

  test('and nobody else does', async () => {
    const { id, callback, told } = await submitted();
    expect(await twilio(callback, told('failed'), 'another token')).toMatchObject({ status: 401 });
    const other = await sent('sms', 'twilio');
    const moved = post(callback.replace(id, other.id), `${new URLSearchParams(told('failed'))}`, {
      'x-twilio-signature': 'AAAA',
    });
    expect(await moved).toMatchObject({ status: 401 });
    expect([await stateOf(id), await stateOf(other.id)]).toEqual(['accepted', 'accepted']);
  });

  test('who answers STOP gets no more advertising by SMS', async () => {
    const { customer, phone } = await submitted();
    const incoming = { MessageSid: randomUUID(), SmsStatus: 'received', From: phone, To: '+15551234567', Body: 'Стоп' };
    expect(await twilio(`${publicUrl}/webhooks/twilio`, incoming)).toMatchObject({ status: 200, text: '<Response/>' });
    expect(await wordOf(customer, 'sms')).toBe('denied');
    expect(await wordOf(customer, 'email')).toBeNull();
  });
});

test('SMSC tells by POST or GET', async () => {
  await addSecret('smsc', 'the word');
  const tell = (id: string, phone: string, status: string) => {
    const digits = phone.slice(1);
    const md5 = createHash('md5').update(`${id}:${digits}:${status}:the word`).digest('hex');
    return `${new URLSearchParams({ id, phone: digits, status, err: '0', md5 })}`;
  };
  const one = await sent('sms', 'smsc', '1001');
  const two = await sent('sms', 'smsc', '1002');
  expect(await post('/webhooks/smsc', tell('1001', one.phone, '1'))).toMatchObject({ status: 200 });
  expect(await request(`/webhooks/smsc?${tell('1002', two.phone, '22')}`)).toMatchObject({ status: 200 });
  expect([await stateOf(one.id), await stateOf(two.id)]).toEqual(['delivered', 'failed']);
  expect(await suppressed(two.phone, 'sms')).toBe('bounced');
});

test('SMS.ru tells many at once, and hears 100', async () => {
  await addSecret('smsru', 'A1B2-C3D4');
  const one = await sent('sms', 'smsru', '000000-1');
  const two = await sent('sms', 'smsru', '000000-2');
  const entries = ['sms_status\n000000-1\n103\n1795335600', 'sms_status\n000000-2\n108\n1795335600'];
  const hash = createHash('sha256')
    .update(`A1B2-C3D4${entries.join('')}`)
    .digest('hex');
  const form = new URLSearchParams([
    ...entries.map((entry, index): [string, string] => [`data[${index}]`, entry]),
    ['hash', hash],
  ]);
  expect(await post('/webhooks/smsru', form.toString())).toMatchObject({ status: 200, text: '100' });
  expect([await stateOf(one.id), await stateOf(two.id)]).toEqual(['delivered', 'failed']);
});

describe('WhatsApp', async () => {
  const appSecret = '0123456789abcdef0123456789abcdef';
  await addSecret('whatsapp', appSecret);
  await addSecret('whatsapp', 'verify:our own word');

  function tell(value: object, key = appSecret) {
    const changes = [{ field: 'messages', value: { messaging_product: 'whatsapp', ...value } }];
    const raw = JSON.stringify({ object: 'whatsapp_business_account', entry: [{ id: '1', changes }] });
    const signature = createHmac('sha256', key).update(raw).digest('hex');
    return post('/webhooks/whatsapp', raw, { 'x-hub-signature-256': `sha256=${signature}` });
  }

  test('asks once whose address this is', async () => {
    const asking = (word: string) =>
      request(
        `/webhooks/whatsapp?${new URLSearchParams({ 'hub.mode': 'subscribe', 'hub.challenge': '42', 'hub.verify_token': word })}`,
      );
    expect(await asking('our own word')).toMatchObject({ status: 200, text: '42' });
    expect(await asking('another word')).toMatchObject({ status: 401 });
    expect(await call('POST', '/webhook-secrets', { source: 'whatsapp', name: 'x', secret: 'hello' })).toMatchObject({
      status: 400,
    });
  });

  test('tells in any order, by our id or by its own', async () => {
    const { id, providerId, phone } = await sent('whatsapp', 'whatsapp');
    const status = (state: string, more = {}) => ({
      id: providerId,
      status: state,
      recipient_id: phone.slice(1),
      timestamp: `${Math.floor(Date.now() / 1000)}`,
      ...more,
    });
    for (const state of ['read', 'sent', 'delivered', 'read'])
      expect(await tell({ statuses: [status(state, { biz_opaque_callback_data: id })] })).toMatchObject({
        status: 200,
      });
    expect(await messageNow(db, id)).toMatchObject({ state: 'delivered', opened_by: 'human' });
    const other = await sent('whatsapp', 'whatsapp');
    await tell({
      statuses: [
        { ...status('failed'), id: other.providerId, errors: [{ code: 131026, title: 'Message undeliverable' }] },
      ],
    });
    expect(await messageNow(db, other.id)).toMatchObject({
      state: 'failed',
      failed_reason: 'WhatsApp error 131026 Message undeliverable',
    });
    expect(await suppressed(other.phone, 'whatsapp')).toBeNull();
    expect(await tell({ statuses: [status('failed')] }, 'f'.repeat(32))).toMatchObject({ status: 401 });
  });

  test('tells who writes: for a day they may be answered freely, until they are erased', async () => {
    const { customer, phone } = await sent('whatsapp', 'whatsapp');
    const hour = 3_600_000;
    const open = (hours: number) => whatsappWindowOpen(db, phone, new Date(clock.now().getTime() + hours * hour));
    expect(await open(0)).toBe(false);
    const seconds = Math.floor(Date.now() / 1000);
    const says = (id: string, timestamp: number) =>
      tell({
        messages: [{ id, from: phone.slice(1), timestamp: `${timestamp}`, type: 'text', text: { body: 'Привет' } }],
      });
    await says('wamid.new', seconds);
    await says('wamid.old', seconds - 86_400);
    expect([await open(0), await open(23.5), await open(24)]).toEqual([true, true, false]);
    expect((await call('GET', `/customers/${customer}/export`)).body.whatsappAt).toBe(
      new Date(seconds * 1000).toISOString(),
    );
    expect(await wordOf(customer, 'whatsapp')).toBeNull();
    expect(await call('DELETE', `/customers/${customer}`)).toMatchObject({ status: 204 });
    const row = db.selectFrom('customers').select('whatsapp_at').where('id', '=', customer);
    expect(await row.executeTakeFirst()).toEqual({ whatsapp_at: null });
  });

  test('tells who wants no more, in three ways', async () => {
    const people = [
      await sent('whatsapp', 'whatsapp'),
      await sent('whatsapp', 'whatsapp'),
      await sent('whatsapp', 'whatsapp'),
    ];
    const [writes, switches, hidden] = people.map(({ phone }) => phone.slice(1));
    await tell({ messages: [{ id: 'wamid.1', from: writes, type: 'text', text: { body: 'stop' } }] });
    await tell({
      user_preferences: [{ wa_id: switches, category: 'marketing_messages', value: 'stop', timestamp: 1 }],
    });
    const errors = [{ code: 131050, title: 'stopped' }];
    await tell({ statuses: [{ id: people[2]?.providerId, status: 'failed', recipient_id: hidden, errors }] });
    for (const { customer } of people) expect(await wordOf(customer, 'whatsapp')).toBe('denied');
    expect(await stateOf(people[2]?.id ?? '')).toBe('failed');
  });
});

test('Viber: what was not delivered in its time has failed, by an address that proves itself', async () => {
  await addSecret('viber', 'partners-K3Y');
  const message = await sent('viber', 'viber', 'an id of the partner’s');
  const partner = await httpProvider({
    body: { messages: [{ messageId: 'i-1', status: { name: 'PENDING_ENROUTE' } }] },
  });
  const channel = createViberChannel(`infobip://partners-K3Y@SHOP?api=${partner.url}`, { publicUrl });
  await channel.submit(shortText({}, { id: message.id, to: message.phone }));
  await partner.close();
  const { url } = JSON.parse(partner.asked[0]?.body ?? '').messages[0].webhooks.delivery;
  const report = JSON.stringify({
    results: [{ messageId: 'i-1', status: { groupName: 'EXPIRED', name: 'EXPIRED_EXPIRED' } }],
  });
  const other = await sent('viber', 'viber');
  expect(await post(url.replace(message.id, other.id), report)).toMatchObject({ status: 401 });
  expect(await post(url, report)).toMatchObject({ status: 200, text: '' });
  expect([await stateOf(message.id), await stateOf(other.id)]).toEqual(['failed', 'accepted']);
  const raw = JSON.stringify({ event: 'seen', timestamp: Date.now(), message_token: other.providerId });
  const signature = createHmac('sha256', 'partners-K3Y').update(raw).digest('hex');
  expect(await post('/webhooks/viber', raw, { 'x-viber-content-signature': signature })).toMatchObject({ status: 200 });
  expect(await messageNow(db, other.id)).toMatchObject({ state: 'delivered', opened_by: 'human' });
});
