import { test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { spreadItems } from '#test/support/item-events.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['item-event'] });
const customer = customers(system);
const { spread } = spreadItems(system);

/** A customer whose lamp is back in stock. */
async function waited(product_id: string) {
  const who = await customer();
  await system.stock({ id: product_id, stock: 0 });
  await system.track(who.id, 'Back In Stock Requested', { product_id });
  await system.stock({ id: product_id });
  await spread();
  return {
    ...who,
    keep: (name: string) => keepHistory(environment, workflowId('item-event', who.customerId), name),
  };
}

test('record: told after it was collected', async () => {
  const who = await waited('lamp');
  await system.pass('1 hour');
  await who.keep('told');
});

test('record: something else is bought, then the item', async () => {
  const who = await waited('vase');
  await system.track(who.id, 'Order Completed', orderOf('rug'));
  await system.pass('1 minute');
  await system.track(who.id, 'Order Completed', orderOf('vase'));
  await system.pass('1 hour');
  await who.keep('bought');
});
