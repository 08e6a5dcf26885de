import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { keepHistory } from '#test/support/histories.ts';
import { queueSystem } from './queues.ts';

const queues = await queueSystem();
const { system, customer, join, leave, says, orders, becomes } = queues;
const idOf = (item: string) => workflowId('reservation', item);
const ended = (item: string) =>
  expect.poll(async () => (await system.port.describe(idOf(item)))?.state).toBe('completed');

test('record: an offer that expires, the next who orders, and the sale', async () => {
  const [anna, boris, vera] = [await queues.withTelegram(), await customer(), await customer()];
  for (const who of [anna, boris, vera]) await join('bag', who);
  await says('Item Returned', 'bag');
  await becomes('bag', { state: 'held', holder: anna.customerId });
  await system.pass('17 hours');
  await becomes('bag', { state: 'held', holder: boris.customerId });
  await orders(boris.id, 'bag', 'an-order');
  await becomes('bag', { state: 'ordered' });
  await says('Item Sold', 'bag', boris.id);
  await ended('bag');
  await keepHistory(system.environment, idOf('bag'), 'expired-ordered-sold');
});

test('record: an item that goes out again, and a holder who leaves', async () => {
  const anna = await customer();
  await join('coat', anna);
  await says('Item Returned', 'coat');
  await becomes('coat', { state: 'held', holder: anna.customerId });
  await says('Item Sent To Fitting', 'coat', 'somebody');
  await becomes('coat', { state: 'out', queue: [anna.customerId] });
  await says('Item Returned', 'coat');
  await becomes('coat', { state: 'held', holder: anna.customerId });
  await leave('coat', anna);
  await ended('coat');
  await keepHistory(system.environment, idOf('coat'), 'out-again-then-left');
});
