import { expect, test } from 'vitest';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { publicUrl } from '#test/support/journeys.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** Who cannot be written to is not welcomed, and is when they can be (R9). A subscription counts once its owner has confirmed it. */

const system = await startSystem(await timeSkipping(), {
  only: ['welcome', 'opt-in'],
  shop: { doubleOptIn: ['email'], consent: { email: 'explicit' }, channels: ['email', 'web_push'] },
});
const customer = customers(system);

const missed = async (customerId: string) => {
  const rows = system.db.selectFrom('not_entered').select('reason').where('journey', '=', 'welcome');
  return (await rows.where('customer_id', '=', customerId).execute()).map(({ reason }) => reason);
};

const welcomed = (who: TestCustomer) =>
  system.db
    .selectFrom('messages')
    .select('template')
    .where('journey', '=', 'welcome')
    .where('customer_id', '=', who.customerId)
    .execute();

async function confirms(who: TestCustomer): Promise<void> {
  const letter = (await who.mails()).find(({ text }) => text.includes('/confirm/'));
  const link = /https:\S+\/confirm\/[\w-]+/.exec(letter?.text ?? '')?.[0] ?? '';
  await system.refresh();
  const { status, text } = await system.request(link.replace(publicUrl, ''), { method: 'POST' });
  expect(status, text).toBe(200);
  await system.relayed();
}

test('a subscription that is confirmed days later is welcomed then', async () => {
  const anna = await customer();
  await system.track(anna.id, 'Subscribed', { source: 'popup' });
  await system.pass('3 days');
  expect(await anna.templates()).toEqual(['confirm']);
  expect(await missed(anna.customerId)).toEqual(['unreachable']);
  await confirms(anna);
  await system.pass('7 days');
  expect(await welcomed(anna)).toHaveLength(6);
  // And once: nothing that is said later begins another one.
  await system.track(anna.id, 'Subscribed');
  await system.pass('2 days');
  expect(await welcomed(anna)).toHaveLength(6);
});

test('whoever registers without an address or a yes is welcomed when both are there', async () => {
  const visitor = { anonymousId: 'no-address' };
  await system.send('track', { ...visitor, event: 'Signed Up' });
  await system.pass('3 days');
  const email = 'address-comes@example.com';
  await system.send('identify', { ...visitor, traits: { email } });
  await system.pass('1 hour');
  expect(await system.inbox(email)).toEqual([]);
  const { items } = (await system.call('GET', `/customers?email=${email}`)).body;
  const words = [{ channel: 'email', state: 'granted' }];
  await system.refresh();
  await system.call('POST', `/customers/${items[0].id}/consents`, { source: 'checkout', words, confirmed: true });
  await system.relayed();
  await system.pass('1 hour');
  const subjects = (await system.inbox(email)).map(({ subject }) => subject);
  expect(subjects).toEqual(['Welcome! Here is how shopping works with us']);
});

test('an address that an event brings starts it, too, where no yes is needed', async () => {
  await system.put('/settings/shop', { ...system.shop, consent: { email: 'implied' }, doubleOptIn: [] });
  Object.assign(system.shop, { consent: { email: 'implied' }, doubleOptIn: [] });
  const visitor = { anonymousId: 'comes-by-event' };
  await system.send('track', { ...visitor, event: 'Signed Up' });
  await system.pass('3 days');
  const email = 'comes-by-event@example.com';
  await system.send('identify', { ...visitor, traits: { email } });
  await system.pass('1 hour');
  expect(await system.inbox(email)).toHaveLength(1);
});

test('of who never met a trigger, becoming reachable makes no newcomer', async () => {
  const boris = await customer();
  await system.pass('1 hour');
  expect(await boris.templates()).toEqual([]);
  expect(await missed(boris.customerId)).toEqual([]);
});

test('unsubscribing ends the series, and subscribing again begins none', async () => {
  const vera = await customer();
  await system.track(vera.id, 'Signed Up');
  await system.pass('30 hours');
  const mails = await vera.mails();
  await system.unsubscribe(mails[1]);
  await system.pass('5 days');
  expect(await vera.templates()).toEqual(['how-it-works', 'first-order']);
  expect(await vera.outcome()).toBe('exited:unsubscribed');
  await system.resubscribe(mails[1]);
  await system.pass('5 days');
  expect(await vera.mails()).toHaveLength(2);
});
