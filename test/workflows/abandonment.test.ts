import { expect, test } from 'vitest';
import { customers, orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping());
const customer = customers(system);
await system.stock(
  { id: 'lamp', price: 100_000 },
  { id: 'shade', price: 50_000 },
  { id: 'bulb', price: 9_900, oldPrice: 14_900 },
  { id: 'rug', category: 'Rugs' },
  { id: 'carpet', category: 'Rugs', price: 80_000, oldPrice: 120_000 },
  { id: 'sold-out', stock: 0 },
);

test('J4 an abandoned cart gets four messages: after half an hour, +3 h, +1 day, +3 days', async () => {
  const anna = await customer();
  const start = system.clock.now().getTime();
  await system.track(anna.id, 'Product Added', { product_id: 'lamp', quantity: 2 });
  await system.pass('6 days');
  expect(await anna.templates()).toEqual(['cart-reminder', 'cart-still-here', 'cart-questions', 'cart-last-call']);
  expect(await anna.mails()).toHaveLength(4);
  expect(await anna.outcome()).toBe('completed');
  const { items } = (await system.call('GET', '/messages?journey=abandonment')).body;
  const hours = items.map((m: { acceptedAt: string }) => (Date.parse(m.acceptedAt) - start) / 3_600_000).toReversed();
  for (const [index, expected] of [0.5, 3.5, 27.5, 99.5].entries()) expect(hours[index]).toBeCloseTo(expected, 1);
});

