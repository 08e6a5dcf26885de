import type { RequestListener } from 'node:http';
import type { Worker } from 'playwright-core';
import { expect, test } from 'vitest';
import { createListener } from '#api/listener.ts';
import { createWebPushChannel, webPushSettings } from '#channels/web_push/channel.ts';
import { newVapidKeys, openVapidKeys } from '#channels/web_push/keys.ts';
import { createSealer } from '#db/seal.ts';
import { newSubscription, siteGateway } from '#test/api/site-support.ts';
import { browserAt, notification, pushService } from '#test/channels/push-service.ts';
import { openBrowser } from '#test/support/browser.ts';
import { deliverPush, type FakePush, listen, playPush, shopSite, until } from './site-support.ts';

const sealer = createSealer('of these tests');
const vapid = openVapidKeys(sealer, newVapidKeys(sealer)) ?? expect.unreachable();
const site = await siteGateway();
const { db, writeKey, devices, consent } = site;
const webPush = { publicKey: vapid.publicKey, services: [] };
let handler: RequestListener = () => {};
const gateway = await listen((request, response) => handler(request, response), '127.0.0.1');
handler = createListener({ ...site.deps, webPush, publicUrl: gateway });
const shop = await shopSite(gateway, writeKey);
const open = await openBrowser();

/** Of the visitor on the page, in the order in which they happened. */
async function eventsOf(anonymousId: string) {
  const rows = await db.selectFrom('events').select(['name', 'payload', 'customer_id']).execute();
  return rows
    .map(({ payload, ...row }) => ({ ...row, payload: payload as ReturnType<typeof JSON.parse> }))
    .filter(({ payload }) => payload.anonymousId === anonymousId)
    .toSorted((a, b) => Date.parse(a.payload.timestamp) - Date.parse(b.payload.timestamp));
}

const named = (anonymousId: string, ...names: string[]) =>
  until(async () => {
    const events = await eventsOf(anonymousId);
    return names.every((name) => events.some((event) => event.name === name)) && events;
  });

/** A page of the shop in a browser of its own, once `site.js` is there. */
async function visit(path = '/', push?: FakePush) {
  const watched = await open();
  const { page } = watched;
  if (push) await playPush(page.context(), push);
  const vestnik = (call: string) => page.evaluate(`vestnik.${call}`);
  const go = async (to: string) => {
    await page.goto(shop + to);
    await page.waitForFunction('typeof vestnik?.track === "function"');
  };
  await go(path);
  const worker = (): Worker => page.context().serviceWorkers()[0] ?? expect.unreachable();
  return { ...watched, go, vestnik, worker, anonymousId: String(await vestnik('anonymousId()')) };
}

test('pages, actions and who somebody is become events of one customer, from another origin', async () => {
  const { vestnik, anonymousId, problems, go } = await visit('/lamps?utm_source=letter&utm_campaign=spring');
  await vestnik(`track('Product Viewed', { product_id: 'lamp' })`);
  await vestnik(`identify('site-anna', { email: 'site-anna@example.com', firstName: 'Anna' })`);
  await go('/rugs');
  const events = await named(anonymousId, 'page', 'Product Viewed', 'identify');
  const all = await until(async () => {
    const found = await eventsOf(anonymousId);
    return found.length === 4 && found;
  });
  expect(all.map(({ name }) => name)).toEqual(['page', 'Product Viewed', 'identify', 'page']);
  expect(new Set(all.map(({ customer_id }) => customer_id))).toEqual(new Set([await site.customer('site-anna')]));
  const [first] = events;
  expect(first?.payload).toMatchObject({
    properties: { path: '/lamps', title: 'Shop /lamps?utm_source=letter&utm_campaign=spring' },
    context: { campaign: { source: 'letter', name: 'spring' }, library: { name: 'vestnik-site' } },
  });
  expect(all.at(-1)?.payload.userId).toBe('site-anna');
  expect(JSON.stringify(all)).not.toContain(writeKey);
  expect(problems).toEqual([]);
});

test('what was called before the script was there is not lost', async () => {
  const { anonymousId } = await visit('/early');
  const events = await named(anonymousId, 'Early Bird');
  expect(events.find(({ name }) => name === 'Early Bird')?.payload.properties).toEqual({ page: '/early' });
});

