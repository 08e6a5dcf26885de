import { afterEach, expect, test } from 'vitest';
import webpush from 'web-push';
import type { Channel, Device } from '#channels/channel.ts';
import { createWebPushChannel, type WebPushSettings, webPushSettings } from '#channels/web_push/channel.ts';
import { newVapidKeys, openVapidKeys, vapidKeysOf } from '#channels/web_push/keys.ts';
import { createSealer } from '#db/seal.ts';
import { notification, type PushService, pushService } from './push-service.ts';

const keys = webpush.generateVAPIDKeys();
const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0).reverse()) await one.close();
});

async function serving(more: Partial<WebPushSettings> = {}): Promise<[Channel, PushService]> {
  const service = await pushService();
  const channel = createWebPushChannel(webPushSettings(keys, more));
  opened.push(service, channel);
  return [channel, service];
}

/** A device at a service that answers it so. */
function device(service: PushService, path: string, answer?: PushService['answers'][string]): Device {
  service.answers[path] = answer;
  return service.subscribe(path).device;
}

test('a browser reads what was sent to it, and the push service knows by whom', async () => {
  const [channel, service] = await serving();
  const message = notification([device(service, '/anna')]);
  expect(await channel.submit(message)).toEqual({ result: 'accepted', providerId: 'message-1' });
  const [pushed = expect.unreachable()] = service.pushed;
  const { title, body, url } = message.content;
  expect(pushed.payload).toEqual({ title, body, url, image: message.content.imageUrl, tag: message.id });
  expect(pushed.headers).toMatchObject({
    ttl: '86400',
    urgency: 'normal',
    topic: 'abandonment',
    'content-encoding': 'aes128gcm',
  });
  expect(pushed.vapid).toMatchObject({ aud: service.url, sub: 'mailto:hello@shop.example' });
  // RFC 8292, 2: no more than a day.
  expect(pushed.vapid.exp - Date.now() / 1000).toBeGreaterThan(3600);
  expect(pushed.vapid.exp - Date.now() / 1000).toBeLessThan(86_400);
  expect(pushed.vapidKey).toBe(keys.publicKey);
});

test('a service notification is urgent, and takes the place of no other', async () => {
  const [channel, service] = await serving();
  await channel.submit(notification([device(service, '/anna')], {}, { kind: 'service' }));
  expect(service.pushed[0]?.headers.urgency).toBe('high');
  expect(service.pushed[0]?.headers.topic).toBeUndefined();
});

test('taken for one browser of several is taken; those that are no more are told', async () => {
  const [channel, service] = await serving();
  const devices = [
    device(service, '/old', { status: 410 }),
    device(service, '/tired', { status: 503 }),
    device(service, '/new'),
    device(service, '/unknown', { status: 404 }),
  ];
  expect(await channel.submit(notification(devices))).toEqual({
    result: 'accepted',
    providerId: 'message-1',
    gone: [devices[0]?.address, devices[3]?.address],
  });
});

test.each([
  [404, { result: 'refused', suppress: null, gone: ['/p'] }],
  [410, { result: 'refused', suppress: null, gone: ['/p'] }],
  [400, { result: 'refused', suppress: null }],
  [401, { result: 'refused', suppress: null }],
  [403, { result: 'refused', suppress: null }],
  [413, { result: 'refused', suppress: null }],
  [429, { result: 'later', retryAfterMs: 120_000 }],
  [500, { result: 'later', retryAfterMs: 120_000 }],
  [503, { result: 'later', retryAfterMs: 120_000 }],
])('a push service that answers %i', async (status, expected) => {
  const [channel, service] = await serving();
  const devices = [device(service, '/p', { status, headers: { 'retry-after': '120' } })];
  const { gone, ...result } = await channel.submit(notification(devices));
  expect({ ...result, gone: gone?.map((address) => new URL(address).pathname) }).toMatchObject(expected);
  expect('reason' in result && result.reason).toMatch(`the push service answered ${status}`);
  expect(JSON.stringify(result)).not.toContain(service.url);
});

