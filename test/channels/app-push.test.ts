import { generateKeyPairSync, verify } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { createAppPushChannel } from '#channels/app_push/channel.ts';
import { type FcmSettings, fcmSettings } from '#channels/app_push/settings.ts';
import type { Channel } from '#channels/channel.ts';
import { type Asked, type HttpProvider, httpProvider } from './http-provider.ts';
import { notification } from './push-service.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const phones = ['phone-1', 'phone-2', 'phone-3'].map((address) => ({ address, keys: null }));
const [phone = expect.unreachable()] = phones;

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

type Answer = { status?: number; headers?: Record<string, string>; body: unknown };

interface Fcm extends HttpProvider {
  /** Requests for access tokens, and messages by the token of their phone. */
  asked: Asked[];
  messages(): ReturnType<typeof JSON.parse>[];
}

/** Google's OAuth server and FCM in one: `grant` answers for tokens, `send` for messages. */
async function fcm(
  send: (token: string, asked: Asked) => Answer,
  grant: (count: number) => Answer = (count) => granted(`access-${count}`),
  more: Partial<FcmSettings> = {},
): Promise<[Channel, Fcm]> {
  let grants = 0;
  const provider = await httpProvider((asked) => {
    if (asked.url === '/token') return grant(++grants);
    return send(JSON.parse(asked.body).message.token, asked);
  });
  opened.push(provider);
  const account = {
    type: 'service_account',
    project_id: 'shop-1',
    client_email: 'fcm@shop-1.iam.gserviceaccount.com',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
    token_uri: `${provider.url}/token`,
  };
  const settings = fcmSettings(JSON.stringify(account), { apiUrl: provider.url, timeLimit: 30_000, ...more });
  const messages = () =>
    provider.asked.filter(({ url }) => url !== '/token').map(({ body }) => JSON.parse(body).message);
  return [createAppPushChannel(settings), Object.assign(provider, { messages })];
}

function granted(access_token: string, expires_in = 3600): Answer {
  return { body: { access_token, expires_in, token_type: 'Bearer' } };
}

const taken = (token: string): Answer => ({ body: { name: `projects/shop-1/messages/0:${token}` } });

/** As FCM words its errors. */
function failed(code: number, status: string, errorCode?: string, details: object[] = []): Answer {
  const fcmError = errorCode && [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }];
  return {
    status: code,
    body: { error: { code, status, message: `words about ${status}`, details: [...(fcmError || []), ...details] } },
  };
}

const badField = (field: string) => ({
  '@type': 'type.googleapis.com/google.rpc.BadRequest',
  fieldViolations: [{ field, description: 'Invalid registration token' }],
});

test('a notification goes to the project, with what Android and iOS need of it', async () => {
  const [channel, server] = await fcm(taken);
  const message = notification([phone]);
  expect(await channel.submit(message)).toEqual({ result: 'accepted', providerId: '0:phone-1' });
  expect(server.asked[1]).toMatchObject({
    url: '/v1/projects/shop-1/messages:send',
    headers: { authorization: 'Bearer access-1' },
  });
  expect(server.messages()[0]).toMatchObject({
    token: 'phone-1',
    notification: { title: message.content.title, body: message.content.body, image: message.content.imageUrl },
    data: { url: message.content.url, messageId: message.id },
    android: { priority: 'NORMAL', ttl: '86400s', collapse_key: 'abandonment', notification: { tag: message.id } },
    apns: { headers: { 'apns-priority': '5', 'apns-collapse-id': 'abandonment' } },
    fcm_options: { analytics_label: 'cart-reminder' },
  });
});

test('a service notification is urgent, and takes the place of no other on the phone', async () => {
  const [channel, server] = await fcm(taken);
  await channel.submit(notification([phone], { imageUrl: null, body: 'ж'.repeat(5000) }, { kind: 'service' }));
  const [message] = server.messages();
  expect(message).toMatchObject({ android: { priority: 'HIGH' }, apns: { headers: { 'apns-priority': '10' } } });
  expect(message.android.collapse_key).toBe(message.data.messageId);
  expect(message.notification.image).toBeUndefined();
  // FCM takes 4,096 bytes.
  expect(Buffer.byteLength(JSON.stringify({ ...message.notification, ...message.data }))).toBeLessThan(4096);
});

test('the account signs for its access, which is asked for once and kept', async () => {
  const [channel, server] = await fcm(taken);
  await Promise.all([channel.submit(notification(phones)), channel.submit(notification([phone]))]);
  await channel.submit(notification([phone]));
  const [request = expect.unreachable(), ...others] = server.asked.filter(({ url }) => url === '/token');
  expect(others).toEqual([]);
  const form = new URLSearchParams(request.body);
  expect(form.get('grant_type')).toBe('urn:ietf:params:oauth:grant-type:jwt-bearer');
  const [head = '', claims = '', signature = ''] = form.get('assertion')?.split('.') ?? [];
  const signed = Buffer.from(`${head}.${claims}`);
  expect(verify('RSA-SHA256', signed, publicKey, Buffer.from(signature, 'base64url'))).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    iss: 'fcm@shop-1.iam.gserviceaccount.com',
    scope: 'https://www.googleapis.com/auth/firebase.messaging',
    aud: `${server.url}/token`,
  });
});

