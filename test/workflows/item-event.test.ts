import { expect, test } from 'vitest';
import { customers, orderOf, type TestCustomer } from '#test/support/customers.ts';
import { spreadItems } from '#test/support/item-events.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// J15: wishes in by HTTP, offers in by HTTP; who wished hears of what became true, once.

const system = await startSystem(await timeSkipping(), { only: ['item-event'] });
const customer = customers(system);
const { spread, collected } = spreadItems(system);

let count = 0;
/** A product of its own for each test, out of stock unless said otherwise. */
async function product(offer: object = { stock: 0 }): Promise<string> {
  const id = `item-${++count}`;
  await put(id, offer);
  return id;
}
async function put(id: string, offer: object): Promise<void> {
  await system.refresh();
  await system.stock({ id, ...offer });
}
const waits = (who: TestCustomer, product_id: string) =>
  system.track(who.id, 'Back In Stock Requested', { product_id });
const likes = (who: TestCustomer, product_id: string) =>
  system.track(who.id, 'Product Added to Wishlist', { product_id });
const buys = (who: TestCustomer, ...ids: string[]) => system.track(who.id, 'Order Completed', orderOf(...ids));
const subjects = async (who: TestCustomer) => (await who.mails()).map(({ subject }) => subject);

test('J15 back in stock: who waits is told after half an hour, and only they, once', async () => {
  const [anna, boris] = [await customer(), await customer()];
  const [vase, other] = [await product(), await product()];
  await waits(anna, vase);
  await waits(boris, other);
  await likes(boris, vase);
  await put(vase, { stock: 3 });
  await spread();
  await system.pass('29 minutes');
  expect(await anna.templates()).toEqual([]);
  await system.pass('2 minutes');
  expect(await subjects(anna)).toEqual([`Product ${vase} is back in stock`]);
  expect(await anna.outcome()).toBe('completed');
  expect(await boris.templates()).toEqual([]);
  await put(vase, { stock: 0 });
  await put(vase, { stock: 3 });
  await collected();
  expect(await anna.templates()).toEqual(['back-in-stock']);
});

test('J15 who asks again is told again; who takes the request back, or has bought it elsewhere in time, is not', async () => {
  const vase = await product();
  const [anna, vera, gleb] = [await customer(), await customer(), await customer()];
  for (const who of [anna, vera, gleb]) await waits(who, vase);
  await system.track(vera.id, 'Back In Stock Withdrawn', { product_id: vase });
  await buys(gleb, vase);
  await put(vase, { stock: 1 });
  await collected();
  expect([await anna.templates(), await vera.templates(), await gleb.templates()]).toEqual([['back-in-stock'], [], []]);
  await put(vase, { stock: 0 });
  await waits(anna, vase);
  await put(vase, { stock: 1 });
  await collected();
  expect(await anna.templates()).toEqual(['back-in-stock', 'back-in-stock']);
});