test('while the gateway is away events wait, and come once when it is back, on another page', async () => {
  const { page, vestnik, go, anonymousId } = await visit();
  await named(anonymousId, 'page');
  await page.route('**/v1/batch', (route) => route.abort());
  await vestnik(`track('While Away')`);
  await page.unroute('**/v1/batch');
  await go('/next');
  const events = await named(anonymousId, 'While Away');
  expect(events.filter(({ name }) => name === 'While Away')).toHaveLength(1);
});

test('an answer that is lost makes no second event', async () => {
  const { page, vestnik, go, anonymousId } = await visit();
  await named(anonymousId, 'page');
  let asked = 0;
  await page.route('**/v1/batch', async (route) => {
    await route.fetch();
    await route.fulfill({ status: 503, headers: { 'access-control-allow-origin': '*' } });
    asked += 1;
  });
  await vestnik(`track('Answer Lost')`);
  await until(async () => asked > 0);
  await page.unroute('**/v1/batch');
  await go('/again');
  await vestnik(`track('The Last One')`);
  const events = await named(anonymousId, 'The Last One');
  expect(events.filter(({ name }) => name === 'Answer Lost')).toHaveLength(1);
});

test('what happens as the page is left still arrives', async () => {
  const { page, anonymousId } = await visit();
  await page.evaluate(`for (let i = 0; i < 30; i++) vestnik.track('Left ' + i); location.href = 'about:blank'`);
  const events = await named(anonymousId, 'Left 0', 'Left 29');
  expect(events.filter(({ name }) => name.startsWith('Left '))).toHaveLength(30);
});

test('whoever signs out is somebody else from then on', async () => {
  const { vestnik, anonymousId } = await visit();
  await vestnik(`identify('site-first')`);
  await vestnik('reset()');
  await vestnik(`track('By Another')`);
  const other = String(await vestnik('anonymousId()'));
  expect(other).not.toBe(anonymousId);
  const [event] = await named(other, 'By Another');
  expect(event?.payload.userId).toBeUndefined();
});

test('a browser that keeps nothing for pages is counted all the same', async () => {
  const { page, problems } = await open();
  await page.addInitScript(() => {
    const forbidden = {
      get: () => {
        throw new Error('SecurityError');
      },
    };
    for (const name of ['localStorage', 'sessionStorage']) Object.defineProperty(globalThis, name, forbidden);
  });
  await page.goto(shop);
  await page.waitForFunction('typeof vestnik?.track === "function"');
  await page.evaluate(`vestnik.track('Without Storage')`);
  await named(String(await page.evaluate('vestnik.anonymousId()')), 'Without Storage');
  expect(problems).toEqual([]);
});

test('a notification comes to the browser that was asked, is shown, and leads to our link', async () => {
  const service = await pushService();
  const endpoint = 'https://updates.push.services.mozilla.com/wpush/v2/whole-way';
  const browser = browserAt(endpoint);
  const { page, vestnik, worker, problems } = await visit('/', {
    endpoint,
    keys: browser.device.keys ?? expect.unreachable(),
  });
  await vestnik(`identify('site-push')`);
  expect(await vestnik('subscribeToPush()')).toBe('subscribed');
  const [device = expect.unreachable()] = await devices('site-push');
  expect(device.address).toBe(endpoint);
  expect(await consent('site-push')).toEqual({ web_push: 'granted' });

  // From here on as a worker of ours does, but that its push service is here.
  const local = service.adopt('/whole-way', browser);
  const message = notification([local], { url: `${gateway}/t/c/token` });
  expect(await createWebPushChannel(webPushSettings(vapid)).submit(message)).toMatchObject({ result: 'accepted' });
  await deliverPush(page, JSON.stringify(service.pushed[0]?.payload));
  const { title, body, imageUrl } = message.content;
  const shown = { title, body, image: imageUrl, tag: message.id };
  await until(async () => (await worker().evaluate('self.shown.length')) === 1);
  expect(await worker().evaluate('self.shown[0]')).toMatchObject(shown);
  await worker().evaluate(click);
  await until(async () => (await worker().evaluate('self.opened.length')) === 1);
  expect(await worker().evaluate('self.opened')).toEqual([`${gateway}/t/c/token`]);
  expect(problems).toEqual([]);
  await service.close();
});

/** On the newest notification; only the browser itself can make the event whole. */
const click = `
  const event = new ExtendableEvent('notificationclick');
  const { data } = self.shown.at(-1);
  Object.assign(event, { notification: { data, close() {} }, waitUntil() {} });
  self.dispatchEvent(event);
`;

