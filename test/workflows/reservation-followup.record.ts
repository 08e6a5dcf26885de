import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { isOffered } from '#test/support/offers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment);
const customer = customers(system);
await system.stock({ id: 'bag' }, { id: 'other-bag' });
const generated = { pattern: 'BAG-??????', ahead: 10 };
const pool = { name: 'followup', sizes: [{ percent: 7 }], expiry: { after: 'P7D' }, generated };
await system.call('POST', '/promo-pools', pool);
await system.put('/journeys/reservation-followup/settings', { promo: { pool: 'followup' } });

async function offered(who: TestCustomer): Promise<void> {
  await system.refresh();
  await system.relay.push(await isOffered(system.db, system.clock, who.customerId, 'bag'));
}
const keep = ({ customerId }: TestCustomer, name: string) =>
  keepHistory(environment, workflowId('reservation-followup', customerId, 'bag'), name);

test('record: other items, then a code', async () => {
  const who = await customer();
  await offered(who);
  await system.pass('4 days');
  await keep(who, 'other-items-and-a-code');
});

test('record: ordered after the first message', async () => {
  const who = await customer();
  await offered(who);
  await system.pass('30 hours');
  await system.track(who.id, 'Order Completed', orderOf('other-bag'));
  await system.pass('1 day');
  await keep(who, 'ordered-after-the-first');
});
