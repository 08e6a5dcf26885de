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
  await expect.poll(async () => (await system.inbox(to)).length).toBe(count);
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

const rub = (amount: number) => ({ amount, currency: 'RUB' });
const told = (orderId: string, more: object = {}) => ({
  orderId,
  number: `N-${orderId}`,
  total: rub(260_000),
  lines: [{ productId: 'lamp', quantity: 2, price: rub(130_000) }],
  ...more,
});

async function putOrders(items: object[], query = ''): Promise<void> {
  await system.refresh();
  const { status, body } = await system.call('PUT', `/orders${query}`, { items });
  expect([status, body.items.filter((item: { status: string }) => item.status === 'refused')]).toEqual([200, []]);
  await system.relayed();
}

test('J16 a company’s order is confirmed to the company, by PUT /orders as by any other way', async () => {
  const gleb = await customer();
  await system.send('identify', {
    userId: gleb.id,
    traits: { email: 'office@works.example' },
    context: { profile: 'corporate' },
  });
  const delivery = { method: 'Pick-up point', address: '2 Example Square', price: rub(0), date: 'tomorrow' };
  await putOrders([told('b2b-1', { userId: gleb.id, profile: 'corporate', delivery })]);
  const [mail] = await mailed('office@works.example', 1);
  expect(mail?.subject).toBe('Your order N-b2b-1 was taken');
  expect(mail?.text).toContain('Product lamp × 2');
  expect(mail?.text).toContain('Pick-up point');
  await putOrders([
    { orderId: 'b2b-1', userId: gleb.id, state: 'ready', pickup: { address: '2 Example Square', until: 'Friday' } },
  ]);
  const [, ready] = await mailed('office@works.example', 2);
  expect(ready?.subject).toBe('Order N-b2b-1 can be picked up');
  expect(ready?.text).toContain('It is kept until Friday');
  expect(await gleb.mails()).toEqual([]);
});

test('a history and old news confirm nothing; neither does a step that the settings leave out', async () => {
  const dina = await customer();
  await putOrders([told('import-1', { userId: dina.id })], '?live=false');
  await putOrders([told('import-1', { userId: dina.id })]);
  const longAgo = new Date(system.clock.now().getTime() - 25 * 3_600_000).toISOString();
  await putOrders([told('old-1', { userId: dina.id, at: longAgo })]);
  await system.put('/journeys/order-confirmation/settings', { enabled: true, steps: ['delivered'] });
  await putOrders([told('new-1', { userId: dina.id })]);
  await putOrders([{ orderId: 'new-1', userId: dina.id, state: 'delivered' }]);
  const mails = await mailed(dina.email, 1);
  expect(mails.map(({ subject }) => subject)).toEqual(['Order N-new-1 was delivered']);
  await system.put('/journeys/order-confirmation/settings', { enabled: true });
});

test('R4 an order that was cancelled before it could be confirmed is not confirmed any more', async () => {
  const kira = await customer();
  await system.refresh();
  const by = (state: string) => told('c-1', { userId: kira.id, state });
  await putOrders([by('placed'), by('cancelled')]);
  const mails = await mailed(kira.email, 1);
  expect(mails.map(({ subject }) => subject)).toEqual(['Order N-c-1 was cancelled']);
  await expect.poll(() => kira.decisions()).toContain('placed skip order_cancelled');
});

test('J16 the same texts go by a call: POST /messages with data of the order', async () => {
  const egor = await customer();
  await system.refresh();
  const order = { number: '77', tracking: { number: 'RA9' } };
  const answer = await system.call('POST', '/messages', {
    userId: egor.id,
    template: 'order-shipped',
    data: { order },
  });
  expect(answer.status, answer.text).toBe(202);
  await system.relayed();
  const [mail] = await mailed(egor.email, 1);
  expect(mail?.subject).toBe('Order 77 is on its way');
  expect(mail?.text).toContain('RA9');
});
