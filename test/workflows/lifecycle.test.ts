import { expect, test } from 'vitest';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J11: the year after a purchase, at DNK's pace, which is the journey's own.

const system = await startSystem(await timeSkipping(), { only: ['lifecycle', 'abandonment'] });
const customer = customers(system);
const consumable = (id: string) => ({ id, attributes: { consumable: true } });
await system.stock(consumable('cream'), consumable('soap'), { id: 'brush' }, { id: 'mirror', category: 'Mirrors' });
const pool = (name: string, pattern: string, percent: number) => ({
  name,
  sizes: [{ percent }],
  expiry: { after: 'P14D' },
  generated: { pattern, ahead: 20 },
});
await system.call('POST', '/promo-pools', pool('small', 'BACK-??????', 10));
await system.call('POST', '/promo-pools', pool('bigger', 'MUCH-??????', 20));
const steps = [
  { message: 'cross-sell', at: 'P7D', from: 'delivery' },
  { message: 'review-request', at: 'P14D', from: 'delivery' },
  { message: 'top-up', at: 'P90D' },
  { message: 'news', at: 'P180D' },
  { message: 'small-promo', at: 'P210D', promo: { pool: 'small' } },
  { message: 'bigger-promo', at: 'P300D', promo: { pool: 'bigger' } },
];
const settings = { enabled: true, steps };
await system.put('/journeys/lifecycle/settings', settings);

const buys = async (who: TestCustomer, order = orderOf('cream', 'brush')) => {
  await system.track(who.id, 'Order Completed', order);
  return order.order_id;
};
const runsOf = async ({ customerId }: TestCustomer) => {
  const runs = system.db.selectFrom('runs').select(['key', 'outcome']).where('customer_id', '=', customerId);
  const found = await runs.where('journey', '=', 'lifecycle').orderBy('entered_at').execute();
  return found.map(({ key, outcome }) => `${key} ${outcome}`);
};

test('J11 a silent customer has six contacts in the year: cross-sell, review, top-up, news, a small code, a bigger one', async () => {
  const anna = await customer({ firstName: 'Anna' });
  await system.refresh();
  const ordered = system.clock.now().getTime();
  const order = await buys(anna);
  await system.pass('1 year');
  expect(await anna.templates()).toEqual(steps.map(({ message }) => message));
  const mails = await anna.mails();
  expect(mails.map(({ subject }) => subject)).toEqual([
    'What goes well with your order',
    'How do you like it?',
    'Time to top up?',
    'What is new since you were here',
    '10% off your next order',
    '20% off: our best code for you',
  ]);
  const days = (await anna.acceptedAt()).map((at) => Math.floor((at.getTime() - ordered) / 86_400_000));
  expect(days).toEqual([7, 14, 90, 180, 210, 300]);
  const [crossSell, review, topUp, , small, bigger] = mails.map(({ text }) => text);
  expect(crossSell).toContain('Product soap');
  expect(crossSell).not.toContain('Product cream');
  expect(review).toContain('Product brush');
  expect(topUp).toContain('Product cream');
  expect(topUp).not.toContain('Product brush');
  expect(small).toMatch(/BACK-\w{6}/);
  expect(bigger).toMatch(/MUCH-\w{6}/);
  expect(await runsOf(anna)).toEqual([`${order} completed`]);
});