test('access that ends soon is asked for again before it does', async () => {
  const [channel, server] = await fcm(taken, (count) => granted(`access-${count}`, 30));
  await channel.submit(notification([phone]));
  await channel.submit(notification([phone]));
  expect(server.asked.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer access-1',
    undefined,
    'Bearer access-2',
  ]);
});

test('access that was revoked is asked for anew once, and the message goes', async () => {
  const unauthenticated = failed(401, 'UNAUTHENTICATED');
  const [channel, server] = await fcm((token, { headers }) =>
    headers.authorization === 'Bearer access-1' ? unauthenticated : taken(token),
  );
  expect(await channel.submit(notification([phone]))).toMatchObject({ result: 'accepted' });
  expect(server.asked).toHaveLength(4);
  const [closed, other] = await fcm(() => unauthenticated);
  expect(await closed.submit(notification([phone]))).toMatchObject({ result: 'later', retryAfterMs: 300_000 });
  expect(other.asked).toHaveLength(4);
});

test('phones that FCM does not know any more are told, and the others get it', async () => {
  const [channel] = await fcm((token) => {
    if (token === 'phone-1') return failed(404, 'NOT_FOUND', 'UNREGISTERED');
    if (token === 'phone-2') return failed(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', [badField('message.token')]);
    return taken(token);
  });
  const result = await channel.submit(notification(phones));
  expect(result).toEqual({ result: 'accepted', providerId: '0:phone-3', gone: ['phone-1', 'phone-2'] });
});

test.each<[string, Answer, object]>([
  ['an app that was removed', failed(404, 'NOT_FOUND', 'UNREGISTERED'), { result: 'refused', gone: ['phone-1'] }],
  ['an unknown token, without details', failed(404, 'NOT_FOUND'), { result: 'refused', gone: ['phone-1'] }],
  ['a page of Google that is not there', { status: 404, body: '<html>' }, { result: 'later', retryAfterMs: 300_000 }],
  [
    'a malformed message',
    failed(400, 'INVALID_ARGUMENT', 'INVALID_ARGUMENT', [badField('message.android.ttl')]),
    { result: 'refused' },
  ],
  ["another sender's token", failed(403, 'PERMISSION_DENIED', 'SENDER_ID_MISMATCH'), { result: 'refused' }],
  ['an account without the right', failed(403, 'PERMISSION_DENIED'), { result: 'later', retryAfterMs: 300_000 }],
  [
    'a wrong APNs key',
    failed(401, 'UNAUTHENTICATED', 'THIRD_PARTY_AUTH_ERROR'),
    { result: 'later', retryAfterMs: 300_000 },
  ],
  [
    'the quota',
    { ...failed(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'), headers: { 'retry-after': '7' } },
    { result: 'later', retryAfterMs: 7000 },
  ],
  [
    'the quota, for an unsaid time',
    failed(429, 'RESOURCE_EXHAUSTED', 'QUOTA_EXCEEDED'),
    { result: 'later', retryAfterMs: 60_000 },
  ],
  [
    'an overload',
    { ...failed(503, 'UNAVAILABLE', 'UNAVAILABLE'), headers: { 'retry-after': '30' } },
    { result: 'later', retryAfterMs: 30_000 },
  ],
  ['an error of its own', failed(500, 'INTERNAL', 'INTERNAL'), { result: 'later', retryAfterMs: null }],
])('FCM speaks of %s', async (_, answer, expected) => {
  const [channel] = await fcm(() => answer);
  const result = await channel.submit(notification([phone]));
  expect(result).toMatchObject(expected);
  expect('gone' in result).toBe('gone' in expected);
  // Tokens are addresses: they go into no ledger and no log.
  expect('reason' in result && result.reason).not.toContain('phone-1');
});

test.each(['hang', 'drop', 'cut'] as const)(
  'of FCM that begins to %s the outcome is not known, or the message taken',
  async (plan) => {
    const [channel, server] = await fcm(taken, undefined, { timeLimit: plan === 'hang' ? 1_000 : 30_000 });
    await channel.submit(notification([phone]));
    server.plan = plan;
    const result = await channel.submit(notification([phone]));
    expect(result.result).toBe(plan === 'cut' ? 'accepted' : 'unknown');
  },
);

test.each<[string, Answer | 'hang']>([
  ['refuses the account', { status: 400, body: { error: 'invalid_grant', error_description: 'Invalid JWT' } }],
  ['breaks', { status: 500, body: 'oops' }],
  ['answers nonsense', { body: 'oops' }],
  ['says nothing', 'hang'],
])('an OAuth server that %s: nothing was sent, so it is tried later', async (_, answer) => {
  const [channel, server] = await fcm(taken, () => (answer === 'hang' ? { body: '' } : answer), {
    timeLimit: answer === 'hang' ? 1_000 : 30_000,
  });
  if (answer === 'hang') server.plan = 'hang';
  expect(await channel.submit(notification([phone]))).toMatchObject({ result: 'later' });
  expect(server.asked.every(({ url }) => url === '/token')).toBe(true);
});

test.each([
  ['text', 'no JSON'],
  ['an empty object', '{}'],
  ['a broken key', JSON.stringify({ project_id: 'p', client_email: 'c', private_key: 'k-secret', token_uri: 't' })],
])('%s is no service account, and is not quoted', (_, text) => {
  expect(() => fcmSettings(text)).toThrow(/service account/);
  expect(() => fcmSettings(text)).not.toThrow(/k-secret/);
});
