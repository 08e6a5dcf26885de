import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { shop: { doubleOptIn: ['email'] } });
const customer = customers(system);

test('record: asked to confirm', async () => {
  const who = await customer();
  await system.track(who.id, 'Subscribed');
  await expect.poll(() => who.outcome()).toBe('completed');
  await environment.client.workflow.getHandle(workflowId('opt-in', who.customerId)).result();
  await keepHistory(environment, workflowId('opt-in', who.customerId), 'asked-to-confirm');
});