test('a notification leads nowhere but to us and the shop, and what is not ours is left alone', async () => {
  const { page, vestnik, worker } = await visit('/', newSubscription());
  await vestnik('subscribeToPush()');
  const push = (url: string) =>
    deliverPush(page, JSON.stringify({ title: 'T', body: 'B', url, image: null, tag: url }));
  for (const foreign of ['{"title":"of another service"}', 'no JSON', 'null', '[]', '{"title":1,"url":2,"tag":3}'])
    await deliverPush(page, foreign);
  const urls = ['https://evil.example/', 'javascript:alert(1)', `${gateway}.evil.example/`, 'http://[', '/cart'];
  for (const url of urls) await push(url);
  await until(async () => (await worker().evaluate('self.shown.length')) === urls.length);
  const leads = await worker().evaluate('self.shown.map(({ data }) => data.vestnik)');
  expect(leads).toEqual([shop, shop, shop, shop, `${shop}/cart`]);
});

test('who signs in while the one before is still being told has the browser in the end', async () => {
  const { page, vestnik } = await visit('/', newSubscription());
  await vestnik('subscribeToPush()');
  let held: (() => void) | undefined;
  await page.route('**/site/v1/push/subscriptions', async (route) => {
    if (route.request().postData()?.includes('site-first') && held === undefined)
      await new Promise<void>((resolve) => {
        held = resolve;
      });
    await route.continue();
  });
  await vestnik(`identify('site-first')`);
  await until(async () => held !== undefined);
  await vestnik('reset()');
  const [said] = await Promise.all([page.waitForResponse('**/v1/batch'), vestnik(`identify('site-second')`)]);
  await said.finished();
  // Whoever tells of the second at once is answered by now; the first comes last, if it may.
  await page.evaluate(`fetch('${gateway}/site/v1/push/key')`);
  await page.evaluate(`fetch('${gateway}/site/v1/push/key')`);
  const first = page.waitForResponse((answer) => answer.request().postData()?.includes('site-first') === true);
  held?.();
  await first;
  await until(async () => (await devices('site-second')).length === 1);
  expect(await devices('site-first')).toEqual([]);
});

test('the browser goes with who signs in, is told of a new address, and is forgotten when its owner wants no more', async () => {
  const push = newSubscription();
  const { vestnik, worker, go } = await visit('/', push);
  await vestnik('subscribeToPush()');
  await vestnik(`identify('site-husband')`);
  await until(async () => (await devices('site-husband')).length === 1);
  await vestnik('reset()');
  await vestnik(`identify('site-wife')`);
  await until(async () => (await devices('site-wife')).length === 1);
  expect(await devices('site-husband')).toEqual([]);

  const next = newSubscription();
  await worker().evaluate(
    ([oldSubscription, newSubscription]) => {
      const event = Object.assign(new Event('pushsubscriptionchange'), {
        oldSubscription,
        newSubscription,
        waitUntil() {},
      });
      Reflect.get(globalThis, 'dispatchEvent')(event);
    },
    [{ endpoint: push.endpoint, options: {} }, next] as const,
  );
  await until(async () => (await devices('site-wife'))[0]?.address === next.endpoint);

  await site.subscription('PUT', { old: next.endpoint, subscription: push });
  await go('/account');
  await vestnik('unsubscribeFromPush()');
  expect(await devices('site-wife')).toEqual([]);
  expect(await consent('site-wife')).toEqual({ web_push: 'denied' });
});

test('who says no is not registered; who takes a yes back in the browser is forgotten at the next visit', async () => {
  const { page, vestnik, go } = await visit('/', newSubscription());
  await page.evaluate(`localStorage.setItem('test.permission', 'denied')`);
  expect(await vestnik('subscribeToPush()')).toBe('denied');
  await page.evaluate(`localStorage.removeItem('test.permission')`);
  await vestnik(`identify('site-doubter')`);
  await vestnik('subscribeToPush()');
  expect(await devices('site-doubter')).toHaveLength(1);
  await page.evaluate(`localStorage.setItem('test.permission', 'denied')`);
  await go('/later');
  await until(async () => (await devices('site-doubter')).length === 0);
  expect(await consent('site-doubter')).toEqual({ web_push: 'denied' });
});

test('a browser without notifications is told so', async () => {
  const { page } = await open();
  await page.addInitScript('delete window.PushManager');
  await page.goto(shop);
  await page.waitForFunction('typeof vestnik?.track === "function"');
  expect(await page.evaluate('vestnik.subscribeToPush()')).toBe('unsupported');
});
