import { expect, test } from 'vitest';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock({ id: 'bag' }, { id: 'coat' }, { id: 'new-dress' });

const item = async (id: string) => (await system.call('GET', `/items/${id}`)).body;
const join = async (id: string, who: { customerId: string }) => {
  await system.refresh();
  const { status, body, text } = await system.call('POST', `/items/${id}/queue`, { customerId: who.customerId });
  expect(status, text).toBe(200);
  return body;
};

test('the first in line is offered what came back, has 16 hours, and then it goes to the next', async () => {
  const [anna, boris] = [await customer(), await customer()];
  expect(await join('bag', anna)).toMatchObject({ position: 1, state: 'out' });
  expect(await join('bag', boris)).toMatchObject({ position: 2 });
  expect(await join('bag', anna)).toMatchObject({ position: 1 });
  await system.track('shop', 'Item Returned', { product_id: 'bag' });
  await expect.poll(() => item('bag'), { timeout: 10_000 }).toMatchObject({ state: 'held', holder: anna.customerId });
  const { until, queue } = await item('bag');
  expect(queue).toEqual([boris.customerId]);
  expect(new Date(until).getTime() - (await anna.acceptedAt())[0]!.getTime()).toBe(16 * 3_600_000);
  await system.pass('15 hours');
  expect((await item('bag')).holder).toBe(anna.customerId);
  await system.pass('2 hours');
  await expect.poll(() => item('bag'), { timeout: 10_000 }).toMatchObject({ state: 'held', holder: boris.customerId });
  await expect.poll(() => anna.templates()).toEqual(['offer', 'hold-cancelled']);
  expect((await anna.mails()).map(({ subject }) => subject)).toEqual([
    '“Product bag” is back: 16 hours to order it',
    'Your reservation has ended',
  ]);
  expect(await boris.templates()).toEqual(['offer']);
});
