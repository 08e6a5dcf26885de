import { beforeEach, expect, test } from 'vitest';
import { quarterOf } from '#domain/occasions.ts';
import { defaultStages } from '#domain/stages.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { actionsOf, nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J13: who is lost, quarter after quarter, from the order events to the inbox.

const system = await startSystem(await timeSkipping(), { only: ['win-back'] });
const customer = customers(system);
const { days, recompute } = nights(system);
await system.stock({ id: 'paper', oldPrice: 150_000 }, { id: 'pens' }, { id: 'chair' });
await system.call('POST', '/promo-pools', {
  name: 'win-back',
  sizes: [
    { name: 'companies', when: [{ field: 'kind', is: ['b2b'] }], percent: 7 },
    { name: 'people', percent: 12 },
  ],
  expiry: { after: 'P21D' },
  generated: { pattern: 'AGAIN-??????', ahead: 20 },
});
const intervals = { atRisk: 'P1D', churning: 'P2D', lost: 'P3D', gone: 'P30D' };
const { personal, corporate } = defaultStages;
await system.put('/settings/stages', {
  personal: { ...personal, intervals },
  corporate: { ...corporate, intervals },
});
const settings = { enabled: true, promo: { pool: 'win-back' }, spreadOver: 'P1D' };

beforeEach(() => system.put('/journeys/win-back/settings', settings));

const orders = (who: TestCustomer, profile: 'personal' | 'corporate' = 'personal') =>
  system.track(who.id, 'Order Completed', orderOf('paper'), { context: { profile } });
const runsOf = ({ customerId }: TestCustomer) =>
  system.db
    .selectFrom('runs')
    .select(['key', 'outcome'])
    .where('customer_id', '=', customerId)
    .orderBy('entered_at')
    .execute();
const quarter = () => quarterOf(system.clock.now(), 'Europe/Moscow');

/** Days until the calendar shows another quarter, and one more. */
async function nextQuarter(): Promise<void> {
  await system.refresh();
  const before = quarter();
  const day = 86_400_000;
  let left = 1;
  while (quarterOf(new Date(system.clock.now().getTime() + left * day), 'Europe/Moscow') === before) left += 1;
  // Nothing happens by night in between, so that nobody has to count them all.
  if (left > 1) await system.pass(`${left - 1} days`);
  await days(2);
}

test('J13 an offer as they are lost, and another each quarter as long as they stay so', async () => {
  await nextQuarter();
  const anna = await customer();
  await orders(anna);
  await days(5);
  expect(await anna.templates()).toEqual(['offer']);
  const [first] = await anna.mails();
  expect(first?.subject).toBe('12% off, to see you again');
  expect(first?.text).toMatch(/AGAIN-\w{6}/);
  // Start, entering, the message, closing: nothing waits for the next quarter.
  expect(await actionsOf(system, anna.customerId)).toBe(4);
  const quarters = [quarter()];
  // Gone as well as lost, in the same quarter: nothing new.
  await system.pass('26 days');
  await days(2);
  expect(await anna.templates()).toEqual(['offer']);
  for (const _ of [1, 2]) {
    await nextQuarter();
    await days(3);
    quarters.push(quarter());
  }
  expect(await anna.templates()).toEqual(['offer', 'offer', 'offer']);
  expect(await runsOf(anna)).toEqual(quarters.map((one) => ({ key: `personal:${one}`, outcome: 'completed' })));
});

test('J13 who was lost as a quarter ended is left in peace for a while in the next one', async () => {
  await nextQuarter();
  await system.pass('80 days');
  const boris = await customer();
  await orders(boris);
  await days(5);
  const before = quarter();
  expect(await boris.templates()).toEqual(['offer']);
  await nextQuarter();
  await days(2);
  expect([quarter() === before, await boris.templates()]).toEqual([false, ['offer']]);
  await days(40);
  expect(await boris.templates()).toEqual(['offer', 'offer']);
});

test('J13 who orders is lost no more: before the offer goes it is the goal, after it the next quarter passes them by', async () => {
  await nextQuarter();
  const vera = await customer();
  await orders(vera);
  // It waits for its hour.
  await system.put('/journeys/win-back/settings', {
    ...settings,
    branches: { b2c: { series: [{ message: 'offer', after: 'P2D', validFor: 'P14D' }] } },
  });
  await days(5);
  await orders(vera);
  await system.pass('1 hour');
  expect(await runsOf(vera)).toEqual([{ key: `personal:${quarter()}`, outcome: 'goal' }]);
  await system.pass('50 days');
  const gleb = await customer();
  await orders(gleb);
  await days(8);
  expect(await gleb.templates()).toEqual(['offer']);
  await orders(gleb);
  await system.put('/settings/stages', { personal, corporate });
  await nextQuarter();
  await days(2);
  expect(await gleb.templates()).toEqual(['offer']);
  await system.put('/settings/stages', {
    personal: { ...personal, intervals },
    corporate: { ...corporate, intervals },
  });
});

test('J13 companies apart: their own words, size and switch', async () => {
  await nextQuarter();
  const dina = await customer();
  await system.send('identify', {
    userId: dina.id,
    traits: { email: 'office@example.com' },
    context: { profile: 'corporate' },
  });
  await orders(dina, 'corporate');
  await days(5);
  const [mail] = await system.inbox('office@example.com');
  expect(mail?.subject).toBe('7% off for your company');
  await system.put('/journeys/win-back/settings', { ...settings, branches: { b2b: { enabled: false } } });
  const egor = await customer();
  await orders(egor, 'corporate');
  await orders(egor, 'personal');
  await days(5);
  expect(await egor.templates()).toEqual(['offer']);
  await nextQuarter();
  await days(3);
  expect((await runsOf(dina)).map(({ key }) => key.split(':')[0])).toEqual(['corporate']);
});

test('J13 who has unsubscribed, or was lost before it was switched on, hears nothing; without a pool it goes without a code', async () => {
  await system.put('/journeys/win-back/settings', { ...settings, enabled: false });
  await nextQuarter();
  const early = await customer();
  await orders(early);
  await days(5);
  await system.put('/journeys/win-back/settings', { enabled: true, spreadOver: 'P1D' });
  const refuses = await customer();
  await orders(refuses);
  const zoya = await customer();
  await orders(zoya);
  await system.track(refuses.id, 'Unsubscribed', { channel: 'email' });
  await days(5);
  expect([await early.templates(), await refuses.templates()]).toEqual([[], []]);
  const [mail] = await zoya.mails();
  expect([mail?.subject, mail?.text.includes('AGAIN-')]).toEqual(['What is new since you were here', false]);
  await nextQuarter();
  await days(3);
  expect(await early.templates()).toEqual(['offer']);
  expect(await refuses.templates()).toEqual([]);
});

test('J13 the first recompute of an import starts nobody; the next quarter does', async () => {
  await nextQuarter();
  const ilya = await customer();
  await system.refresh();
  const placed = new Date(system.clock.now().getTime() - 200 * 86_400_000).toISOString();
  const item = { orderId: 'imported', userId: ilya.id, total: { amount: 1000, currency: 'RUB' }, at: placed };
  const { body } = await system.call('PUT', '/orders', { items: [item] });
  expect(body.items).toEqual([expect.objectContaining({ status: 'stored' })]);
  await recompute();
  await days(3);
  expect(await ilya.templates()).toEqual([]);
  await nextQuarter();
  await days(3);
  expect(await ilya.templates()).toEqual(['offer']);
});
