import { afterAll, expect, test } from 'vitest';
import webpush from 'web-push';
import { consentRules } from '#api/advertising.ts';
import { createWebPushChannel, webPushSettings } from '#channels/web_push/channel.ts';
import { registerDevice } from '#db/devices.ts';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { publicUrl } from '#test/support/journeys.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { pushService } from './push-service.ts';

/** From an abandoned cart over HTTP to what a browser reads, and what becomes of browsers that are no more. */

const service = await pushService();
afterAll(() => service.close());
const channel = createWebPushChannel(webPushSettings(webpush.generateVAPIDKeys()));
const system = await startSystem(await timeSkipping(), {
  shop: { channels: ['web_push'] },
  activities: { channels: { web_push: channel } },
});
const customer = customers(system);
await system.stock({ id: 'lamp' });
const cascade = { order: 'fixed', channels: [{ channel: 'web_push', advanceWhen: 'no_goal', after: 'P1D' }] };
const steps = [{ message: 'cart-reminder', after: 'PT0S', validFor: 'P1D' }];
await system.settings({ cascade, branches: { cart: { idle: 'PT30M', steps } } });

/** A browser of a customer at the push service, whose address no public route would take. */
async function browser({ customerId }: Pick<TestCustomer, 'customerId'>, path: string): Promise<void> {
  const { address, keys } = service.subscribe(path).device;
  const device = { channel: 'web_push' as const, address, keys, userAgent: null };
  const registration = { customerId, allowed: { source: 'browser', ip: null }, at: system.clock.now() };
  await registerDevice(system.db, device, registration, consentRules(system.shop));
}

async function abandon({ id }: TestCustomer): Promise<void> {
  await system.track(id, 'Product Added', { product_id: 'lamp', quantity: 1, price: 1000, currency: 'RUB' });
  await system.pass('1 hour');
}

async function ledgerOf({ customerId }: Pick<TestCustomer, 'customerId'>) {
  const { body } = await system.call('GET', `/messages?customerId=${customerId}`);
  return body.items;
}

const addressesOf = async ({ customerId }: TestCustomer) =>
  (await system.db.selectFrom('devices').select('address').where('customer_id', '=', customerId).execute()).map(
    ({ address }) => new URL(address).pathname,
  );

test('an abandoned cart lights up the browsers that are left, is one contact, and its link is counted', async () => {
  const anna = await customer();
  await browser(anna, '/anna-old');
  await browser(anna, '/anna-laptop');
  await browser(anna, '/anna-phone');
  service.answers['/anna-old'] = { status: 410 };
  await abandon(anna);

  const pushed = service.pushed.filter(({ path }) => path.startsWith('/anna'));
  expect(pushed.map(({ path }) => path).toSorted()).toEqual(['/anna-laptop', '/anna-phone']);
  const [message = expect.unreachable(), ...others] = await ledgerOf(anna);
  expect(others).toEqual([]);
  expect(message).toMatchObject({ channel: 'web_push', state: 'accepted' });
  expect(pushed.map(({ payload }) => payload.tag)).toEqual([message.id, message.id]);
  expect(await addressesOf(anna)).toEqual(expect.arrayContaining(['/anna-laptop', '/anna-phone']));
  expect(await addressesOf(anna)).not.toContain('/anna-old');

  const [{ payload }] = pushed as [(typeof pushed)[number]];
  const click = await system.request(payload.url.replace(publicUrl, ''), { redirect: 'manual' });
  expect([click.status, new URL(click.headers.get('location') ?? '').origin]).toEqual([302, 'https://shop.example']);
});

test('where all browsers are gone the message failed, and the next one has nobody to go to', async () => {
  const boris = await customer();
  await browser(boris, '/boris');
  service.answers['/boris'] = { status: 404 };
  await abandon(boris);
  expect(await ledgerOf(boris)).toMatchObject([{ channel: 'web_push', state: 'failed' }]);
  expect(await addressesOf(boris)).toEqual([]);
  const { body } = await system.call('GET', `/customers/${boris.customerId}`);
  const { marketing } = body.reachability.find((one: { channel: string }) => one.channel === 'web_push');
  expect(marketing).toEqual({ reachable: false, reason: 'no_address' });
  // Their yes stays for the next browser.
  expect(body.consents).toMatchObject([{ channel: 'web_push', state: 'granted' }]);
});

test('a visitor whom nobody knows by name is written to as well, whenever they leave a cart', async () => {
  await system.send('page', { anonymousId: 'visitor' });
  const holder = system.db.selectFrom('identities').select('customer_id').where('value', '=', 'visitor');
  const visitor = { customerId: (await holder.executeTakeFirstOrThrow()).customer_id };
  await browser(visitor, '/visitor');
  await system.pass('2 hours');
  const product = { product_id: 'lamp', quantity: 1, price: 1000, currency: 'RUB' };
  await system.send('track', { anonymousId: 'visitor', event: 'Product Added', properties: product });
  await system.pass('1 hour');
  expect(await ledgerOf(visitor)).toMatchObject([{ channel: 'web_push', state: 'accepted' }]);
  expect(service.pushed.at(-1)?.path).toBe('/visitor');
});
