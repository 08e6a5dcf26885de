import { expect, test } from 'vitest';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { followedFor, yearMessages } from '#test/support/year.ts';

// J11: whatever becomes of the order that is followed, and whoever tells of it.

const system = await startSystem(await timeSkipping(), { only: ['lifecycle'] });
const customer = customers(system);
const { buys, runsOf, missedBy, set } = await followedFor(system);
const day = 24 * 3_600_000;
const hour = 3_600_000;

const rub = (amount: number) => ({ amount, currency: 'RUB' });
const linesOf = (...products: string[]) =>
  products.map((productId) => ({ productId, quantity: 1, price: rub(50_000) }));

/** As an accounting system tells of orders. */
async function told({ id }: TestCustomer, orderId: string, more: object, live = true): Promise<void> {
  await system.refresh();
  const items = [{ orderId, userId: id, ...more }];
  const { status, body } = await system.call('PUT', `/orders${live ? '' : '?live=false'}`, { items });
  expect([status, body.items[0].status]).toEqual([200, 'stored']);
  await system.relayed();
}

test.each([
  ['Order Cancelled', 'exited:order_cancelled'],
  ['Order Refunded', 'exited:order_returned'],
])('J11 %s: it is followed no more, and at once', async (event, outcome) => {
  const anna = await customer();
  const order = await buys(anna);
  await system.pass('8 days');
  await system.track(anna.id, event, { order_id: order });
  await system.pass('1 minute');
  expect(await runsOf(anna)).toEqual([`${order} ${outcome}`]);
  await system.pass('366 days');
  expect(await anna.templates()).toEqual(['cross-sell']);
});

test('J11 what was given back of an order is spoken of no more', async () => {
  const boris = await customer();
  await told(boris, 'in-parts', { lines: linesOf('cream', 'soap', 'brush') });
  await system.pass('10 days');
  await told(boris, 'in-parts', { lines: linesOf('soap') });
  await system.pass('90 days');
  expect(await boris.templates()).toEqual(yearMessages.slice(0, 3));
  const [, review, topUp] = (await boris.mails()).map(({ text }) => text);
  for (const text of [review, topUp]) {
    expect(text).toContain('Product soap');
    expect(text).not.toMatch(/Product (cream|brush)/);
  }
});

test('P1 an order at the till is followed like one of the site; told by both, it is one', async () => {
  const vera = await customer();
  await told(vera, 'till-1', { lines: linesOf('cream') });
  const products = [{ product_id: 'cream', quantity: 1, price: 500 }];
  await system.track(vera.id, 'Order Completed', { order_id: 'till-1', total: 500, currency: 'RUB', products });
  await system.pass('15 days');
  expect(await runsOf(vera)).toEqual(['till-1 live']);
  expect(await vera.templates()).toEqual(['cross-sell', 'review-request']);
  await told(vera, 'till-2', { lines: linesOf('brush') });
  await system.pass('1 minute');
  expect(await runsOf(vera)).toEqual(['till-1 goal', 'till-2 live']);
});

test('P1 a history starts and wakes nobody, and counts when the run looks next', async () => {
  const gleb = await customer();
  await told(gleb, 'old', { lines: linesOf('cream') }, false);
  await system.pass('1 day');
  expect(await runsOf(gleb)).toEqual([]);
  await told(gleb, 'followed', { lines: linesOf('cream') });
  await system.pass('1 day');
  await told(gleb, 'imported', { lines: linesOf('soap') }, false);
  await system.pass('5 days');
  expect(await runsOf(gleb)).toEqual(['followed live']);
  await system.pass('2 days');
  expect(await runsOf(gleb)).toEqual(['followed goal']);
  await told(gleb, 'cancelled-later', { lines: linesOf('cream') });
  await system.pass('1 day');
  await told(gleb, 'cancelled-later', { state: 'cancelled' }, false);
  await system.pass('7 days');
  expect((await runsOf(gleb)).at(-1)).toBe('cancelled-later nothing_left');
  expect(await gleb.templates()).toEqual([]);
});

test('J11 news of orders may come in any order: the newest is followed', async () => {
  const dina = await customer();
  await system.refresh();
  const at = (hoursAgo: number) => new Date(system.clock.now().getTime() - hoursAgo * hour).toISOString();
  await told(dina, 'later', { lines: linesOf('cream'), at: at(1) });
  await told(dina, 'sooner', { lines: linesOf('soap'), at: at(5) });
  await system.pass('1 minute');
  expect(await runsOf(dina)).toEqual(['later live']);
  expect(await missedBy(dina)).toEqual(['sooner newer_order']);
  await told(dina, 'long-ago', { lines: linesOf('soap'), at: at(50) });
  expect(await missedBy(dina)).toEqual(['long-ago too_late', 'sooner newer_order']);
});

test('J11 what goes with it and the review count from the delivery, where the shop tells of it', async () => {
  const egor = await customer();
  await system.refresh();
  const ordered = system.clock.now().getTime();
  const order = await buys(egor);
  await system.pass('5 days');
  await system.track(egor.id, 'Order Delivered', { order_id: order });
  await system.pass('100 days');
  const days = (await egor.acceptedAt()).map((at) => Math.floor((at.getTime() - ordered) / day));
  expect(await egor.templates()).toEqual(yearMessages.slice(0, 3));
  expect(days).toEqual([12, 19, 90]);
});

