import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, test } from 'vitest';
import type { Channel } from '#channels/channel.ts';
import { createSmsChannel } from '#channels/sms/channel.ts';
import { gatewayWebhook } from '#channels/sms/gateway-webhook.ts';
import { viberWebhook } from '#channels/viber/webhook.ts';
import { type HttpProvider, httpProvider, type Plan } from '#test/channels/http-provider.ts';
import { rawWebhook } from '#test/channels/raw-webhook.ts';
import { shortText } from '#test/channels/short-text.ts';

const publicUrl = 'https://crm.shop.example';
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(address: (api: string) => string, plan: Plan): Promise<[Channel, HttpProvider]> {
  const provider = await httpProvider(plan);
  const channel = createSmsChannel(address(provider.url), { publicUrl, timeLimit: plan === 'hang' ? 1_000 : 30_000 });
  opened.push(provider, channel);
  return [channel, provider];
}

describe('SMSC', () => {
  const smsc = (api: string) => `smsc://shop:pa%40ss@${encodeURIComponent('МАГАЗИН')}?api=${api}`;

  test('a message is one form, and no credentials stand in an address', async () => {
    const [channel, { asked }] = await serving(smsc, { body: { id: 1234567, cnt: 1 } });
    expect(channel.provider).toBe('smsc');
    expect(await channel.submit(shortText())).toEqual({ result: 'accepted', providerId: '1234567' });
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/sys/send.php' });
    expect(Object.fromEntries(new URLSearchParams(asked[0]?.body))).toEqual({
      login: 'shop',
      psw: 'pa@ss',
      sender: 'МАГАЗИН',
      phones: '+79161234567',
      mes: 'Анна, корзина сохранена',
      charset: 'utf-8',
      fmt: '3',
    });
  });

  // The errors of smsc.ru/api/http/send, answered with status 200.
  test.each([
    [1, 'parameters error', { result: 'refused', suppress: null }],
    [2, 'invalid login or password', { result: 'later', retryAfterMs: 300_000 }],
    [3, 'no money', { result: 'later', retryAfterMs: 300_000 }],
    [4, 'IP is blocked', { result: 'later' }],
    [6, 'message is denied', { result: 'refused', suppress: null }],
    [7, 'invalid number', { result: 'refused', suppress: 'bounced' }],
    [8, 'message can not be delivered', { result: 'refused', suppress: null }],
    [9, 'too many equal requests', { result: 'later' }],
  ] as const)('error %d: %s', async (code, error, outcome) => {
    const [channel] = await serving(smsc, { body: { error, error_code: code } });
    expect(await channel.submit(shortText())).toMatchObject({
      ...outcome,
      reason: expect.stringContaining(`200 ${code} ${error}`),
    });
  });

  test('a sender that is a name takes no answers: the way to stop is a link', async () => {
    const [channel, { asked }] = await serving((api) => `${smsc(api)}&stop=RU`, { body: { id: 1, cnt: 1 } });
    await channel.submit(shortText());
    expect(new URLSearchParams(asked[0]?.body).get('mes')).toContain('\nОтписаться: https://crm.shop.example/u/ttt');
  });
});

describe('SMS.ru', () => {
  const smsru = (api: string) => `smsru://A1B2-C3@SHOP?api=${api}`;
  /** As sms.ru/api/send shows it. */
  const answer = (entry: object) => ({ status: 'OK', status_code: 100, sms: { 79161234567: entry }, balance: 4122.56 });

  test('a message is one form', async () => {
    const body = answer({ status: 'OK', status_code: 100, sms_id: '000000-10000000' });
    const [channel, { asked }] = await serving(smsru, { body });
    expect(await channel.submit(shortText())).toEqual({ result: 'accepted', providerId: '000000-10000000' });
    expect(asked[0]).toMatchObject({ method: 'POST', url: '/sms/send' });
    const form = Object.fromEntries(new URLSearchParams(asked[0]?.body));
    expect(form).toMatchObject({ api_id: 'A1B2-C3', from: 'SHOP', to: '79161234567', json: '1' });
  });

  test.each([
    [answer({ status: 'ERROR', status_code: 202, status_text: 'Неверный номер 79161234567' }), 'refused', 'bounced'],
    [answer({ status: 'ERROR', status_code: 207, status_text: 'Нельзя отправлять' }), 'refused', null],
    [answer({ status: 'ERROR', status_code: 209, status_text: 'Стоп-лист' }), 'refused', 'blocked'],
    [{ status: 'ERROR', status_code: 200, status_text: 'Неправильный api_id' }, 'later', undefined],
    [{ status: 'ERROR', status_code: 201, status_text: 'Не хватает средств' }, 'later', undefined],
    [{ status: 'ERROR', status_code: 220, status_text: 'Сервис недоступен' }, 'later', undefined],
  ] as const)('%j is %s', async (body, result, suppress) => {
    const [channel] = await serving(smsru, { body });
    const outcome = await channel.submit(shortText());
    expect(outcome).toMatchObject(suppress === undefined ? { result } : { result, suppress });
    expect(JSON.stringify(outcome)).not.toContain('9161234567');
  });
});