test('a redirect is not followed', async () => {
  const [channel, service] = await serving();
  const other = device(service, '/elsewhere');
  const moved = device(service, '/p', { status: 307, headers: { location: other.address } });
  expect(await channel.submit(notification([moved]))).toMatchObject({ result: 'later' });
  expect(service.pushed).toEqual([]);
});

test.each(['hang', 'drop'] as const)(
  'of a push service that begins to %s nobody knows whether it took it',
  async (answer) => {
    const [channel, service] = await serving({ timeLimit: answer === 'hang' ? 1_000 : 30_000 });
    expect(await channel.submit(notification([device(service, '/p', answer)]))).toMatchObject({ result: 'unknown' });
  },
);

test('a push service that is away is asked again', async () => {
  const [channel, service] = await serving();
  const away = device(service, '/p');
  await service.close();
  opened.shift();
  expect(await channel.submit(notification([away]))).toMatchObject({
    result: 'later',
    reason: 'no answer: ECONNREFUSED',
  });
});

test('what may have been taken is not asked for again, whatever the other browsers say', async () => {
  const [channel, service] = await serving({ timeLimit: 1_000 });
  const devices = [device(service, '/busy', { status: 429 }), device(service, '/silent', 'hang')];
  expect(await channel.submit(notification(devices))).toMatchObject({ result: 'unknown' });
});

test('keys that no browser can have made are gone, and cost the others nothing', async () => {
  const [channel, service] = await serving();
  const good = device(service, '/good');
  const auth = good.keys?.auth ?? '';
  const bad: Device[] = [
    { address: `${service.url}/none`, keys: null },
    { address: `${service.url}/short`, keys: { p256dh: 'AAAA', auth } },
    { address: `${service.url}/off-the-curve`, keys: { p256dh: Buffer.alloc(65, 4).toString('base64url'), auth } },
  ];
  const result = await channel.submit(notification([...bad, good]));
  expect(result).toMatchObject({ result: 'accepted', gone: bad.map(({ address }) => address) });
});

test.each([
  ['short', 'Коротко и ясно'],
  ['Cyrillic', 'ж'.repeat(5000)],
  ['of signs that JSON escapes', '"\\\n'.repeat(3000)],
  ['of pairs of surrogates', '🛒'.repeat(3000)],
])('a body %s fits into what push services take', async (_, body) => {
  const [channel, service] = await serving();
  expect(await channel.submit(notification([device(service, '/p')], { body }))).toMatchObject({ result: 'accepted' });
  const [pushed = expect.unreachable()] = service.pushed;
  expect(pushed.bytes).toBeLessThanOrEqual(4096);
  const { body: shown, url } = pushed.payload;
  const whole = shown === body;
  if (!whole) expect(pushed.bytes).toBeGreaterThan(4080);
  expect(body.startsWith(whole ? body : shown.replace(/…$/, ''))).toBe(true);
  expect(shown.isWellFormed()).toBe(true);
  expect(url).toBe('https://crm.shop.example/t/c/token');
});

test('an image gives way to the words; a link that alone is too long is refused', async () => {
  const [channel, service] = await serving();
  const imageUrl = `https://shop.example/${'x'.repeat(4000)}`;
  await channel.submit(notification([device(service, '/p')], { imageUrl }));
  expect(service.pushed[0]?.payload).toMatchObject({ image: null, body: 'Анна, платок и сумка ещё свободны' });
  const result = await channel.submit(notification([device(service, '/p')], { url: imageUrl }));
  expect(result).toEqual({ result: 'refused', reason: 'the link is too long for a notification', suppress: null });
});

test('a pair of keys is kept sealed, and found again by its private half', () => {
  const sealer = createSealer('a secret of these tests');
  const kept = newVapidKeys(sealer);
  const pair = openVapidKeys(sealer, kept) ?? expect.unreachable();
  expect(pair.publicKey).toBe(kept.publicKey);
  expect(kept.sealed.includes(pair.privateKey)).toBe(false);
  expect(openVapidKeys(createSealer('another secret'), kept)).toBeNull();
  expect(vapidKeysOf(pair.privateKey)).toEqual(pair);
  for (const wrong of ['', 'x', pair.publicKey, Buffer.alloc(32).toString('base64url')])
    expect(vapidKeysOf(wrong)).toBeNull();
});
