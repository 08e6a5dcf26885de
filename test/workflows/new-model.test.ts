import { expect, test } from 'vitest';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { nights } from '#test/support/starts.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// EL: once a year, after a new model is presented, to owners of the old one.

const system = await startSystem(await timeSkipping(), { only: ['new-model'] });
const customer = customers(system);
const { days } = nights(system);
await system.put('/journeys/new-model/settings', { enabled: true, spreadOver: 'P1D', presentedWithin: 'P400D' });

/** Comes into the catalogue now. */
async function presented(id: string, replaces?: string | string[], stock = 5): Promise<void> {
  await system.refresh();
  const offers = [{ region: '*', price: { amount: 5_000_000, currency: 'RUB' }, stock }];
  const product = { id, name: `Phone ${id}`, url: `https://shop.example/p/${id}`, category: 'Phones', offers };
  const attributes = replaces === undefined ? {} : { replaces };
  const { body } = await system.call('PUT', '/products', { items: [{ ...product, attributes }] });
  expect(body.items).toEqual([expect.objectContaining({ status: 'created' })]);
}

const buys = (who: TestCustomer, product: string) => system.track(who.id, 'Order Completed', orderOf(product));
const subjects = async (who: TestCustomer) => (await who.mails()).map(({ subject }) => subject);

test('owners of the old model hear of the new one; not who has it already, nor who never had one', async () => {
  await presented('ten');
  await presented('other');
  const [anna, boris, vera] = [await customer(), await customer(), await customer()];
  await buys(anna, 'ten');
  await buys(boris, 'ten');
  await buys(vera, 'other');
  await days(2);
  expect(await anna.templates()).toEqual([]);
  await presented('eleven', 'ten');
  await buys(boris, 'eleven');
  await days(2);
  expect(await subjects(anna)).toEqual(['Phone eleven is here']);
  expect([await boris.templates(), await vera.templates()]).toEqual([[], []]);
  expect(await anna.outcome()).toBe('completed');
  await days(2);
  expect(await subjects(anna)).toHaveLength(1);
});

test('once a year and line: of two new models in a year the second waits until the year is over; the older one is not spoken of any more', async () => {
  await presented('x1');
  const gleb = await customer();
  await buys(gleb, 'x1');
  await presented('x2', 'x1');
  await days(2);
  await system.pass('100 days');
  await presented('x3', ['x2']);
  await days(3);
  expect(await subjects(gleb)).toEqual(['Phone x2 is here']);
  const dina = await customer();
  await buys(dina, 'x1');
  await days(2);
  expect(await subjects(dina)).toEqual(['Phone x3 is here']);
  await system.pass('264 days');
  await days(2);
  expect(await subjects(gleb)).toEqual(['Phone x2 is here', 'Phone x3 is here']);
});

test('who orders or unsubscribes before its time, and what cannot be bought', async () => {
  await presented('y1');
  const [egor, zoya, ilya] = [await customer(), await customer(), await customer()];
  for (const who of [egor, zoya, ilya]) await buys(who, 'y1');
  await presented('y2', 'y1', 0);
  await days(2);
  expect(await egor.templates()).toEqual([]);
  await presented('y3', ['y1', 'y2']);
  await system.put('/journeys/new-model/settings', {
    enabled: true,
    spreadOver: 'PT0S',
    series: [{ message: 'new-model', after: 'P3D' }],
  });
  await days(1);
  await buys(egor, 'y3');
  await system.track(zoya.id, 'Unsubscribed', { channel: 'email' });
  await days(4);
  expect([await egor.outcome(), await zoya.outcome(), await ilya.outcome()]).toEqual([
    'goal',
    'exited:unsubscribed',
    'completed',
  ]);
  expect([await egor.templates(), await zoya.templates(), await ilya.templates()]).toEqual([[], [], ['new-model']]);
});
