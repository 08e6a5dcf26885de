import { expect, test } from 'vitest';
import { customers, orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** One login, two profiles (J8): each with an address, a cart and orders of its own, and a series of its own about its cart. */

const system = await startSystem(await timeSkipping(), { only: ['abandonment'] });
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'shade' }, { id: 'desk' });

const corporate = { context: { profile: 'corporate' } };
const people = {
  idle: 'PT30M',
  steps: [
    { message: 'cart-reminder', after: 'PT0S' },
    { message: 'cart-last-call', after: 'PT3H' },
  ],
};
const office = { idle: 'PT2H', steps: [{ message: 'company-cart', after: 'PT0S' }] };

/** Somebody with a company, whose carts both hold something. */
async function withTwoCarts() {
  const someone = await customer();
  const at = `office-${someone.email}`;
  await system.send('identify', { userId: someone.id, traits: { email: at }, ...corporate });
  await system.track(someone.id, 'Product Added', { product_id: 'lamp' });
  await system.track(someone.id, 'Product Added', { product_id: 'desk' }, corporate);
  return { ...someone, at };
}

const subjects = (mails: { subject: string }[]) => mails.map((mail) => mail.subject);

test('the cart of a company has its own times and texts, and its letters go to its own address', async () => {
  await system.settings({ branches: { cart: people }, companies: { branches: { cart: office } } });
  const { id, mails, at } = await withTwoCarts();
  await system.pass('1h');
  expect([(await mails()).length, (await system.inbox(at)).length]).toEqual([1, 0]);
  await system.pass('2h');
  const [letter] = await system.inbox(at);
  expect(subjects(await system.inbox(at))).toEqual(["Your company's cart is saved"]);
  expect(letter?.html).toContain('Product desk');
  expect(letter?.html).not.toContain('Product lamp');
  // An order of the company leaves the personal cart as it was.
  await system.track(id, 'Order Completed', orderOf('desk'), corporate);
  await system.pass('1d');
  expect(subjects(await mails())).toEqual([
    expect.stringContaining('cart is saved'),
    'Our last letter about your cart',
  ]);
  expect(await system.inbox(at)).toHaveLength(1);
});

test('companies are switched off apart from people, and people apart from companies', async () => {
  await system.settings({ branches: { cart: people }, companies: { enabled: false } });
  const first = await withTwoCarts();
  await system.pass('4h');
  expect([(await first.mails()).length, (await system.inbox(first.at)).length]).toEqual([2, 0]);
  await system.settings({ enabled: false, branches: { cart: people }, companies: { enabled: true } });
  const second = await withTwoCarts();
  await system.pass('4h');
  expect([(await second.mails()).length, (await system.inbox(second.at)).length]).toEqual([0, 2]);
});

test('a company is spoken to as a person only after a personal order, and now and then; of its personal cart always', async () => {
  const view = { idle: 'PT30M', steps: [{ message: 'view', after: 'PT0S' }] };
  await system.settings({ branches: { cart: { idle: 'PT30M', steps: people.steps.slice(0, 1) }, view } });
  const { id, mails } = await customer({ kind: 'b2b' });
  const looked = async (product_id: string) => {
    await system.track(id, 'Product Viewed', { product_id });
    await system.pass('2h');
    return (await mails()).length;
  };
  expect(await looked('lamp')).toBe(0);
  await system.track(id, 'Product Added', { product_id: 'lamp' });
  await system.pass('2h');
  expect(subjects(await mails())).toEqual([expect.stringContaining('cart is saved')]);
  await system.track(id, 'Order Completed', orderOf('lamp'));
  await system.pass('1d');
  expect(await looked('desk')).toBe(2);
  await system.pass('8d');
  expect(await looked('shade')).toBe(2);
  await system.pass('23d');
  expect(await looked('shade')).toBe(3);
});