test.each([
  [
    { status: 429, headers: { 'retry-after': '3' }, body: '' },
    { result: 'later', retryAfterMs: 3_000 },
  ],
  [{ status: 500, body: 'error' }, { result: 'unknown' }],
  [{ status: 200, body: '<html>welcome to our captive portal</html>' }, { result: 'unknown' }],
  [{ status: 200, body: '[]' }, { result: 'unknown' }],
  [
    { status: 404, body: 'no such page' },
    { result: 'later', retryAfterMs: 300_000 },
  ],
  [{ status: 200, body: 'x'.repeat(300_000) }, { result: 'unknown' }],
  ['hang', { result: 'unknown' }],
  ['drop', { result: 'unknown' }],
  ['cut', { result: 'unknown' }],
] as [Plan, object][])('a gateway that does not answer as it should: %j', async (plan, outcome) => {
  const [channel, { asked }] = await serving((api) => `smsc://l:p@SHOP?api=${api}`, plan);
  expect(await channel.submit(shortText())).toMatchObject(outcome);
  expect(asked).toHaveLength(1);
});

describe('a gateway of one’s own', () => {
  const description = {
    name: 'our-gateway',
    url: 'http://gateway/v1/{login}/messages',
    send: 'json',
    headers: { authorization: 'Bearer k3y' },
    fields: { to: ['{digits}'], text: '{text}', from: { name: '{sender}' }, ref: 'vestnik-{id}', parts: 3 },
    answer: { id: 'messages.*.id', error: ['messages.*.state'], ok: ['ACCEPTED*'], says: ['messages.*.note'] },
    errors: { badAddress: ['NO_SUCH'], duplicate: ['KNOWN'], later: ['BUSY'] },
  };

  async function described(content: unknown, query = ''): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'gateway-'));
    opened.push({ close: () => rm(folder, { recursive: true }) });
    const file = join(folder, 'gateway.json');
    await writeFile(file, typeof content === 'string' ? content : JSON.stringify(content));
    return `${pathToFileURL(file)}${query}`;
  }

  async function answering(body: unknown, query = '?sender=SHOP'): Promise<[Channel, HttpProvider]> {
    const provider = await httpProvider({ body });
    opened.push(provider);
    const url = `${provider.url}/v1/messages`;
    return [createSmsChannel(await described({ ...description, url }, query), { publicUrl }), provider];
  }

  test('is asked as it is described', async () => {
    const [channel, { asked }] = await answering({
      messages: [{ id: 12345678901234567890n.toString(), state: 'ACCEPTED_1' }],
    });
    expect(channel.provider).toBe('our-gateway');
    expect(await channel.submit(shortText())).toEqual({ result: 'accepted', providerId: '12345678901234567890' });
    expect(asked[0]?.headers).toMatchObject({ authorization: 'Bearer k3y', 'content-type': 'application/json' });
    expect(JSON.parse(asked[0]?.body ?? '')).toEqual({
      to: ['79161234567'],
      text: 'Анна, корзина сохранена',
      from: { name: 'SHOP' },
      ref: 'vestnik-019ab5d0-7c00-7000-8000-000000000001',
      parts: 3,
    });
  });

  test('is not told what the message does not have', async () => {
    const [channel, { asked }] = await answering({ messages: [{ id: 7 }] }, '');
    expect(await channel.submit(shortText())).toEqual({ result: 'accepted', providerId: '7' });
    expect(JSON.parse(asked[0]?.body ?? '')).not.toHaveProperty('from');
  });

  test('an id that no double can hold is kept whole', async () => {
    const [channel] = await answering('{"messages":[{"id":4912661846655238145}]}');
    expect(await channel.submit(shortText())).toEqual({ result: 'accepted', providerId: '4912661846655238145' });
  });

  test.each([
    ['NO_SUCH', { result: 'refused', suppress: 'bounced' }],
    ['KNOWN', { result: 'accepted', providerId: '9' }],
    ['BUSY', { result: 'later' }],
    ['ODD', { result: 'refused', suppress: null, reason: 'our-gateway answered 200 ODD call [number]' }],
  ] as const)('%s means what is said of it', async (state, outcome) => {
    const [channel] = await answering({ messages: [{ id: 9, state, note: 'call +7 916 123-45-67' }] });
    expect(await channel.submit(shortText())).toMatchObject(outcome);
  });

  test('is told where to call back, where there is a secret to sign that with', async () => {
    const provider = await httpProvider({ body: { messages: [{ id: 1 }] } });
    opened.push(provider);
    const fields = { text: '{text}', dlr: '{callback}' };
    const gateway = { ...description, url: provider.url, fields };
    for (const query of ['', '?secret=a+word+of+ours'])
      await createSmsChannel(await described(gateway, query), { publicUrl }).submit(shortText());
    const [without, given] = provider.asked.map(({ body }) => JSON.parse(body).dlr);
    expect(without).toBeUndefined();
    const { id } = shortText();
    expect(given).toMatch(`${publicUrl}/webhooks/sms?message=${id}&proof=`);
    const check = (url: string, secret: string) => gatewayWebhook.check(rawWebhook('', {}, { url }), [secret], 0);
    expect(await check(given, 'a word of ours')).toBe('genuine');
    expect(await check(`${given}&status=DELIVRD`, 'a word of ours')).toBe('genuine');
    expect(await check(given, 'another word')).toBe('wrong');
    expect(await check(given.replace('/sms?message=019', '/sms?message=029'), 'a word of ours')).toBe('wrong');
    // What one channel was given proves nothing on another.
    expect(await viberWebhook.check(rawWebhook('', {}, { url: given }), ['a word of ours'], 0)).toBe('wrong');
    const tells = (raw: string, more = '') => gatewayWebhook.read(rawWebhook(raw, {}, { url: given + more }));
    const about = { channel: 'sms', message: { id }, address: null };
    expect(tells('', '&status=DELIVRD&id=77')).toMatchObject([{ ...about, kind: 'delivered', key: '77:delivered' }]);
    expect(tells('status=UNDELIV&phone=79990000000')).toMatchObject([
      { ...about, kind: 'failed', key: `${id}:failed`, reason: 'the provider reports UNDELIV' },
    ]);
    expect(tells('{"state":"EXPIRED","id":5}')).toMatchObject([{ ...about, kind: 'failed', key: '5:failed' }]);
    expect(tells('status=ENROUTE')).toEqual([]);
    expect(tells('{}')).toBeNull();
  });

  test('by GET everything is a query, encoded', async () => {
    const provider = await httpProvider({ body: { id: 'a' } });
    opened.push(provider);
    const get = {
      ...description,
      method: 'GET',
      send: 'query',
      fields: { t: '{text}&x', p: '{phone}' },
      answer: { id: 'id' },
    };
    const url = await described({ ...get, url: `${provider.url}/send/{digits}?v=1` });
    const text = 'a&b=c {phone}';
    await createSmsChannel(url, { publicUrl }).submit(shortText({ text }));
    const asked = new URL(provider.asked[0]?.url ?? '', 'http://gateway');
    expect(asked.pathname).toBe('/send/79161234567');
    expect(Object.fromEntries(asked.searchParams)).toEqual({ v: '1', t: 'a&b=c {phone}&x', p: '+79161234567' });
  });

  test.each([
    ['{', 'it is no JSON'],
    [{ ...description, url: 'ftp://x' }, 'url must be an http or https address'],
    [{ ...description, fields: { to: '{phon}' } }, 'asks for {phon}, which nobody knows: use {phone}, {digits}'],
    [{ ...description, typo: 1 }, 'typo'],
    [{ ...description, answer: {} }, 'answer.id'],
  ])('a description that cannot work is refused at once: %j', async (content, words) => {
    const url = await described(content);
    expect(() => createSmsChannel(url, { publicUrl })).toThrow(words);
  });
});

test.each([
  'smsc://shop@SHOP',
  'smsru://:password@SHOP',
  'twilio://AC1@+15551234567',
  'twilio://SK1:token@+15551234567',
  'http://smsc.ru',
  'smsc',
])('%s is no address of an SMS provider', (url) => {
  expect(() => createSmsChannel(url, { publicUrl })).toThrow('VESTNIK_SMS_URL looks like twilio://');
});

test('a file that is not there is named', () => {
  const file = '/nowhere/gateway.json';
  expect(() => createSmsChannel(`file://${file}`, { publicUrl })).toThrow(`looked for in ${file}: it cannot be read`);
});
