import { expect, test } from 'vitest';
import { customers } from '#test/support/customers.ts';
import type { Mail } from '#test/support/mail.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock({ id: 'lamp', price: 100_000 }, { id: 'bulb', price: 10_000 }, { id: 'shade', price: 50_000 });
await system.put('/journeys/order-confirmation/settings', { enabled: true });
await system.put('/journeys/welcome/settings', { enabled: false });

/** What goes at once waits for no timer, so that skipping time does not wait for it. */
async function mailed(to: string, count: number): Promise<Mail[]> {
  await expect.poll(async () => (await system.inbox(to)).length, { timeout: 10_000 }).toBe(count);
  return system.inbox(to);
}

const order = (order_id: string) => ({
  order_id,
  order_number: `N-${order_id}`,
  total: 1150,
  currency: 'RUB',
  shipping: 50,
  shipping_method: 'Courier',
  shipping_address: { street: '1 Example Street', city: 'Example City' },
  products: [
    { product_id: 'lamp', quantity: 1, price: 1000 },
    { product_id: 'not-in-catalogue', name: 'A thing of old', quantity: 2, price: 50 },
  ],
});

test('J16 an order is confirmed once, with its lines, its sum and its delivery, also to who refuses advertising', async () => {
  const anna = await customer({ firstName: 'Anna' });
  await system.track(anna.id, 'Unsubscribed');
  for (let time = 0; time < 3; time += 1) await system.track(anna.id, 'Order Completed', order('1'));
  const [mail] = await mailed(anna.email, 1);
  expect(mail?.subject).toBe('Your order N-1 was taken');
  for (const said of [
    'Product lamp',
    'A thing of old × 2',
    '₽1,150',
    'Courier',
    'Example City, 1 Example Street',
    'Delivery: ₽50',
  ])
    expect(mail?.text).toContain(said);
  expect(mail?.text).not.toContain('Goes well with it');
  expect(mail?.headers['list-unsubscribe']).toBeUndefined();
  await expect.poll(() => anna.outcome()).toBe('completed');
});

test('J16 what becomes of an order is told, once an order and step', async () => {
  const boris = await customer();
  await system.track(boris.id, 'Order Completed', order('2'));
  await mailed(boris.email, 1);
  const tracking = { tracking_number: 'RA1', tracking_url: 'https://post.example/RA1', carrier: 'Post' };
  for (let time = 0; time < 2; time += 1) await system.track(boris.id, 'Order Shipped', { order_id: '2', ...tracking });
  await system.track(boris.id, 'Order Delivered', { order_id: '2' });
  const mails = await mailed(boris.email, 3);
  expect(mails.map(({ subject }) => subject).sort()).toEqual([
    'Order N-2 is on its way',
    'Order N-2 was delivered',
    'Your order N-2 was taken',
  ]);
  const shipped = mails.find(({ subject }) => subject?.includes('on its way'));
  expect(shipped?.text).toContain('RA1');
});

test('J16 goods that go with it are shown to those who allowed advertising', async () => {
  const vera = await customer();
  await system.track(vera.id, 'Subscribed', { channel: 'email' });
  await system.track(vera.id, 'Order Completed', order('3'));
  const [mail] = await mailed(vera.email, 1);
  expect(mail?.text).toContain('Goes well with it');
  expect(mail?.text).toContain('Product bulb');
  expect(mail?.text).toContain('/u/');
});
