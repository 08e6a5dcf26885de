import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

let afterSending = async () => {};
const system = await startSystem(await timeSkipping(), {
  activities: { reached: (point) => (point === 'recorded' ? afterSending() : undefined) },
});
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'rug', category: 'Rugs' });

/** The current details of a run in Temporal UI, without times. */
async function storyOf({ customerId }: TestCustomer): Promise<string[]> {
  const run = system.environment.client.workflow.getHandle(workflowId('abandonment', customerId, 'personal'));
  const { currentDetails } = await run.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  return currentDetails
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d UTC/g, '…')
    .replaceAll(/`[\da-f-]{36}`/g, '`id`')
    .split('\n')
    .filter((line) => line !== '');
}

test('a story tells of a deferral and what holds it, and of an order that did not count', async () => {
  const rules = [
    { name: 'one', channels: [], classes: [], max: 1, window: 'PT12H', clock: 'rolling', unit: 'message' },
  ];
  await system.put('/settings/policy', { rules });
  const anna = await customer();
  await system.track(anna.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('4 hours');
  const [now, before] = [0, 86_400_000].map((ago) => new Date(Date.now() - ago).toISOString());
  await system.track(anna.id, 'Order Completed', orderOf('rug'), { timestamp: before, sentAt: now });
  await system.pass('1 minute');
  expect(await storyOf(anna)).toEqual([
    '### Waits for cart-2: Cart, second message',
    'due **…**',
    '- … · Entered as run `id`, default settings',
    '- … · `cart-1` **cart-reminder** accepted by email',
    '- … · `cart-2` **deferred**: policy:one, until …',
    '- … · Order Completed (goal)',
    '- … · That does not end it: goes on waiting',
  ]);
  await system.put('/settings/policy', { rules: [] });
});

test('a story says why a customer did not enter', async () => {
  await system.settings({ enabled: false });
  const boris = await customer();
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('1 second');
  await system.settings({ enabled: true });
  expect(await storyOf(boris)).toEqual(['### Did not enter: disabled']);
});

test('a run that follows another names it, as Temporal drops the summary of what continues as new', async () => {
  const vera = await customer();
  afterSending = async () => {
    afterSending = async () => {};
    await system.track(vera.id, 'Order Completed', orderOf('rug'));
    await system.track(vera.id, 'Product Added', { product_id: 'lamp' });
  };
  await system.track(vera.id, 'Product List Viewed', { category: 'Rugs' });
  await system.pass('31 minutes');
  expect(await vera.templates()).toEqual(['category']);
  expect(await storyOf(vera)).toEqual([
    '### Waits until the customer has left',
    'due **…**',
    '- … · Follows workflow run `id`: customer `id` went on',
    '- … · Entered as run `id`, settings version 2',
  ]);
});
