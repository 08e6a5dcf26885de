import { expect, test } from 'vitest';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { publicUrl } from '#test/support/journeys.ts';
import type { Mail } from '#test/support/mail.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping(), {
  only: ['opt-in', 'abandonment'],
  shop: { doubleOptIn: ['email'], consent: { email: 'explicit' } },
});
const customer = customers(system);
await system.stock({ id: 'lamp' });

/** A letter that goes at once waits for no timer, so that skipping time does not wait for it. */
async function sent(who: TestCustomer, ...templates: string[]): Promise<void> {
  await expect.poll(async () => (await who.mails()).length).toBe(templates.length);
  expect(await who.templates()).toEqual(templates);
}
const linkIn = (mail: Mail | undefined) => /https:\S+\/confirm\/[\w-]+/.exec(mail?.text ?? '')?.[0] ?? '';
const follow = async (link: string, method: string) => {
  await system.refresh();
  const { status, text } = await system.request(link.replace(publicUrl, ''), { method });
  expect(status, text).toBe(200);
  await system.relayed();
  return text;
};
const marketing = async (id: string) =>
  (await system.call('GET', `/customers/${id}`)).body.reachability[0].marketing.reason;

test('a subscription counts once its owner has pressed the button; looking at the page is not enough', async () => {
  const anna = await customer();
  await system.track(anna.id, 'Subscribed', { channel: 'email', text_version: 'ads-2' });
  expect(await marketing(anna.customerId)).toBe('unconfirmed');
  await sent(anna, 'confirm');
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  const [letter, ...others] = await anna.mails();
  expect(others).toEqual([]);
  expect(letter?.subject).toBe('Please confirm your subscription');
  expect(letter?.headers['list-unsubscribe']).toBeUndefined();

  for (const method of ['GET', 'HEAD', 'GET']) await follow(linkIn(letter), method);
  expect(await marketing(anna.customerId)).toBe('unconfirmed');
  expect(await follow(linkIn(letter), 'POST')).toContain('you are subscribed');
  expect(await marketing(anna.customerId)).toBe(null);
  expect(await follow(linkIn(letter), 'POST')).toContain('nothing to confirm');
  const { items } = (await system.call('GET', `/customers/${anna.customerId}/consents`)).body;
  expect(items.map(({ source }: { source: string }) => source)).toEqual(['confirmation', 'Subscribed']);

  // Becoming reachable is a trigger itself: the cart of an hour ago is spoken of.
  await system.pass('1 hour');
  await sent(anna, 'confirm', 'cart-reminder');
});

test('somebody who is subscribed again and again by others is asked once a day', async () => {
  const boris = await customer();
  for (let time = 0; time < 3; time += 1) {
    await system.track(boris.id, 'Subscribed');
    await sent(boris, 'confirm');
    await expect.poll(() => boris.decisions()).toHaveLength(1 + time);
    await expect.poll(() => boris.outcome()).toBe('completed');
  }
  expect(await boris.decisions()).toEqual(['ask send ok', 'ask skip asked_lately', 'ask skip asked_lately']);
  await system.pass('25 hours');
  await system.track(boris.id, 'Subscribed');
  await sent(boris, 'confirm', 'confirm');
});

test('after a no of their own a write key cannot subscribe anybody again; they themselves can', async () => {
  const vera = await customer();
  await system.track(vera.id, 'Subscribed');
  await sent(vera, 'confirm');
  await expect.poll(() => vera.outcome()).toBe('completed');
  await follow(linkIn((await vera.mails())[0]), 'POST');
  await system.track(vera.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await sent(vera, 'confirm', 'cart-reminder');
  await system.unsubscribe((await vera.mails())[1]);
  expect(await marketing(vera.customerId)).toBe('unsubscribed');
  await system.pass('25 hours');
  for (const event of ['Subscribed', 'Consent Changed']) await system.track(vera.id, event, { state: 'granted' });
  expect(await marketing(vera.customerId)).toBe('unconfirmed');
  await system.track(vera.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('8 hours');
  await sent(vera, 'confirm', 'cart-reminder', 'confirm');
  await system.resubscribe((await vera.mails())[1]);
  expect(await marketing(vera.customerId)).toBe(null);
});

test('an old link does not undo a later no', async () => {
  const gleb = await customer();
  await system.track(gleb.id, 'Subscribed');
  await sent(gleb, 'confirm');
  await system.track(gleb.id, 'Unsubscribed');
  expect(await follow(linkIn((await gleb.mails())[0]), 'POST')).toContain('nothing to confirm');
  expect(await marketing(gleb.customerId)).toBe('unsubscribed');
});

test('the shop tells a consent: it waits for the letter, unless the shop has had it confirmed', async () => {
  const dina = await customer();
  await system.refresh();
  const said = { source: 'checkout', words: [{ channel: 'email', state: 'granted' }] };
  const { body } = await system.call('POST', `/customers/${dina.customerId}/consents`, said);
  expect(body.pending).toEqual(['email']);
  await system.relayed();
  await sent(dina, 'confirm');
  await system.refresh();
  const sure = await system.call('POST', `/customers/${dina.customerId}/consents`, { ...said, confirmed: true });
  expect(sure.body.pending).toEqual([]);
  expect(await marketing(dina.customerId)).toBe(null);
});
