import { expect, test } from 'vitest';
import type { ChannelName } from '#domain/journey.ts';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { publicUrl } from '#test/support/journeys.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** One meaning on each channel (R6): from an abandoned cart over HTTP to what the channel would show, and back by its link. */

const shown: ChannelName[] = ['telegram', 'sms', 'viber', 'whatsapp', 'web_push', 'app_push'];
const system = await startSystem(await timeSkipping(), {
  only: ['abandonment'],
  shop: { channels: ['email', ...shown], locale: 'ru', name: 'Полка' },
});
const customer = customers(system);
await system.stock({ id: 'lamp' });

const phoneOf = (channel: ChannelName) => `+7916555000${shown.indexOf(channel)}`;
const keys = {
  p256dh: 'BNcRdreALRFXTkOOUHK1EtK2wtaz5Ry4YfYCA_0QTpQtUbVlUls0VJXg7A8u-Ts1XbjhazAkj7I99e8QcYP7DkM',
  auth: 'tBHItJI5svbpez7KI4CCXg',
};
const endpoint = 'https://fcm.googleapis.com/fcm/send/browser-1';
const token = 'dVc3:APA91bHun4MxP5egoKMwt2KZFBaFUH-1RYqx';
/** Whom the inbox knows a message on the channel by. */
const recipients: Partial<Record<ChannelName, string>> = {
  telegram: '4815162342',
  web_push: endpoint,
  app_push: token,
};

/** The address that the channel has of them, and their yes to it. */
async function reach({ id, customerId }: TestCustomer, channel: ChannelName): Promise<void> {
  const device = {
    web_push: { channel, subscription: { endpoint, expirationTime: null, keys } },
    app_push: { channel, token },
  }[channel as 'web_push'];
  if (device !== undefined) {
    const { body } = await system.call('PUT', `/customers/${customerId}/devices`, { items: [device] });
    expect(body.items).toEqual([{ index: 0, status: 'stored' }]);
  } else if (channel === 'telegram') {
    const chat = { kind: channel, value: '4815162342', customer_id: customerId, since: system.clock.now() };
    await system.db.insertInto('identities').values(chat).execute();
  } else {
    await system.identify(id, { phone: phoneOf(channel) });
    await system.track(id, 'Subscribed', { channel });
  }
}

test.each(shown)(
  'R6 an abandoned cart is told by %s in its own words, and its link leads to the cart',
  async (channel) => {
    const steps = [{ message: 'cart-reminder', after: 'PT0S', validFor: 'P1D' }];
    const cascade = { order: 'fixed', channels: [{ channel, advanceWhen: 'no_goal', after: 'P1D' }] };
    await system.settings({ cascade, branches: { cart: { idle: 'PT30M', steps } } });
    const anna = await customer();
    await reach(anna, channel);
    await system.track(anna.id, 'Product Added', { product_id: 'lamp', quantity: 1, price: 1000, currency: 'RUB' });
    await system.pass('1 hour');

    const mails = (await system.inbox(recipients[channel] ?? phoneOf(channel))).filter(
      (mail) => mail.channel === channel,
    );
    expect(mails.map(({ text }) => text)).toEqual([expect.stringContaining('Product lamp')]);
    const [{ text = '' } = {}] = mails;
    expect(text).toMatch(/орзина сохранена|продолжить с того же места/);
    const path = new RegExp(`${publicUrl}(/t/c/[\\w-]{36})`).exec(text)?.[1];
    const answer = await fetch(`${system.url}${path}`, { redirect: 'manual' });
    expect(answer.status).toBe(302);
    const target = new URL(answer.headers.get('location') ?? '');
    expect(`${target.origin}${target.pathname}`).toBe(system.shop.cartUrl);
    expect(target.searchParams.get('utm_medium')).toBe(channel);
  },
);
