import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import type { Channel } from '#channels/channel.ts';
import { createViberChannel } from '#channels/viber/channel.ts';
import { viberWebhook } from '#channels/viber/webhook.ts';
import { type HttpProvider, httpProvider, type Plan } from '#test/channels/http-provider.ts';
import { rawWebhook } from '#test/channels/raw-webhook.ts';
import { shortText } from '#test/channels/short-text.ts';

const publicUrl = 'https://crm.shop.example';
const id = '019ab5d0-7c00-7000-8000-000000000001';

/** As Infobip answers `/viber/2/messages`. */
function answer(name = 'PENDING_ENROUTE', description = 'Message sent to next instance'): Plan {
  const status = { groupId: 1, groupName: name.split('_')[0], id: 7, name, description };
  return { body: { bulkId: 'a28dd97c-2222', messages: [{ messageId: id, status, destination: '79161234567' }] } };
}

function failure(status: number, messageId: string, headers = {}): Plan {
  return { status, headers, body: { requestError: { serviceException: { messageId, text: 'no' } } } };
}

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(plan: Plan, more = '', timeLimit = 30_000): Promise<[Channel, HttpProvider]> {
  const infobip = await httpProvider(plan);
  const channel = createViberChannel(`infobip://K3Y@SHOP?api=${infobip.url}${more}`, { publicUrl, timeLimit });
  opened.push(infobip, channel);
  return [channel, infobip];
}

const sent = ({ asked }: HttpProvider) => JSON.parse(asked[0]?.body ?? '').messages[0];

test('a message goes to the phone, with its picture, its button and a time to live', async () => {
  const [channel, infobip] = await serving(answer(), '&ttl=900');
  expect(channel).toMatchObject({ name: 'viber', provider: 'viber' });
  const button = { label: 'В корзину', url: `${publicUrl}/t/c/abc` };
  const outcome = await channel.submit(shortText({ button, imageUrl: 'https://shop.example/1.jpg' }));
  expect(outcome).toEqual({ result: 'accepted', providerId: id });
  expect(infobip.asked[0]).toMatchObject({ method: 'POST', url: '/viber/2/messages' });
  expect(infobip.asked[0]?.headers.authorization).toBe('App K3Y');
  const callback = expect.stringMatching(`^${publicUrl}/webhooks/viber\\?message=${id}&proof=[0-9a-f]{64}$`);
  expect(sent(infobip)).toEqual({
    sender: 'SHOP',
    destinations: [{ to: '79161234567', messageId: id }],
    content: {
      type: 'IMAGE',
      text: 'Анна, корзина сохранена',
      mediaUrl: 'https://shop.example/1.jpg',
      button: { title: 'В корзину', action: button.url },
    },
    options: { label: 'PROMOTIONAL', validityPeriod: { amount: 900, timeUnit: 'SECONDS' } },
    webhooks: { delivery: { url: callback }, seen: { url: callback }, contentType: 'application/json' },
  });
});

test('what a message does not have is not spoken of', async () => {
  const [channel, infobip] = await serving(answer());
  await channel.submit(shortText({}, { kind: 'service' }));
  const { content, options } = sent(infobip);
  expect(content).toEqual({ type: 'TEXT', text: 'Анна, корзина сохранена' });
  expect(options).toEqual({ label: 'TRANSACTIONAL', validityPeriod: { amount: 3600, timeUnit: 'SECONDS' } });
});

test('the address that it is called back at proves itself, for this message alone', async () => {
  const [channel, infobip] = await serving(answer());
  await channel.submit(shortText());
  const { url } = sent(infobip).webhooks.delivery;
  const report = { results: [{ messageId: 'whatever', status: { groupName: 'EXPIRED', name: 'EXPIRED_EXPIRED' } }] };
  const check = (address: string, secrets: string[]) =>
    viberWebhook.check(rawWebhook(JSON.stringify(report), {}, { url: address }), secrets, 0);
  expect(await check(url, ['another', 'K3Y'])).toBe('genuine');
  expect(await check(url, ['another'])).toBe('wrong');
  expect(await check(url.replace(id, id.replace('1', '2')), ['K3Y'])).toBe('wrong');
  // Not delivered in its time: so the cascade goes on to SMS.
  expect(viberWebhook.read(rawWebhook(JSON.stringify(report), {}, { url }))).toMatchObject([
    { kind: 'failed', message: { id }, reason: 'the provider reports EXPIRED_EXPIRED' },
  ]);
});

