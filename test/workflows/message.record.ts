import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment);
const customer = customers(system);

test('record: a message that somebody asked for', async () => {
  const { customerId } = await customer();
  await system.refresh();
  const data = { link: 'https://shop.example/reset/1' };
  const { body } = await system.call('POST', '/messages', { customerId, template: 'password-reset', data });
  await system.relayed();
  const id = workflowId('message', customerId, body.id);
  expect(await environment.client.workflow.getHandle(id).result()).toBe('completed');
  await keepHistory(environment, id, 'sent');
});
