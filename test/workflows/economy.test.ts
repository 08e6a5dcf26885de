import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { countingStatements } from '#test/support/counting.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { freshDatabase } from '#test/support/database.ts';
import { billableActions, historyText } from '#test/support/read-history.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const database = await freshDatabase();
const { activities, perMessage } = countingStatements(database.url);
const system = await startSystem(await timeSkipping(), {
  database,
  activities,
});
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'bulb' });

const historyOf = async (customerId: string) => {
  const id = workflowId('abandonment', customerId, 'personal');
  return system.environment.client.workflow.getHandle(id).fetchHistory();
};

test('a cart journey of four messages takes at most 12 billable actions and 6 SQL statements a message', async () => {
  const anna = await customer();
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('6 days');
  expect(await anna.templates()).toHaveLength(4);
  expect(billableActions(await historyOf(anna.customerId))).toBeLessThanOrEqual(12);
  expect(perMessage).toHaveLength(4);
  expect(Math.max(...perMessage)).toBeLessThanOrEqual(6);
});

test('a deferral takes two more actions', async () => {
  await system.put('/settings/policy', {
    rules: [
      { name: 'one-a-day', channels: [], classes: [], max: 1, window: 'PT12H', clock: 'rolling', unit: 'message' },
    ],
  });
  const boris = await customer();
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('8 days');
  expect(await boris.templates()).toHaveLength(4);
  const deferrals = (await boris.decisions()).filter((line) => line.includes(' defer '));
  expect(deferrals).toHaveLength(1);
  expect(billableActions(await historyOf(boris.customerId))).toBeLessThanOrEqual(12 + 2);
});

test('once the run has entered, a whole shopping session is no further signal', async () => {
  const vera = await customer();
  await system.page(vera.id);
  await system.pass('1 second');
  for (const product_id of ['lamp', 'bulb', 'lamp']) {
    await system.track(vera.id, 'Product Viewed', { product_id });
    await system.track(vera.id, 'Product Added', { product_id });
  }
  await system.pass('1 hour');
  const events = (await historyOf(vera.customerId)).events ?? [];
  expect(events.filter((event) => event.workflowExecutionSignaledEventAttributes)).toHaveLength(1);
});

test('nothing personal is in any history', async () => {
  const traits = { firstName: 'Gleb', lastName: 'Uspensky', phone: '+79161234567', company: 'Secret Works' };
  const gleb = await customer({ ...traits, name: 'Gleb Uspensky' });
  await system.track(gleb.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 hour');
  await system.track(gleb.id, 'Order Completed', { ...orderOf('lamp'), email: gleb.email });
  await system.pass('1 day');
  const history = historyText(await historyOf(gleb.customerId));
  expect(history).toContain(gleb.customerId);
  for (const personal of [gleb.email, 'example.com', gleb.id, 'Gleb', 'Uspensky', '79161234567', 'Secret Works']) {
    expect(history).not.toContain(personal);
  }
});