test.each([
  ['REJECTED_DESTINATION', { result: 'refused', suppress: 'bounced' }],
  ['REJECTED_DND', { result: 'refused', suppress: null }],
  ['REJECTED_NOT_ENOUGH_CREDITS', { result: 'later', retryAfterMs: 300_000 }],
  ['REJECTED_SENDER', { result: 'later', retryAfterMs: 300_000 }],
  ['REJECTED_FLOODING_FILTER', { result: 'later' }],
  // It knows our id from an attempt whose answer was lost.
  ['REJECTED_DUPLICATE_MESSAGE_ID', { result: 'accepted', providerId: id }],
] as const)('a partner says %s of a message', async (name, outcome) => {
  const [channel] = await serving(answer(name, 'for +79161234567'));
  const result = await channel.submit(shortText());
  expect(result).toMatchObject(outcome);
  expect(JSON.stringify(result)).not.toContain('9161234567');
});

test.each([
  [failure(401, 'UNAUTHORIZED'), { result: 'later', retryAfterMs: 300_000 }],
  [failure(429, 'TOO_MANY_REQUESTS', { 'retry-after': '2' }), { result: 'later', retryAfterMs: 2_000 }],
  [failure(400, 'BAD_REQUEST'), { result: 'refused', suppress: null }],
  [failure(500, 'GENERAL_ERROR'), { result: 'unknown' }],
  ['hang', { result: 'unknown' }],
  ['drop', { result: 'unknown' }],
  ['cut', { result: 'unknown' }],
] as [Plan, object][])('a partner that answers: %j', async (plan, outcome) => {
  const [channel, { asked }] = await serving(plan, '', plan === 'hang' ? 1_000 : undefined);
  expect(await channel.submit(shortText())).toMatchObject(outcome);
  expect(asked).toHaveLength(1);
});

test('a partner that is not there got nothing', async () => {
  const [channel, infobip] = await serving(answer());
  await infobip.close();
  expect(await channel.submit(shortText())).toMatchObject({ result: 'later' });
});

test('an id of Viber’s bots is no phone, and nobody is asked', async () => {
  const [channel, { asked }] = await serving(answer());
  expect(await channel.submit(shortText({}, { to: 'jc9HsWTZ2Yf2NkRZ8KcNug==' }))).toMatchObject({
    suppress: 'bounced',
  });
  expect(asked).toEqual([]);
});

test('a partner of one’s own is described in a file', async () => {
  const partner = await httpProvider({ body: { result: { code: 'ok', providerId: 'D-1' } } });
  const folder = await mkdtemp(join(tmpdir(), 'partner-'));
  opened.push(partner, { close: () => rm(folder, { recursive: true }) });
  const description = {
    name: 'partner',
    url: `${partner.url}/viber/messages`,
    send: 'json',
    headers: { authorization: 'Key abc' },
    fields: {
      from: '{sender}',
      to: '{phone}',
      text: '{text}',
      action: '{button}',
      caption: '{label}',
      validity: '{ttl}',
      callbackUrl: '{callback}',
    },
    answer: { id: 'result.providerId', error: ['result.code'], ok: ['ok'] },
    errors: {},
  };
  await writeFile(join(folder, 'partner.json'), JSON.stringify(description));
  const url = `${pathToFileURL(join(folder, 'partner.json'))}?sender=SHOP&ttl=60&secret=s3cret`;
  const outcome = await createViberChannel(url, { publicUrl }).submit(shortText());
  expect(outcome).toEqual({ result: 'accepted', providerId: 'D-1' });
  expect(JSON.parse(partner.asked[0]?.body ?? '')).toEqual({
    from: 'SHOP',
    to: '+79161234567',
    text: 'Анна, корзина сохранена',
    validity: 60,
    callbackUrl: expect.stringContaining(`/webhooks/viber?message=${id}&proof=`),
  });
});

test.each([
  ['infobip://K3Y@SHOP', 'VESTNIK_VIBER_URL looks like infobip://'],
  ['infobip://SHOP?api=https://x.api.infobip.com', 'VESTNIK_VIBER_URL looks like infobip://'],
  ['https://chatapi.viber.com/pa/send_message', 'VESTNIK_VIBER_URL looks like infobip://'],
  ['infobip://K3Y@SHOP?api=https://x.api.infobip.com&ttl=5', 'whole seconds from 15 to 1209600'],
  ['infobip://K3Y@SHOP?api=https://x.api.infobip.com&ttl=soon', 'whole seconds from 15 to 1209600'],
])('%s is no address of a partner', (url, words) => {
  expect(() => createViberChannel(url, { publicUrl })).toThrow(words);
});
