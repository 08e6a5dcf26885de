import { expect, test } from 'vitest';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { isOffered } from '#test/support/offers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J10: who was offered an item that they had waited for, and did not order it.

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock(
  { id: 'bag', category: 'Bags', stock: 0 },
  { id: 'other-bag', category: 'Bags' },
  { id: 'third-bag', category: 'Bags' },
  { id: 'shoes', category: 'Shoes' },
);
const generated = { pattern: 'BAG-??????', ahead: 10 };
await system.call('POST', '/promo-pools', {
  name: 'followup',
  sizes: [{ percent: 7 }],
  expiry: { after: 'P7D' },
  generated,
});
await system.put('/journeys/reservation-followup/settings', { promo: { pool: 'followup' } });

const offered = async (who: TestCustomer, item = 'bag') => {
  await system.refresh();
  await system.relay.push(await isOffered(system.db, system.clock, who.customerId, item));
};
const runsOf = async (who: TestCustomer) =>
  system.db
    .selectFrom('runs')
    .select(['key', 'outcome', 'trigger_at'])
    .where('customer_id', '=', who.customerId)
    .orderBy('entered_at')
    .execute();

test('J10 a day after the offer other items, a day later a promo code; then it has come to its end', async () => {
  const anna = await customer();
  await offered(anna);
  await system.pass('23 hours');
  expect(await anna.templates()).toEqual([]);
  await system.pass('2 hours');
  expect(await anna.templates()).toEqual(['other-items']);
  await system.pass('2 days');
  expect(await anna.templates()).toEqual(['other-items', 'promo-code']);
  const [items, code] = await anna.mails();
  expect(items?.text).toContain('Product other-bag');
  expect(items?.text).not.toContain('Product bag');
  expect(items?.text).not.toMatch(/BAG-/);
  expect(code?.subject).toBe('7% off any item');
  expect(code?.text).toMatch(/BAG-\w{6}/);
  expect((await runsOf(anna)).map(({ key, outcome }) => [key, outcome])).toEqual([['bag', 'completed']]);
});

test.each([
  ['before the first message', '5 hours', []],
  ['between the two', '30 hours', ['other-items']],
] as const)('J10 an order ends it, of whatever item: %s', async (_when, wait, sent) => {
  const boris = await customer();
  await offered(boris);
  await system.pass(wait);
  await system.track(boris.id, 'Order Completed', orderOf('shoes'));
  await system.pass('4 days');
  expect(await boris.templates()).toEqual(sent);
  expect(await boris.outcome()).toBe('goal');
});

test('J10 each offer has a run of its own, once; an order ends them all', async () => {
  const vera = await customer();
  await offered(vera);
  await offered(vera);
  await offered(vera, 'third-bag');
  await system.pass('1 hour');
  expect((await runsOf(vera)).map(({ key }) => key).toSorted()).toEqual(['bag', 'third-bag']);
  await system.track(vera.id, 'Order Completed', orderOf('shoes'));
  await system.pass('1 hour');
  expect((await runsOf(vera)).map(({ outcome }) => outcome)).toEqual(['goal', 'goal']);
  await offered(vera);
  await system.pass('26 hours');
  expect(await vera.templates()).toEqual(['other-items']);
});

test('J10 without anything else to offer it says nothing; without a pool the code is left out', async () => {
  const gleb = await customer();
  await system.put('/journeys/reservation-followup/settings', {});
  await offered(gleb);
  await system.pass('3 days');
  expect(await gleb.decisions()).toEqual(['followup-1 send ok', 'followup-2 skip no_promo']);
  const dina = await customer();
  await system.put('/journeys/reservation-followup/settings', { shows: { from: [], count: 3 } });
  await offered(dina);
  await system.pass('3 days');
  expect(await dina.decisions()).toEqual(['followup-1 skip no_alternatives', 'followup-2 skip no_promo']);
});