test('P1 a visitor’s order is followed on when they turn out to be a customer: nothing is said twice', async () => {
  const visitor = { anonymousId: 'visitor-of-the-year' };
  await system.send('identify', { ...visitor, traits: { email: 'visitor-of-the-year@example.com' } });
  const products = [{ product_id: 'cream', quantity: 1, price: 500 }];
  const order = { order_id: 'of-a-visitor', total: 500, currency: 'RUB', products };
  await system.send('track', { ...visitor, event: 'Order Completed', properties: order });
  await system.pass('20 days');
  const zoya = await customer();
  await system.send('identify', { ...visitor, userId: zoya.id });
  await system.pass('1 minute');
  expect(await runsOf(zoya)).toEqual(['of-a-visitor exited:merged', 'of-a-visitor live']);
  await system.pass('366 days');
  expect(await zoya.templates()).toEqual(yearMessages);
  expect(await runsOf(zoya)).toEqual(['of-a-visitor exited:merged', 'of-a-visitor completed']);
});

test.each([
  ['newer than that of who stays', ['stays', 'ceases'], ['stays goal', 'ceases exited:merged', 'ceases live']],
  ['older', ['ceases', 'stays'], ['ceases exited:merged', 'stays live']],
] as const)(
  'P1 two who both ordered are one, says a person: one order is followed; that of who ceases is %s',
  async (_when, order, runs) => {
    const phone = `+7916000${order.indexOf('stays')}000`;
    const two = { stays: await customer({ phone }), ceases: await customer() };
    await system.identify(two.ceases.id, { phone });
    for (const who of order) {
      await told(two[who], `${who}${phone}`, { lines: linesOf('cream') });
      await system.pass('1 day');
    }
    const { body } = await system.call('GET', `/conflicts?customerId=${two.ceases.customerId}`);
    await system.refresh();
    const verdict = { decision: 'merge', into: two.stays.customerId };
    expect((await system.call('POST', `/conflicts/${body.items[0].id}/decision`, verdict)).status).toBe(200);
    await system.relayed();
    await system.pass('1 minute');
    const found = (await runsOf(two.stays)).map((run) => run.replace(encodeURIComponent(phone), ''));
    expect(found.toSorted()).toEqual([...runs].toSorted());
  },
);

test('J11 who is erased is followed no more', async () => {
  const ilya = await customer();
  await buys(ilya);
  await system.pass('8 days');
  expect(await ilya.mails()).toHaveLength(1);
  await system.refresh();
  expect((await system.call('DELETE', `/customers/${ilya.customerId}`)).status).toBe(204);
  await system.relayed();
  await system.pass('366 days');
  expect(await system.inbox(ilya.email)).toHaveLength(1);
  const live = system.db.selectFrom('runs').select('id').where('customer_id', '=', ilya.customerId);
  expect(await live.where('ended_at', 'is', null).execute()).toEqual([]);
});

test('J11 while an order is followed, other journeys go on', async () => {
  await system.put('/journeys/abandonment/settings', { enabled: true });
  const kira = await customer();
  await buys(kira);
  await system.pass('2 days');
  await system.track(kira.id, 'Product Viewed', { product_id: 'mirror' });
  await system.pass('1 hour');
  expect(await kira.templates()).toEqual(['view']);
  await system.put('/journeys/abandonment/settings', { enabled: false });
});

/** As the nightly job of replenishment writes it. */
async function runsOut({ customerId }: TestCustomer, inDays: number): Promise<void> {
  await system.refresh();
  const now = system.clock.now().getTime();
  const at = (days: number) => new Date(now + days * day);
  await system.db
    .insertInto('replenishment')
    .values({
      customer_id: customerId,
      product_id: 'cream',
      bought_at: at(-80),
      quantity: 1,
      times: 0,
      due_at: at(inDays),
      until_at: at(inDays + 60),
    })
    .execute();
}

test.each([
  ['on, and due', true, 15, 'skip replenishment_due'],
  ['on, and not due for long', true, 60, 'send ok'],
  ['off', false, 15, 'send ok'],
])('J11 the time to top up is left to replenishment: %s', async (_when, enabled, inDays, decision) => {
  const lena = await customer();
  await buys(lena);
  await system.pass('80 days');
  await runsOut(lena, inDays);
  await system.put('/journeys/replenishment/settings', { enabled });
  await system.pass('12 days');
  expect((await lena.decisions()).filter((said) => said.startsWith('top-up'))).toEqual([`top-up ${decision}`]);
  await system.put('/journeys/replenishment/settings', { enabled: false });
});

test('J11 what has nothing to say is skipped, and says why', async () => {
  await set({
    goods: { news: { from: [], count: 1 } },
    steps: yearMessages.map((message, n) => ({ message, at: `P${n + 1}D` })),
  });
  const mila = await customer();
  await buys(mila, 'brush');
  await system.pass('8 days');
  expect(await mila.decisions()).toEqual([
    'cross-sell send ok',
    'review-request send ok',
    'top-up skip no_goods',
    'news skip no_novelties',
    'small-promo skip no_promo',
    'bigger-promo skip no_promo',
  ]);
  await set();
});
