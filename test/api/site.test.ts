import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { forgetDevices } from '#db/devices.ts';
import { freshDatabase } from '#test/support/database.ts';
import { newSubscription, publicKey, siteGateway } from './site-support.ts';
import { testGateway } from './support.ts';

const site = await siteGateway();
const { db, subscription, token, devices, consent, request } = site;

describe('scripts', () => {
  test('/site.js is small, and asked for again costs nothing', async () => {
    const first = await request('/site.js');
    expect(first.status).toBe(200);
    expect(first.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(first.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(Buffer.byteLength(first.text)).toBeLessThan(8 * 1024);
    const etag = first.headers.get('etag') ?? '';
    const again = await request('/site.js', { headers: { 'if-none-match': etag } });
    expect([again.status, again.text]).toEqual([304, '']);
  });

  test('/site/worker.js knows where our links lead, and is never old', async () => {
    const { text, headers } = await request('/site/worker.js');
    expect(text).toContain('const gateway = "http://gateway.test"');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(() => new Function(text)).not.toThrow();
  });

  test('browsers get the key that they subscribe to; without one they are told', async () => {
    expect((await request('/site/v1/push/key')).body).toEqual({ publicKey });
    const without = await testGateway(await freshDatabase());
    expect((await without.request('/site/v1/push/key')).body).toMatchObject({ status: 503, code: 'push_unavailable' });
  });
});

describe('pages of any shop', () => {
  test.each(['/v1/track', '/v1/batch', '/site/v1/push/subscriptions', '/site/v1/push/tokens'])(
    'may call %s',
    async (path) => {
      const headers = { origin: 'https://shop.example', 'access-control-request-method': 'POST' };
      const preflight = await request(path, { method: 'OPTIONS', headers });
      expect(preflight.status).toBe(204);
      expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
      expect(preflight.headers.get('access-control-allow-methods')).toMatch(/POST/);
      expect(preflight.headers.get('access-control-allow-headers')).toMatch(/Content-Type/);
      // Never with cookies.
      expect(preflight.headers.has('access-control-allow-credentials')).toBe(false);
      const answer = await request(path, { method: 'POST', body: '{' });
      expect(answer.status).toBe(400);
      expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    },
  );

  test('may not call the open API', async () => {
    const answer = await request('/api/v1/customers', { method: 'OPTIONS' });
    expect(answer.headers.has('access-control-allow-origin')).toBe(false);
  });
});

describe('a browser', () => {
  test('of a visitor becomes a device with consent, told by an event that does not say its address', async () => {
    const browser = newSubscription();
    const answer = await site.ask('POST', '/site/v1/push/subscriptions', {
      writeKey: site.writeKey,
      anonymousId: 'visitor-1',
      subscription: browser,
    });
    expect([answer.status, answer.text]).toEqual([204, '']);
    const [device = expect.unreachable()] = await devices('visitor-1', 'anonymous_id');
    expect(device).toMatchObject({ channel: 'web_push', address: browser.endpoint, keys: browser.keys });
    const consents = db.selectFrom('consents').where('customer_id', '=', device.customer_id);
    expect(await consents.select(['channel', 'state', 'source']).execute()).toEqual([
      { channel: 'web_push', state: 'granted', source: 'browser' },
    ]);
    const { body } = await site.call('GET', `/customers/${device.customer_id}/timeline`);
    expect(JSON.stringify(body)).toContain('Notifications Allowed');
    const events = await db.selectFrom('events').selectAll().where('customer_id', '=', device.customer_id).execute();
    expect(JSON.stringify(events)).not.toContain(browser.endpoint);
    expect(JSON.stringify(events)).not.toContain(site.writeKey);
  });

  test('that is told again gives consent once, and stays one device', async () => {
    const browser = newSubscription();
    for (const userId of ['twice', 'twice']) await subscription('POST', { userId, subscription: browser });
    await subscription('POST', { userId: 'twice', subscription: browser, renewal: true });
    expect(await devices('twice')).toHaveLength(1);
    const query = db
      .selectFrom('consents')
      .select('id')
      .where('customer_id', '=', await site.customer('twice'));
    expect(await query.execute()).toHaveLength(1);
  });

  test('passes to who signs in on it, and a no of theirs stays a no', async () => {
    const browser = newSubscription();
    await subscription('POST', { userId: 'first-owner', subscription: browser });
    await site.track('track', { userId: 'second-owner', event: 'Unsubscribed' });
    const answer = await subscription('POST', { userId: 'second-owner', subscription: browser, renewal: true });
    expect(answer.status).toBe(204);
    expect(await devices('first-owner')).toEqual([]);
    expect((await devices('second-owner')).map(({ address }) => address)).toEqual([browser.endpoint]);
    expect(await consent('second-owner')).toEqual({ '*': 'denied' });
  });

  test('whose owner says yes after a no to everything is written to again, there alone', async () => {
    await site.track('track', { userId: 'back-again', event: 'Unsubscribed' });
    site.clock.at = new Date(site.clock.at.getTime() + 1000);
    const answer = await subscription('POST', { userId: 'back-again', subscription: newSubscription() });
    expect(answer.status, answer.text).toBe(204);
    const states = await consent('back-again');
    expect(states.web_push).toBe('granted');
    expect(states['*']).toBeUndefined();
    expect(states.email).toBe('denied');
  });

  test('told of for the first time without asking makes its customer, without consent', async () => {
    await subscription('POST', { userId: 'imported', subscription: newSubscription(), renewal: true });
    expect(await devices('imported')).toHaveLength(1);
    expect(await consent('imported')).toEqual({});
  });

  test('that is given up is forgotten; only with the last one goes the consent', async () => {
    const [phone, laptop] = [newSubscription(), newSubscription()];
    for (const one of [phone, laptop]) await subscription('POST', { userId: 'two-screens', subscription: one });
    expect((await subscription('DELETE', { endpoint: phone.endpoint })).status).toBe(204);
    expect(await consent('two-screens')).toEqual({ web_push: 'granted' });
    expect((await subscription('DELETE', { endpoint: laptop.endpoint })).status).toBe(204);
    expect(await devices('two-screens')).toEqual([]);
    expect(await consent('two-screens')).toEqual({ web_push: 'denied' });
    expect((await subscription('DELETE', { endpoint: laptop.endpoint })).status).toBe(204);
  });

  test('that its push service gave up leaves the consent for the next one', async () => {
    const browser = newSubscription();
    await subscription('POST', { userId: 'cleared', subscription: browser });
    await forgetDevices(db, 'web_push', [browser.endpoint]);
    expect(await devices('cleared')).toEqual([]);
    expect(await consent('cleared')).toEqual({ web_push: 'granted' });
  });

  test('whose address changes keeps its owner; who does not know the old one moves nothing', async () => {
    const [old, next] = [newSubscription(), newSubscription()];
    await subscription('POST', { userId: 'moved', subscription: old });
    expect((await subscription('PUT', { old: old.endpoint, subscription: next })).status).toBe(204);
    expect(await devices('moved')).toMatchObject([{ address: next.endpoint, keys: next.keys }]);
    const again = await subscription('PUT', { old: old.endpoint, subscription: newSubscription() });
    expect(again.body).toMatchObject({ status: 404, code: 'device_not_found' });
    const fresh = newSubscription(next.endpoint);
    expect((await subscription('PUT', { old: next.endpoint, subscription: fresh })).status).toBe(204);
    expect(await devices('moved')).toMatchObject([{ address: next.endpoint, keys: fresh.keys }]);
  });

  test('makes its owner reachable, which starts what they did today, once', async () => {
    await site.track('track', { userId: 'shopper', event: 'Product Viewed', properties: { product_id: 'lamp' } });
    site.relayed.length = 0;
    const browser = newSubscription();
    await subscription('POST', { userId: 'shopper', subscription: browser });
    const id = await site.customer('shopper');
    const signal = { signal: 'start', journey: 'abandonment', customer_id: id, reason: 'reachable' };
    expect(site.relayed.filter(({ customer_id }) => customer_id === id)).toMatchObject([signal]);
    await subscription('POST', { userId: 'shopper', subscription: newSubscription() });
    expect(site.relayed.filter(({ customer_id }) => customer_id === id)).toHaveLength(1);
  });

  test('beyond the tenth takes the place of the oldest', async () => {
    const browsers = Array.from({ length: 12 }, () => newSubscription());
    for (const one of browsers) {
      site.clock.at = new Date(site.clock.at.getTime() + 1000);
      await subscription('POST', { userId: 'collector', subscription: one, renewal: true });
    }
    const kept = (await devices('collector')).map(({ address }) => address);
    expect(kept.toSorted()).toEqual(
      browsers
        .slice(2)
        .map(({ endpoint }) => endpoint)
        .toSorted(),
    );
  });

  test('of many at once has one owner, and nobody waits in a circle', async () => {
    const browsers = Array.from({ length: 4 }, () => newSubscription());
    const people = Array.from({ length: 8 }, (_, index) => `crowd-${index}`);
    const all = people.flatMap((userId) => browsers.map((one) => subscription('POST', { userId, subscription: one })));
    const statuses = await Promise.all(all);
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([204]));
    const owners = await Promise.all(people.map((userId) => devices(userId)));
    expect(owners.flat()).toHaveLength(4);
  });

  test('of who is erased goes with them', async () => {
    await subscription('POST', { userId: 'leaving', subscription: newSubscription() });
    const id = await site.customer('leaving');
    const exported = await site.call('GET', `/customers/${id}/export`);
    expect(exported.body.devices).toMatchObject([{ channel: 'web_push' }]);
    await site.call('DELETE', `/customers/${id}`);
    expect(await db.selectFrom('devices').select('address').where('customer_id', '=', id).execute()).toEqual([]);
  });

  test('of a visitor goes along when they sign in', async () => {
    await subscription('POST', { anonymousId: 'visitor-2', subscription: newSubscription() });
    await site.track('identify', { userId: 'known', traits: { email: 'known@example.com' } });
    await site.track('identify', { userId: 'known', anonymousId: 'visitor-2' });
    expect(await devices('known')).toHaveLength(1);
  });
});

describe('an app', () => {
  test('registers its token, and gives it up', async () => {
    const address = 'dVc3hJ:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx';
    expect((await token('POST', { userId: 'app-user', token: address })).status).toBe(204);
    expect(await devices('app-user')).toMatchObject([{ channel: 'app_push', address, keys: null }]);
    expect(await consent('app-user')).toEqual({ app_push: 'granted' });
    expect((await token('DELETE', { token: address })).status).toBe(204);
    expect(await devices('app-user')).toEqual([]);
    expect(await consent('app-user')).toEqual({ app_push: 'denied' });
  });

  test('and browsers come in by the shop too, each answered on its own, and are shown without their addresses', async () => {
    await site.track('identify', { userId: 'by-backend' });
    const id = await site.customer('by-backend');
    const items = [
      { channel: 'app_push', token: 'token-of-the-backend' },
      { channel: 'web_push', subscription: newSubscription(), allowed: false },
      { channel: 'web_push', subscription: newSubscription('https://10.0.0.1/push') },
      { channel: 'app_push', token: 'a token with spaces' },
    ];
    const { body } = await site.call('PUT', `/customers/${id}/devices`, { items });
    expect(body.items.map(({ status }: { status: string }) => status)).toEqual([
      'stored',
      'stored',
      'refused',
      'refused',
    ]);
    expect(body.items[2].errors[0].field).toBe('items.2.subscription.endpoint');
    const list = await site.call('GET', `/customers/${id}/devices`);
    expect(list.body.items.map(({ channel }: { channel: string }) => channel).toSorted()).toEqual([
      'app_push',
      'web_push',
    ]);
    expect(list.text).not.toContain('token-of-the-backend');
    expect(await consent('by-backend')).toEqual({ app_push: 'granted' });
    expect((await site.call('PUT', `/customers/${id}/devices`, { items: [] })).status).toBe(400);
  });
});

describe('hostile', () => {
  const good = newSubscription();

  test.each([
    'http://fcm.googleapis.com/fcm/send/x',
    'https://127.0.0.1/push',
    'https://[::1]/push',
    'https://169.254.169.254/latest/meta-data',
    'https://localhost/push',
    'https://metadata.google.internal/',
    'https://fcm.googleapis.com.evil.example/fcm/send/x',
    'https://evil.example/fcm.googleapis.com',
    'https://evilnotify.windows.com/w',
    'https://notify.windows.com/w',
    'https://fcm.googleapis.com:22/fcm/send/x',
    'https://user:password@fcm.googleapis.com/fcm/send/x',
    'https://evil.example#fcm.googleapis.com',
    'https://evil.example\\@fcm.googleapis.com/',
    'https://fcm.googleapis.com./fcm/send/x',
    'javascript:alert(1)',
    '',
    'not an address',
    `https://fcm.googleapis.com/${'x'.repeat(2000)}`,
  ])('the endpoint %s is refused, wherever it is told', async (endpoint) => {
    const before = await db
      .selectFrom('devices')
      .select((eb) => eb.fn.countAll<number>().as('count'))
      .execute();
    const posted = await subscription('POST', { userId: 'ssrf', subscription: { ...good, endpoint } });
    const put = await subscription('PUT', { old: good.endpoint, subscription: { ...good, endpoint } });
    expect([posted.status, put.status]).toEqual([400, 400]);
    expect(posted.body.errors[0].field).toBe('subscription.endpoint');
    expect(
      await db
        .selectFrom('devices')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .execute(),
    ).toEqual(before);
  });

  test.each([
    'https://updates.push.services.mozilla.com/wpush/v2/x',
    'https://wns2-par02p.notify.windows.com/w/?token=x',
    'https://web.push.apple.com/QGx',
    'https://push.example.com/of-the-setting',
  ])('the endpoint %s is taken', async (endpoint) => {
    const answer = await subscription('POST', { userId: 'known-services', subscription: { ...good, endpoint } });
    expect(answer.status, answer.text).toBe(204);
  });

  const whole = { writeKey: site.writeKey, userId: 'hostile', subscription: good };
  test.each<[string, unknown, number]>([
    ['nothing', '', 400],
    ['no JSON', '{"writeKey":', 400],
    ['a list', [whole], 400],
    ['null', 'null', 400],
    ['no write key', { ...whole, writeKey: undefined }, 400],
    ['a wrong write key', { ...whole, writeKey: 'vsw_guessed' }, 401],
    ['an API key', { ...whole, writeKey: site.apiKey }, 401],
    ['a key of another type', { ...whole, writeKey: { $ne: '' } }, 400],
    ['nobody', { ...whole, userId: undefined }, 400],
    ['an id of everybody', { ...whole, userId: 'null' }, 400],
    ['an id that is a list', { ...whole, userId: ['a'] }, 400],
    ['an endless id', { ...whole, userId: 'x'.repeat(256) }, 400],
    ['NUL in an id', { ...whole, userId: 'a\0b' }, 400],
    ['half a pair in an id', { ...whole, userId: 'a\ud800' }, 400],
    ['no subscription', { ...whole, subscription: null }, 400],
    ['no keys', { ...whole, subscription: { endpoint: good.endpoint } }, 400],
    ['short keys', { ...whole, subscription: { ...good, keys: { p256dh: 'AAAA', auth: 'AAAA' } } }, 400],
    [
      'keys that are no base64url',
      { ...whole, subscription: { ...good, keys: { ...good.keys, auth: '<'.repeat(22) } } },
      400,
    ],
    ['a renewal that is no yes or no', { ...whole, renewal: 'yes' }, 400],
    ['17 KB', { ...whole, more: 'x'.repeat(17 * 1024) }, 413],
    ['depth', `{"writeKey":"x","a":${'['.repeat(7000)}${']'.repeat(7000)}}`, 400],
  ])('%s is refused, and nothing is kept', async (_, body, status) => {
    const answer = await site.ask('POST', '/site/v1/push/subscriptions', body);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      status,
      'application/problem+json; charset=utf-8',
    ]);
    expect(answer.text).not.toContain(good.endpoint);
    expect(await devices('hostile')).toEqual([]);
  });

  test.each([
    ['short', 'abc'],
    ['endless', 'x'.repeat(1001)],
    ['with a line break', 'token-of\r\na-phone'],
    ['of another type', 12345678],
  ])('a token that is %s is refused', async (_, bad) => {
    expect((await token('POST', { userId: 'hostile', token: bad })).status).toBe(400);
    expect((await token('DELETE', { token: bad })).status).toBe(400);
  });

  test('a prototype in a body pollutes nothing', async () => {
    const body = `{"writeKey":"${site.writeKey}","userId":"proto","__proto__":{"renewal":true},"subscription":${JSON.stringify(good)}}`;
    expect((await site.ask('POST', '/site/v1/push/subscriptions', body)).status).toBe(204);
    expect(Object.hasOwn({}, 'renewal') || 'renewal' in {}).toBe(false);
    expect(await consent('proto')).toEqual({ web_push: 'granted' });
  });

  test('an erased customer is given no device by an id that is nobody now', async () => {
    const browser = newSubscription();
    await subscription('POST', { userId: 'ghost', subscription: browser });
    const erased = await site.customer('ghost');
    await Promise.all([
      site.call('DELETE', `/customers/${erased}`),
      ...Array.from({ length: 10 }, async (_, index) => {
        await sleep(index);
        await subscription('POST', { userId: 'ghost', subscription: browser, renewal: true });
      }),
    ]);
    expect(await db.selectFrom('devices').select('address').where('customer_id', '=', erased).execute()).toEqual([]);
  });
});
