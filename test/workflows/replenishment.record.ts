import { test } from 'vitest';
import { replenish } from '#activities/replenishment/job.ts';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { keepHistory } from '#test/support/histories.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['replenishment'] });
const customer = customers(system);
const { releaseDue } = nights(system);
await system.stock({ id: 'shampoo', category: 'Care' }, { id: 'lamp' });
await system.put('/journeys/replenishment/settings', {
  consumables: { categories: ['Care'], learnt: null },
  spreadOver: 'PT0S',
  series: [
    { message: 'running-out', after: 'PT0S' },
    { message: 'run-out', after: 'P7D' },
  ],
});

/** A customer whose shampoo runs out, and who was told. */
async function told() {
  const who = await customer();
  await system.track(who.id, 'Order Completed', orderOf('shampoo'));
  await system.pass('43 days');
  await system.refresh();
  await replenish(system.db, system.clock.now());
  await system.pass('1 minute');
  await releaseDue();
  await system.pass('1 hour');
  return {
    ...who,
    keep: (name: string) => keepHistory(environment, workflowId('replenishment', who.customerId), name),
  };
}

test('record: a message and a reminder', async () => {
  const who = await told();
  await system.pass('8 days');
  await who.keep('message-and-reminder');
});

test('record: something else is bought, then what ran out', async () => {
  const who = await told();
  await system.track(who.id, 'Order Completed', orderOf('lamp'));
  await system.pass('1 day');
  await system.track(who.id, 'Order Completed', orderOf('shampoo'));
  await system.pass('1 hour');
  await who.keep('bought-after-something-else');
});
