import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment);
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' });

const keep = (customerId: string, name: string) => keepHistory(environment, workflowId('welcome', customerId), name);

test('record: six messages', async () => {
  const { id, customerId } = await customer();
  await system.track(id, 'Signed Up');
  await system.pass('7 days');
  await keep(customerId, 'six-messages');
});

test('record: an order after the first message; what teaches goes on', async () => {
  const { id, customerId } = await customer();
  await system.track(id, 'Signed Up');
  await system.pass('1 hour');
  await system.track(id, 'Order Completed', orderOf('lamp'));
  await system.pass('7 days');
  await keep(customerId, 'order-after-first-message');
});

test('record: a person who turns out to be a company', async () => {
  const { id, customerId } = await customer();
  await system.track(id, 'Signed Up');
  await system.pass('30 hours');
  await system.identify(id, { kind: 'b2b' });
  await system.pass('9 days');
  await keep(customerId, 'turns-out-a-company');
});
