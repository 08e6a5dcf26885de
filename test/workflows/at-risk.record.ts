import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { defaultStages } from '#domain/stages.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['at-risk'] });
const customer = customers(system);
const { days } = nights(system);
await system.stock({ id: 'paper' }, { id: 'pens' });
const generated = { pattern: 'BACK-??????', ahead: 10 };
await system.call('POST', '/promo-pools', {
  name: 'at-risk',
  sizes: [{ percent: 7 }],
  expiry: { after: 'P17D' },
  generated,
});
const { personal, corporate } = defaultStages;
const intervals = { atRisk: 'P5D', churning: 'P40D', lost: 'P60D', gone: 'P80D' };
await system.put('/settings/stages', { personal: { ...personal, intervals }, corporate });
await system.put('/journeys/at-risk/settings', { enabled: true, promo: { pool: 'at-risk' } });

async function keep({ customerId }: TestCustomer, name: string): Promise<void> {
  const runs = system.db.selectFrom('runs').select('key').where('customer_id', '=', customerId);
  await keepHistory(environment, workflowId('at-risk', customerId, (await runs.executeTakeFirstOrThrow()).key), name);
}

test('record: a code, and that it is about to end', async () => {
  const who = await customer();
  await system.track(who.id, 'Order Completed', orderOf('paper'));
  await days(24);
  await keep(who, 'a-code-and-its-reminder');
});

test('record: ordered after the code', async () => {
  const who = await customer();
  await system.track(who.id, 'Order Completed', orderOf('paper'));
  await days(8);
  await system.track(who.id, 'Order Completed', orderOf('paper'));
  await system.pass('1 hour');
  await keep(who, 'ordered-after-the-code');
});
