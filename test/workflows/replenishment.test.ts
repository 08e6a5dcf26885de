import { expect, test } from 'vitest';
import { replenish } from '#activities/replenishment/job.ts';
import { dueGoods } from '#db/replenishment/due.ts';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { billableActions } from '#test/support/read-history.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J14: orders in by HTTP, what runs out comes out as one message.

const system = await startSystem(await timeSkipping(), { only: ['replenishment'] });
const customer = customers(system);
const { releaseDue } = nights(system);
await system.stock(
  { id: 'shampoo', category: 'Care' },
  { id: 'balm', category: 'Care', price: 50_000, oldPrice: 70_000 },
  { id: 'soap', category: 'Care', stock: 0 },
  { id: 'lamp' },
);
const own = { consumables: { categories: ['Care'], learnt: null }, spreadOver: 'PT1H' };
const set = (value: object = {}) => system.put('/journeys/replenishment/settings', { ...own, ...value });
await set();

/** A night: the job, and the starts that it wrote, as they become due. */
async function night(): Promise<void> {
  await system.refresh();
  await replenish(system.db, system.clock.now());
  await system.pass('65 minutes');
  await releaseDue();
  await system.pass('1 minute');
}
const buys = (who: TestCustomer, ...products: string[]) =>
  system.track(who.id, 'Order Completed', orderOf(...products));
const runs = (who: TestCustomer) =>
  system.db
    .selectFrom('runs')
    .select(['outcome'])
    .where('customer_id', '=', who.customerId)
    .orderBy('entered_at')
    .execute();

test('J14 what runs out within the horizon is one message, goods on sale first; that it is bought is the goal', async () => {
  const anna = await customer();
  await buys(anna, 'shampoo', 'lamp', 'soap');
  await system.pass('8 days');
  await buys(anna, 'balm');
  await system.pass('33 days');
  await night();
  expect(await anna.templates()).toEqual([]);
  await system.pass('2 days');
  await set({
    series: ['running-out', 'run-out'].map((message) => ({
      message,
      after: message === 'run-out' ? 'P7D' : 'PT0S',
      validFor: 'P7D',
    })),
  });
  await night();
  const [mail, ...others] = await anna.mails();
  expect(others).toEqual([]);
  expect(mail?.subject).toBe('Product balm: running out, and on sale now');
  expect(mail?.text.indexOf('Product balm')).toBeLessThan(mail?.text.indexOf('Product shampoo') ?? -1);
  // Neither what is no consumable nor what nobody can buy.
  expect(mail?.text).not.toMatch(/lamp|soap/);
  await buys(anna, 'lamp');
  await system.pass('1 day');
  await buys(anna, 'balm');
  await system.pass('1 day');
  expect(await runs(anna)).toEqual([{ outcome: null }]);
  await system.pass('6 days');
  expect((await anna.mails()).map(({ subject }) => subject)).toEqual([mail?.subject, 'Still to buy: Product shampoo']);
  expect(await anna.outcome()).toBe('completed');
});

test('J14 all bought meanwhile is the goal, before the message and after it', async () => {
  await set({
    series: [
      { message: 'running-out', after: 'PT0S', validFor: 'P7D' },
      { message: 'run-out', after: 'P7D' },
    ],
  });
  const boris = await customer();
  const vera = await customer();
  await buys(boris, 'shampoo');
  await buys(vera, 'shampoo', 'balm');
  await system.pass('43 days');
  await night();
  await buys(boris, 'shampoo');
  await buys(vera, 'shampoo');
  await system.pass('1 hour');
  expect([await boris.outcome(), await vera.outcome()]).toEqual(['goal', null]);
  await buys(vera, 'balm');
  await system.pass('1 hour');
  expect(await vera.outcome()).toBe('goal');
  expect(await vera.templates()).toEqual(['running-out']);
});

test('J14 nothing is offered twice, and a purchase begins a new time', async () => {
  await set();
  const gleb = await customer();
  await buys(gleb, 'shampoo');
  await system.pass('43 days');
  await night();
  await system.pass('2 days');
  for (const _ of [1, 2, 3]) await night();
  await buys(gleb, 'shampoo');
  await night();
  await system.pass('20 days');
  expect(await dueGoods(system.db, gleb.customerId, system.clock.now())).toEqual([]);
  await night();
  expect(await gleb.templates()).toEqual(['running-out']);
  // Their own interval and the setting say much the same.
  await system.pass('23 days');
  await night();
  expect(await gleb.templates()).toEqual(['running-out', 'running-out']);
});

