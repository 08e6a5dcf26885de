import { expect, test } from 'vitest';
import { checkInvariants } from '#db/invariants.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

// R8: what a message with a promo code does, by the cart's messages of DNK.

const warned: string[] = [];
const log = {
  info() {},
  warn: (fields: object, text: string) => void warned.push(`${text} ${JSON.stringify(fields)}`),
};
const system = await startSystem(await timeSkipping(), { activities: { log } });
const customer = customers(system);
await system.stock({ id: 'lamp' }, { id: 'bulb' });
let count = 0;

const step = (message: string, after = 'PT0S', more: object = {}) => ({ message, after, ...more });
const steps = [step('cart-reminder'), step('cart-promo', 'P1D'), step('cart-promo-expires', 'P3D')];

/** A pool for the cart's messages; returns how to look at it. */
async function withPool(codes: string[] | null, more: object = {}) {
  const name = `pool-${++count}`;
  const generated = codes === null ? { pattern: `P${count}-??????`, ahead: 5 } : null;
  const body = { name, sizes: [{ percent: 10 }], expiry: { after: 'P7D' }, lowStock: 0, generated, ...more };
  const { id } = (await system.call('POST', '/promo-pools', body)).body;
  const add = (given: string[]) =>
    system.call('POST', `/promo-pools/${id}/codes`, { items: given.map((code) => ({ code })) });
  if (codes) await add(codes);
  await system.settings({ promo: { pool: name }, branches: { cart: { idle: 'PT30M', steps } } });
  return {
    name,
    add,
    codes: async (state = '') => (await system.call('GET', `/promo-pools/${id}/codes?${state}`)).body.items,
    pool: async () =>
      (await system.call('GET', '/promo-pools')).body.items.find((one: { id: string }) => one.id === id),
  };
}

async function withCart(traits: object = {}) {
  const somebody = await customer(traits);
  await system.track(somebody.id, 'Product Added', { product_id: 'lamp' });
  return somebody;
}

test('R8 each customer gets a code of their own, it is taken when the message goes, and its reminder has the same', async () => {
  const { codes } = await withPool(null);
  const [anna, boris] = [await withCart(), await withCart()];
  await system.pass('1 hour');
  expect(await codes('state=issued')).toEqual([]);
  await system.pass('6 days');
  const issued = await codes('state=issued');
  expect(new Set(issued.map(({ customerId }: { customerId: string }) => customerId))).toEqual(
    new Set([anna.customerId, boris.customerId]),
  );
  for (const somebody of [anna, boris]) {
    const { code } = issued.find(({ customerId }: { customerId: string }) => customerId === somebody.customerId);
    const [reminder, promo, expires] = await somebody.mails();
    expect([reminder, promo, expires].map((mail) => mail?.text.includes(code))).toEqual([false, true, true]);
  }
  expect(await checkInvariants(system.db, { now: system.clock.now() })).toEqual([]);
});

test('R8 an empty pool sends nothing and says so; once it is filled, messages go again', async () => {
  const { name, add, pool } = await withPool([`ONLY-${count}`]);
  const [vera, gleb] = [await withCart(), await withCart()];
  await system.pass('6 days');
  const decisions = [await vera.decisions(), await gleb.decisions()].flat();
  expect(decisions.filter((line) => line === 'cart-2 skip promo_empty')).toHaveLength(1);
  expect(decisions.filter((line) => line === 'cart-3 skip no_promo_given')).toHaveLength(1);
  expect(await pool()).toMatchObject({ turnedAway: 1, emptySince: expect.any(String) });
  expect(warned.filter((line) => line.includes(name))).toEqual([expect.stringContaining('empty')]);
  await add([`MORE-${count}`]);
  expect(await pool()).toMatchObject({ turnedAway: 1, emptySince: null });
  const dina = await withCart();
  await system.pass('6 days');
  expect(await dina.templates()).toEqual(['cart-reminder', 'cart-promo', 'cart-promo-expires']);
});

test('R4 nobody is reminded of a code that somebody has used', async () => {
  const { codes } = await withPool([`USED-${count}`]);
  const egor = await withCart();
  await system.pass('2 days');
  const friend = await customer();
  const order = { ...orderOf('bulb'), coupon: `used-${count - 1}` };
  await system.track(friend.id, 'Order Completed', order);
  await system.pass('4 days');
  expect(await egor.decisions()).toContain('cart-3 skip promo_redeemed');
  expect(await codes()).toMatchObject([
    { state: 'redeemed', customerId: egor.customerId, redeemedBy: friend.customerId, redeemedOrder: order.order_id },
  ]);
});

test('R8 the size is the customer’s: a company’s is another, and an amount is written as money', async () => {
  const sizes = [
    { name: 'company', when: [{ field: 'kind', is: ['b2b'] }], percent: 5 },
    { name: 'person', when: [{ field: 'orders', to: 0 }], amount: { amount: 50_000, currency: 'RUB' } },
  ];
  await withPool(null, { sizes });
  const [firm, zoya, ivan] = [await withCart({ kind: 'b2b' }), await withCart(), await customer()];
  await system.track(ivan.id, 'Order Completed', orderOf('bulb'));
  await system.pass('1 minute');
  await system.track(ivan.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('6 days');
  expect((await firm.mails())[1]?.subject).toContain('5%');
  expect((await zoya.mails())[1]?.subject).toContain('RUB 500'.replace('RUB ', '₽'));
  expect(await ivan.decisions()).toContain('cart-2 skip no_promo_size');
});

test('R8 a message that is put off takes no code meanwhile; one that is not reachable takes none at all', async () => {
  const { codes } = await withPool(null);
  await system.put('/settings/policy', {
    rules: [{ name: 'one', channels: [], classes: [], max: 1, window: 'P4D', clock: 'rolling', unit: 'message' }],
  });
  const kira = await withCart();
  await system.pass('3 days');
  expect(await kira.decisions()).toContain('cart-2 drop expired:policy:one');
  expect(await codes('state=issued')).toEqual([]);
  await system.put('/settings/policy', { rules: [] });
});

test('R8 without such a pool nothing is sent, and the log says what to do', async () => {
  await system.settings({ promo: { pool: 'nowhere' }, branches: { cart: { idle: 'PT30M', steps } } });
  const lev = await withCart();
  await system.pass('6 days');
  expect(await lev.templates()).toEqual(['cart-reminder']);
  expect(await lev.decisions()).toContain('cart-2 skip no_promo_pool');
  expect(warned.some((line) => line.includes('nowhere'))).toBe(true);
});

test('R8 codes move with the ledger where customers are joined, and the run that goes on reminds of them', async () => {
  const { codes } = await withPool(null);
  const visitor = `visitor-of-promo-${count}`;
  const [user, email] = [`user-of-promo-${count}`, `user-of-promo-${count}@example.com`];
  await system.send('identify', { anonymousId: visitor, traits: { email } });
  await system.send('track', { anonymousId: visitor, event: 'Product Added', properties: { product_id: 'lamp' } });
  await system.identify(user, {});
  await system.pass('2 days');
  const [before] = await codes('state=issued');
  await system.send('identify', { anonymousId: visitor, userId: user });
  await system.pass('5 days');
  const [after] = await codes('state=issued');
  expect(after.code).toBe(before.code);
  const known = await system.call('GET', `/customers?userId=${user}`);
  expect(after.customerId).toBe(known.body.items[0].id);
  const mails = await system.inbox(email);
  expect(mails.map((mail) => mail.text.includes(after.code))).toEqual([false, true, true]);
  expect(await checkInvariants(system.db, { now: system.clock.now() })).toEqual([]);
});
