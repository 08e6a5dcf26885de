import { createHmac } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { whatsappWebhook } from '#channels/whatsapp/webhook.ts';
import { rawWebhook } from '#test/channels/raw-webhook.ts';

const id = '019ab5d0-7c00-7000-8000-000000000001';
const wamid = 'wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI5QTNDQTVCM0Q0Q0Q2RTY3RTcA';
const appSecret = '0123456789abcdef0123456789abcdef';

/** As https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/payload-examples shows a payload. */
function payload(...values: object[]) {
  const metadata = { display_phone_number: '15550783881', phone_number_id: '106540352242922' };
  const changes = values.map((value) => ({
    value: { messaging_product: 'whatsapp', metadata, ...value },
    field: 'messages',
  }));
  return { object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes }] };
}

const status = (more: object = {}) => ({
  id: wamid,
  status: 'delivered',
  timestamp: '1750263773',
  recipient_id: '16505551234',
  biz_opaque_callback_data: id,
  conversation: { id: '72b6f2bba0b6', origin: { type: 'marketing' } },
  pricing: { billable: true, pricing_model: 'PMP', category: 'marketing' },
  ...more,
});

const incoming = (more: object) => ({
  from: '16505551234',
  id: 'wamid.HBgLMTY1MDM4Nzk0MzkVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=',
  timestamp: '1749416383',
  ...more,
});

const read = (body: unknown) => whatsappWebhook.read(rawWebhook(JSON.stringify(body)));

describe('whose word it is', () => {
  const raw = JSON.stringify(payload({ statuses: [status()] }));
  const signature = `sha256=${createHmac('sha256', appSecret).update(raw).digest('hex')}`;
  const check = (body: string, given: string | undefined, secrets: string[]) =>
    whatsappWebhook.check(rawWebhook(body, given === undefined ? {} : { 'x-hub-signature-256': given }), secrets, 0);

  test('the signature is that of the bytes under one of the app secrets', async () => {
    expect(await check(raw, signature, ['f'.repeat(32), appSecret])).toBe('genuine');
    expect(await check(raw, signature, ['f'.repeat(32)])).toBe('wrong');
    expect(await check(raw, signature, [])).toBe('wrong');
    expect(await check(`${raw} `, signature, [appSecret])).toBe('wrong');
    expect(await check(raw, undefined, [appSecret])).toBe('wrong');
    expect(await check(raw, 'sha256=', [appSecret])).toBe('wrong');
  });

  test('a verify token signs nothing', async () => {
    const forged = `sha256=${createHmac('sha256', 'verify:our token').update(raw).digest('hex')}`;
    expect(await check(raw, forged, ['verify:our token'])).toBe('wrong');
  });

  const asking = (token: string, more = {}) => {
    const query = { 'hub.mode': 'subscribe', 'hub.challenge': '1158201444', 'hub.verify_token': token, ...more };
    const url = `https://crm.shop.example/webhooks/whatsapp?${new URLSearchParams(query)}`;
    return rawWebhook('', {}, { method: 'GET', url });
  };

  test('the challenge is answered to who knows the verify token', async () => {
    const secrets = [appSecret, 'verify:our token'];
    const webhook = asking('our token');
    expect(await whatsappWebhook.check(webhook, secrets, 0)).toBe('genuine');
    expect(await whatsappWebhook.answer?.(webhook, secrets)).toEqual({
      status: 200,
      contentType: 'text/plain',
      body: '1158201444',
    });
    for (const wrong of [asking('another'), asking(''), asking(appSecret), asking('verify:our token')])
      expect(await whatsappWebhook.check(wrong, secrets, 0)).toBe('wrong');
    expect(await whatsappWebhook.check(asking('our token', { 'hub.challenge': '<script>' }), secrets, 0)).toBe('wrong');
  });

  test('a delivery has no answer of its own', async () => {
    expect(await whatsappWebhook.answer?.(rawWebhook(raw), [appSecret])).toBeNull();
  });

  test.each([
    [appSecret, true],
    ['verify:12345678', true],
    ['verify:', false],
    ['my password', false],
  ])('%j as a secret: %s', (secret, isFine) => {
    expect(whatsappWebhook.secretFault?.(secret) === null).toBe(isFine);
  });
});