test('J14 whoever has bought before the message came is told nothing; who cannot be written to is counted, and told when they can be', async () => {
  const dina = await customer();
  const egor = await customer();
  await buys(dina, 'shampoo');
  await buys(egor, 'shampoo');
  const bounced = { channel: 'email', address: egor.email, reason: 'bounced', at: new Date() };
  await system.db.insertInto('suppressions').values(bounced).execute();
  await system.pass('43 days');
  await system.refresh();
  await replenish(system.db, system.clock.now());
  await buys(dina, 'shampoo');
  await system.pass('2 hours');
  await releaseDue();
  await system.pass('1 minute');
  expect([await dina.templates(), await egor.templates()]).toEqual([[], []]);
  // Chosen once, not every night.
  await night();
  await night();
  const missed = await system.db
    .selectFrom('not_entered')
    .select(['reason', 'times'])
    .where('customer_id', '=', egor.customerId)
    .where('journey', '=', 'replenishment')
    .execute();
  expect(missed).toEqual([{ reason: 'unreachable', times: 1 }]);
  await system.db.deleteFrom('suppressions').where('address', '=', egor.email).execute();
  await system.pass('14 days');
  await night();
  expect(await egor.templates()).toEqual(['running-out']);
});

test('J14 what the customer’s region has not in stock is not spoken of, and is when it has; an erased customer has nothing due', async () => {
  await set();
  const offer = (region: string, stock: number) => ({ region, price: { amount: 100, currency: 'RUB' }, stock });
  const cream = { id: 'cream', name: 'Cream', url: 'https://shop.example/cream', category: 'Care' };
  const stocked = (stock: number) =>
    system.call('PUT', '/products', { items: [{ ...cream, offers: [offer('*', 5), offer('spb', stock)] }] });
  await stocked(0);
  const [mila, oleg] = [await customer({ region: 'spb' }), await customer({ region: 'msk' })];
  await buys(mila, 'cream');
  await buys(oleg, 'cream');
  await system.pass('43 days');
  await night();
  expect([await mila.templates(), await oleg.templates()]).toEqual([[], ['running-out']]);
  await stocked(3);
  await night();
  expect(await mila.templates()).toEqual(['running-out']);
  expect((await system.call('DELETE', `/customers/${oleg.customerId}`)).status).toBeLessThan(300);
  expect(await dueGoods(system.db, oleg.customerId, system.clock.now())).toEqual([]);
});

test('J14 lifecycle about topping up yields where goods are due; what it has spoken of is not offered again', async () => {
  const lifecycle = (at: string) => ({ enabled: true, consumables: 'all', steps: [{ message: 'top-up', at }] });
  await set();
  await system.put('/journeys/lifecycle/settings', lifecycle('P60D'));
  const kira = await customer();
  await buys(kira, 'shampoo');
  await system.pass('43 days');
  await night();
  await system.pass('18 days');
  expect(await kira.templates()).toEqual(['running-out']);
  expect(await kira.decisions()).toEqual(['stock-up-1 send ok', 'top-up skip replenishment_due']);
  await system.put('/journeys/lifecycle/settings', lifecycle('P20D'));
  const lev = await customer();
  await buys(lev, 'shampoo');
  await system.pass('43 days');
  await night();
  expect(await lev.templates()).toEqual(['top-up']);
  await system.put('/journeys/lifecycle/settings', { enabled: false });
});

test('J14 a message takes six billable actions, with the purchase that ends the run', async () => {
  await set({
    series: [
      { message: 'running-out', after: 'PT0S' },
      { message: 'run-out', after: 'P7D' },
    ],
  });
  const zoya = await customer();
  await buys(zoya, 'shampoo');
  await system.pass('43 days');
  await night();
  await buys(zoya, 'shampoo');
  await system.pass('1 hour');
  expect(await zoya.outcome()).toBe('goal');
  const id = workflowId('replenishment', zoya.customerId);
  const history = await system.environment.client.workflow.getHandle(id).fetchHistory();
  // Start, enter, deliver, the timer before the reminder, the signal of the purchase, finish.
  expect(billableActions(history)).toBe(6);
});
