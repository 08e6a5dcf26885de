import { expect, test } from 'vitest';
import { defaultStages } from '#domain/stages.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J12: orders that stop, from the order events to the inbox.

const system = await startSystem(await timeSkipping(), { only: ['at-risk'] });
const customer = customers(system);
const { days } = nights(system);
await system.stock({ id: 'paper' }, { id: 'pens' }, { id: 'chair' });
await system.call('POST', '/promo-pools', {
  name: 'at-risk',
  sizes: [
    { name: 'companies', when: [{ field: 'kind', is: ['b2b'] }], percent: 5 },
    { name: 'people', percent: 10 },
  ],
  expiry: { after: 'P17D' },
  generated: { pattern: 'BACK-??????', ahead: 20 },
});
const intervals = { atRisk: 'P5D', churning: 'P40D', lost: 'P60D', gone: 'P80D' };
const { personal, corporate } = defaultStages;
await system.put('/settings/stages', {
  personal: { ...personal, intervals },
  corporate: { ...corporate, intervals },
});
const settings = { enabled: true, promo: { pool: 'at-risk' } };
await system.put('/journeys/at-risk/settings', settings);

const orders = (who: TestCustomer, profile: 'personal' | 'corporate' = 'personal') =>
  system.track(who.id, 'Order Completed', orderOf('paper'), { context: { profile } });
const runsOf = ({ customerId }: TestCustomer) =>
  system.db
    .selectFrom('runs')
    .select(['key', 'outcome'])
    .where('customer_id', '=', customerId)
    .orderBy('entered_at')
    .execute();

test('J12 on entering the stage a code, after 14 days without an order that it is about to burn', async () => {
  const anna = await customer();
  await orders(anna);
  await days(5);
  expect(await anna.templates()).toEqual([]);
  await days(2);
  expect(await anna.templates()).toEqual(['promo']);
  await days(14);
  expect(await anna.templates()).toEqual(['promo', 'promo-ends']);
  const [first, second] = await anna.mails();
  expect(first?.text).toMatch(/BACK-\w{6}/);
  expect(second?.subject).toMatch(/about to burn/);
  expect(second?.text).toContain(/BACK-\w{6}/.exec(first?.text ?? '')?.[0]);
  expect(await runsOf(anna)).toEqual([
    { key: expect.stringMatching(/^personal:\d{4}-\d\d-\d\d$/), outcome: 'completed' },
  ]);
});
