import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['lifecycle'] });
const customer = customers(system);
const attributes = { consumable: true };
await system.stock({ id: 'cream', attributes }, { id: 'soap', attributes }, { id: 'mirror', category: 'Mirrors' });
const generated = { pattern: 'BACK-??????', ahead: 10 };
await system.call('POST', '/promo-pools', {
  name: 'back',
  sizes: [{ percent: 10 }],
  expiry: { after: 'P14D' },
  generated,
});
const steps = [
  { message: 'cross-sell', at: 'P7D', from: 'delivery' },
  { message: 'review-request', at: 'P14D', from: 'delivery' },
  { message: 'top-up', at: 'P90D' },
  { message: 'news', at: 'P180D' },
  { message: 'small-promo', at: 'P210D', promo: { pool: 'back' } },
  { message: 'bigger-promo', at: 'P300D', promo: { pool: 'back' } },
];
await system.put('/journeys/lifecycle/settings', { enabled: true, steps });

async function buys(who: TestCustomer): Promise<string> {
  const order = orderOf('cream');
  await system.track(who.id, 'Order Completed', order);
  return order.order_id;
}
const keep = ({ customerId }: TestCustomer, order: string, name: string) =>
  keepHistory(environment, workflowId('lifecycle', customerId, order), name);

test('record: a silent year, at its half and whole', async () => {
  const who = await customer();
  const order = await buys(who);
  await system.pass('200 days');
  await keep(who, order, 'half-a-year');
  await system.pass('200 days');
  await keep(who, order, 'silent-year');
});

test('record: ordered again after five months', async () => {
  const who = await customer();
  const order = await buys(who);
  await system.pass('150 days');
  await buys(who);
  await system.pass('1 day');
  await keep(who, order, 'ordered-again');
});

test('record: delivered days later, and given back after the review', async () => {
  const who = await customer();
  const order = await buys(who);
  await system.pass('5 days');
  await system.track(who.id, 'Order Delivered', { order_id: order });
  await system.pass('20 days');
  await system.track(who.id, 'Order Refunded', { order_id: order });
  await system.pass('1 day');
  await keep(who, order, 'delivered-and-given-back');
});