test('J4 a purchase ends the cart branch at once', async () => {
  const boris = await customer();
  await system.track(boris.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('5 hours');
  expect(await boris.templates()).toHaveLength(2);
  await system.track(boris.id, 'Order Completed', orderOf('lamp'));
  await system.pass('6 days');
  expect(await boris.templates()).toHaveLength(2);
  expect(await boris.outcome()).toBe('goal');
});

test('J4 only goods in stock are spoken of, and none when all are gone', async () => {
  const vera = await customer();
  await system.stock({ id: 'last-one' }, { id: 'another' });
  await system.track(vera.id, 'Product Added', { product_id: 'last-one' });
  await system.track(vera.id, 'Product Added', { product_id: 'another' });
  await system.pass('1 hour');
  await system.stock({ id: 'last-one', stock: 0 });
  await system.pass('3 hours');
  await system.stock({ id: 'another', stock: 0 });
  await system.pass('6 days');
  const [first, second, ...others] = await vera.mails();
  expect([first?.html.includes('Product last-one'), first?.html.includes('Product another')]).toEqual([true, true]);
  expect([second?.html.includes('Product last-one'), second?.html.includes('Product another')]).toEqual([false, true]);
  expect(others).toEqual([]);
  expect(await vera.outcome()).toBe('nothing_left');
});

test('J3 the strongest intent is taken: cart before favourites, favourites before views', async () => {
  const gleb = await customer();
  await system.track(gleb.id, 'Product Viewed', { product_id: 'rug' });
  await system.track(gleb.id, 'Product Added to Wishlist', { product_id: 'shade' });
  await system.pass('31 minutes');
  expect(await gleb.templates()).toEqual(['favourites']);
  const dina = await customer();
  await system.track(dina.id, 'Product Added to Wishlist', { product_id: 'shade' });
  await system.track(dina.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('31 minutes');
  expect(await dina.templates()).toEqual(['cart-reminder']);
});

test('J3 when an intent is no longer true, the run falls to the next', async () => {
  const egor = await customer();
  await system.stock({ id: 'gone-soon' });
  await system.track(egor.id, 'Product Added', { product_id: 'gone-soon' });
  await system.track(egor.id, 'Product Added to Wishlist', { product_id: 'shade' });
  await system.pass('1 hour');
  await system.stock({ id: 'gone-soon', stock: 0 });
  await system.pass('6 days');
  expect(await egor.templates()).toEqual(['cart-reminder', 'favourites']);
});

test('J3 newer activity is waited out, and does not restart the run', async () => {
  const zoya = await customer();
  await system.track(zoya.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('20 minutes');
  await system.track(zoya.id, 'Product Viewed', { product_id: 'rug' });
  await system.pass('15 minutes');
  expect(await zoya.templates()).toEqual([]);
  await system.pass('20 minutes');
  expect(await zoya.templates()).toEqual(['cart-reminder']);
  await system.track(zoya.id, 'Product Viewed', { product_id: 'shade' });
  await system.pass('6 days');
  expect(await zoya.templates()).toHaveLength(4);
});

test('J5 a viewed product is shown with alternatives, a category with its discounted goods', async () => {
  const ivan = await customer();
  await system.track(ivan.id, 'Product Viewed', { product_id: 'lamp' });
  const kira = await customer();
  await system.track(kira.id, 'Product List Viewed', { category: 'Rugs' });
  await system.pass('31 minutes');
  expect(await ivan.templates()).toEqual(['view']);
  const [view] = await ivan.mails();
  expect(view?.html).toContain('Product lamp');
  expect(view?.html).toContain('Product bulb');
  expect(await kira.templates()).toEqual(['category']);
  const [category] = await kira.mails();
  expect(category?.html.indexOf('Product carpet')).toBeLessThan(category?.html.indexOf('Product rug') ?? 0);
});

test('J7 who opened nothing gets the latest updates; who opened an item does not', async () => {
  const lev = await customer();
  await system.page(lev.id);
  const mila = await customer();
  await system.page(mila.id);
  await system.track(mila.id, 'Product Viewed', { product_id: 'lamp' });
  await system.pass('31 minutes');
  expect(await lev.templates()).toEqual(['latest-updates']);
  expect(await mila.templates()).toEqual(['view']);
});

test('J8 personal and corporate carts are two runs, each written to its own address', async () => {
  const nina = await customer();
  const corporate = { context: { profile: 'corporate' } };
  await system.send('identify', { userId: nina.id, traits: { email: 'office@company.example' }, ...corporate });
  await system.track(nina.id, 'Product Added', { product_id: 'lamp' });
  await system.track(nina.id, 'Product Added', { product_id: 'shade' }, corporate);
  await system.pass('31 minutes');
  expect((await nina.mails()).map((mail) => mail.html.includes('Product shade'))).toEqual([false]);
  const office = await system.inbox('office@company.example');
  expect(office.map((mail) => [mail.html.includes('Product lamp'), mail.html.includes('Product shade')])).toEqual([
    [false, true],
  ]);
  await system.track(nina.id, 'Order Completed', orderOf('shade'), corporate);
  await system.pass('6 days');
  expect(await nina.mails()).toHaveLength(4);
  expect(await system.inbox('office@company.example')).toHaveLength(1);
});

test('a branch goes again only if its goods changed and seven days passed', async () => {
  const oleg = await customer();
  await system.track(oleg.id, 'Product Added to Wishlist', { product_id: 'shade' });
  await system.pass('1 day');
  await system.track(oleg.id, 'Product Added to Wishlist', { product_id: 'rug' });
  await system.pass('8 days');
  expect(await oleg.templates()).toEqual(['favourites']);
  await system.track(oleg.id, 'Product Added to Wishlist', { product_id: 'carpet' });
  await system.pass('1 day');
  expect(await oleg.templates()).toEqual(['favourites', 'favourites']);
});

test('P1 a visitor who becomes known is written to about what they did before', async () => {
  await system.send('track', { anonymousId: 'visitor', event: 'Product Added', properties: { product_id: 'lamp' } });
  await system.send('identify', { anonymousId: 'visitor', userId: 'pavel', traits: { email: 'pavel@example.com' } });
  await system.pass('31 minutes');
  expect(await system.inbox('pavel@example.com')).toHaveLength(1);
});

test('an order that was placed before the run began does not end it', async () => {
  const raya = await customer();
  const [now, before] = [0, 3_600_000].map((ago) => new Date(Date.now() - ago).toISOString());
  await system.track(raya.id, 'Product Added', { product_id: 'lamp' });
  await system.pass('10 minutes');
  await system.track(raya.id, 'Order Completed', orderOf('rug'), { timestamp: before, sentAt: now });
  await system.pass('1 hour');
  expect(await raya.templates()).toEqual(['cart-reminder']);
});
