import { expect, test } from 'vitest';
import { customers } from '#test/support/customers.ts';
import { plantMessages } from '#test/support/messages.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { followedFor, yearMessages } from '#test/support/year.ts';

// J11: the year after a purchase, at DNK's pace, which is the journey's own.

const system = await startSystem(await timeSkipping(), { only: ['lifecycle', 'abandonment'] });
const customer = customers(system);
const { buys, runsOf, set } = await followedFor(system);
const day = 24 * 3_600_000;

test('J11 a silent customer has six contacts in the year: cross-sell, review, top-up, news, a small code, a bigger one', async () => {
  const anna = await customer({ firstName: 'Anna' });
  await system.refresh();
  const ordered = system.clock.now().getTime();
  const order = await buys(anna);
  await system.pass('366 days');
  expect(await anna.templates()).toEqual(yearMessages);
  const mails = await anna.mails();
  expect(mails.map(({ subject }) => subject)).toEqual([
    'What goes well with your order',
    'How do you like it?',
    'Time to top up?',
    'What is new since you were here',
    '10% off your next order',
    '20% off: our best code for you',
  ]);
  const days = (await anna.acceptedAt()).map((at) => Math.floor((at.getTime() - ordered) / day));
  expect(days).toEqual([7, 14, 90, 180, 210, 300]);
  const [crossSell, review, topUp, , small, bigger] = mails.map(({ text }) => text);
  expect(crossSell).toContain('Product soap');
  expect(crossSell).not.toContain('Product cream');
  expect(review).toContain('Product brush');
  expect(topUp).toContain('Product cream');
  expect(topUp, 'no consumable').not.toContain('Product brush');
  expect(small).toMatch(/BACK-\w{6}/);
  expect(bigger).toMatch(/MUCH-\w{6}/);
  expect(await runsOf(anna)).toEqual([`${order} completed`]);
  const { body } = await system.call('GET', '/journeys/lifecycle/stats?from=2000-01-01T00:00:00Z');
  const counted = body.blocks.filter(({ entered }: { entered: number }) => entered > 0);
  expect(counted.map(({ block, passed }: { block: string; passed: number }) => [block, passed])).toEqual(
    [...yearMessages, 'rest-of-year', 'end'].map((name) => [name, 1]),
  );
});

test('J11 an order begins it anew, whenever it comes; at most one run is live', async () => {
  const moments = [3, 10, 50, 120, 200, 250, 330];
  const buyers = await Promise.all(moments.map(() => customer()));
  const first = new Map<string, string>();
  for (const buyer of buyers) first.set(buyer.id, await buys(buyer));
  let today = 0;
  for (const [index, moment] of moments.entries()) {
    await system.pass((moment - today) * day);
    today = moment;
    const buyer = buyers[index] ?? expect.unreachable();
    const said = await buyer.templates();
    expect(said, `after ${moment} days`).toEqual(yearMessages.slice(0, index));
    const again = await buys(buyer);
    await system.pass('1 minute');
    expect(await runsOf(buyer)).toEqual([`${first.get(buyer.id)} goal`, `${again} live`]);
  }
  await system.pass(`${330 + 20 - 3} days`);
  for (const [index, buyer] of buyers.entries())
    expect((await buyer.templates()).slice(index, index + 2)).toEqual(yearMessages.slice(0, 2));
});

test('J11 the code that was given is redeemed by the order that ends the year', async () => {
  const boris = await customer();
  const order = await buys(boris);
  await system.pass('212 days');
  const code = /BACK-\w{6}/.exec((await boris.mails()).at(-1)?.text ?? '')?.[0];
  expect(code).toBeDefined();
  const again = { order_id: 'with-a-code', total: 9, currency: 'RUB', coupon: code, products: [] };
  await system.track(boris.id, 'Order Completed', again);
  await system.pass('1 day');
  expect(await runsOf(boris)).toEqual([`${order} goal`, 'with-a-code live']);
  const given = await system.db
    .selectFrom('promo_codes')
    .selectAll()
    .where('code', '=', code ?? '')
    .execute();
  expect(given).toMatchObject([{ customer_id: boris.customerId, redeemed_order: 'with-a-code' }]);
  await system.pass('20 days');
  expect((await boris.decisions()).slice(-2), 'an order without lines has nothing to speak of').toEqual([
    'cross-sell skip no_alternatives',
    'review-request skip no_goods',
  ]);
});

test('J11 who unsubscribes is followed no more', async () => {
  const vera = await customer();
  const order = await buys(vera);
  await system.pass('20 days');
  await system.unsubscribe((await vera.mails()).at(-1));
  await system.pass('366 days');
  expect(await vera.templates()).toEqual(yearMessages.slice(0, 2));
  expect(await runsOf(vera)).toEqual([`${order} exited:unsubscribed`]);
});

test('J11 no lower class takes its slot: a cart that is left before a message of the year waits', async () => {
  const weekly = { max: 1, window: 'P7D', clock: 'rolling', unit: 'message', channels: [], classes: [] };
  await system.put('/settings/policy', { rules: [{ name: 'weekly', ...weekly }] });
  const gleb = await customer();
  await buys(gleb);
  await system.pass(`${5 * 24} hours`);
  await system.track(gleb.id, 'Product Added', { product_id: 'mirror' });
  await system.pass('30 days');
  expect((await gleb.templates()).filter((name) => yearMessages.includes(name))).toEqual(yearMessages.slice(0, 2));
  expect(await gleb.decisions()).toContainEqual(expect.stringMatching(/^cart-1 (defer planned|drop expired:planned)/));
  await system.put('/settings/policy', { rules: [] });
});

test('R5 each message comes at the hour at which the customer usually opens', async () => {
  const dina = await customer({ timezone: 'Asia/Vladivostok' });
  await system.refresh();
  const evening = new Date(new Date(system.clock.now().getTime() - 2 * day).setUTCHours(9, 20)); // 19:20 there
  const opened = {
    customer_id: dina.customerId,
    reserved_at: evening,
    opened_at: evening,
    opened_by: 'human',
  } as const;
  const old = Array.from({ length: 5 }, (_, index) => ({ ...opened, block: `old-${index}`, counts: false }));
  await plantMessages(
    system.db,
    old.map((message) => ({ ...message, state: 'delivered' })),
  );
  await buys(dina);
  await system.pass('200 days');
  const hours = (await dina.acceptedAt()).slice(5).map((at) => at.getUTCHours());
  expect(hours).toEqual([9, 9, 9, 9]);
});

test('J11 every number is a setting: fewer messages, sooner, and a shorter year', async () => {
  await set({ steps: [{ message: 'news', at: 'P2D' }], over: 'P10D' });
  const egor = await customer();
  const order = await buys(egor);
  await system.pass('9 days');
  expect(await egor.templates()).toEqual(['news']);
  expect(await runsOf(egor)).toEqual([`${order} live`]);
  await system.pass('2 days');
  expect(await runsOf(egor)).toEqual([`${order} completed`]);
  const put = (steps: object[]) => system.call('PUT', '/journeys/lifecycle/settings', { steps });
  const news = (at: string) => ({ message: 'news', at });
  expect((await put([news('P2D'), { message: 'top-up', at: 'P2D' }])).body.errors).toMatchObject([
    { field: 'steps.1.at' },
  ]);
  expect((await put([news('P2D'), news('P3D')])).body.errors).toMatchObject([{ field: 'steps.1.message' }]);
  await set();
});