test.each([
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['failed', 'failed'],
] as const)('status %s', (state, kind) => {
  expect(read(payload({ statuses: [status({ status: state })] }))).toEqual([
    {
      kind,
      key: `${wamid}:${state}`,
      channel: 'whatsapp',
      message: { id },
      address: '+16505551234',
      at: 1_750_263_773_000,
      by: null,
      reason: null,
    },
  ]);
});

test('several in one delivery, in any order, each under a key of its own', () => {
  const states = ['read', 'sent', 'delivered'].map((state) => status({ status: state }));
  const events = read(payload({ statuses: states }, { statuses: [status({ id: 'wamid.2' })] }));
  expect(events?.map(({ key }) => key)).toEqual([`${wamid}:read`, `${wamid}:delivered`, 'wamid.2:delivered']);
});

test('without our id the message is known by WhatsApp’s', () => {
  for (const biz_opaque_callback_data of [undefined, 'somebody else’s'])
    expect(read(payload({ statuses: [status({ biz_opaque_callback_data })] }))).toMatchObject([
      { message: { providerId: wamid } },
    ]);
});

test('why it failed is kept', () => {
  const error = {
    code: 131049,
    title: 'This message was not delivered to maintain healthy ecosystem engagement.',
    message: 'This message was not delivered to maintain healthy ecosystem engagement.',
    error_data: { details: 'In order to maintain a healthy ecosystem engagement, the message failed to be delivered.' },
    href: 'https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/',
  };
  expect(read(payload({ statuses: [status({ status: 'failed', errors: [error] })] }))).toMatchObject([
    { kind: 'failed', reason: `WhatsApp error 131049 ${error.title}` },
  ]);
});

test('who has switched our advertising off there has stopped here', () => {
  const errors = [{ code: 131050, title: 'User has stopped marketing messages' }];
  const events = read(payload({ statuses: [status({ status: 'failed', errors })] }));
  expect(events).toMatchObject([
    { kind: 'failed', key: `${wamid}:failed`, message: { id } },
    { kind: 'stopped', key: `${wamid}:stopped`, message: { id }, address: '+16505551234' },
  ]);
});

test.each([
  [{ type: 'text', text: { body: 'Стоп' } }, true],
  [{ type: 'text', text: { body: 'stop' }, context: { from: '15550783881', id: wamid } }, true],
  [{ type: 'button', button: { payload: 'p', text: 'Отписаться' } }, true],
  [{ type: 'text', text: { body: 'Does it come in another color?' } }, false],
  [{ type: 'image', image: { id: '1', caption: 'stop' } }, false],
])('somebody writes %j', (more, stops) => {
  const events = read(payload({ contacts: [{ wa_id: '16505551234' }], messages: [incoming(more)] }));
  const message = 'context' in more ? { providerId: wamid } : null;
  const about = { address: '+16505551234', at: 1_749_416_383_000 };
  const wrote = { kind: 'wrote', message: null, ...about };
  expect(events).toMatchObject(stops ? [wrote, { kind: 'stopped', message, ...about }] : [wrote]);
  expect(new Set(events?.map(({ key }) => key)).size).toBe(events?.length);
});

test('WhatsApp’s own switch', () => {
  const preference = {
    wa_id: '16505551234',
    detail: 'User requested to stop marketing messages',
    category: 'marketing_messages',
    value: 'stop',
    timestamp: 1_731_705_721,
  };
  expect(read(payload({ user_preferences: [preference] }))).toMatchObject([
    { kind: 'stopped', key: 'preference:16505551234:1731705721', address: '+16505551234', at: 1_731_705_721_000 },
  ]);
  expect(read(payload({ user_preferences: [{ ...preference, value: 'resume' }] }))).toEqual([]);
});

test.each(['', '[]', '{"object":"page","entry":[]}', 'null'])('%j is not of its shape', (raw) => {
  expect(whatsappWebhook.read(rawWebhook(raw))).toBeNull();
});

test('what is odd inside is left out', () => {
  const odd = [null, 1, {}, { id: 1 }, { status: 'read' }, { id: 'x', status: 'constructor' }];
  expect(read({ object: 'whatsapp_business_account', entry: [null, { changes: [null, { value: 7 }] }] })).toEqual([]);
  expect(read(payload({ statuses: odd, messages: odd, user_preferences: odd }))).toEqual([]);
});
