import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['new-model'] });
const customer = customers(system);
const { days } = nights(system);
await system.stock({ id: 'ten' });
await system.put('/journeys/new-model/settings', { enabled: true, spreadOver: 'P1D' });

test('record: a new model', async () => {
  const { id, customerId } = await customer();
  await system.track(id, 'Order Completed', orderOf('ten'));
  await system.stock({ id: 'eleven', attributes: { replaces: 'ten' } });
  await days(2);
  await keepHistory(environment, workflowId('new-model', customerId, 'eleven'), 'presented');
});
