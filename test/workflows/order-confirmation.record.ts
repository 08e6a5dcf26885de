import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment);
const customer = customers(system);
await system.put('/journeys/order-confirmation/settings', { enabled: true });

test('record: an order is confirmed', async () => {
  const { id, customerId } = await customer();
  const order = orderOf('lamp');
  await system.track(id, 'Order Completed', order);
  const workflow = workflowId('order-confirmation', customerId, order.order_id);
  expect(await environment.client.workflow.getHandle(workflow).result()).toBe('completed');
  await keepHistory(environment, workflow, 'confirmed');
});
