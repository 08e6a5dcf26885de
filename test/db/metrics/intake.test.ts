import { expect, test } from 'vitest';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { upsertProducts } from '#db/products.ts';
import { testIntake } from '#test/support/intake.ts';
import { metricsOf } from './support.ts';

const { db, send, customer, clock } = await testIntake();

const rub = (amount: number) => ({ amount, currency: 'RUB' });
const product = { sku: null, url: 'https://shop.example', imageUrl: null, category: null, brand: null, attributes: {} };
const ordered = (order_id: string, lines: object[]) => ({
  event: 'Order Completed',
  properties: { order_id, currency: 'RUB', products: lines },
});

test('an order keeps what its goods cost and were reduced from when it came', async () => {
  const offer = (cost: number) => [{ region: '*', price: rub(800), oldPrice: rub(1000), cost: rub(cost), stock: 1 }];
  await upsertProducts(db, [{ ...product, id: 'kettle', name: 'Kettle', offers: offer(500) }], clock.at);
  await send({ userId: 'anna', ...ordered('1', [{ product_id: 'kettle', quantity: 2, price: 8 }]) });
  await upsertProducts(db, [{ ...product, id: 'kettle', name: 'Kettle', offers: offer(700) }], clock.at);
  await refreshMetrics(db, clock.at);
  expect(await metricsOf(db)).toMatchObject([{ turnover: 1600, profit: 600, discounted: 1 }]);
});

test('of two customers who are joined one has the orders of both, and is counted once', async () => {
  await send({ anonymousId: 'visitor', ...ordered('2', [{ product_id: 'cup', quantity: 1, price: 1 }]) });
  await refreshMetrics(db, clock.at);
  const visitor = await customer('anonymous_id', 'visitor');
  await send({ type: 'identify', anonymousId: 'visitor', userId: 'boris' });
  await send({ userId: 'boris', ...ordered('3', [{ product_id: 'cup', quantity: 1, price: 2 }]) });
  await refreshMetrics(db, clock.at);
  const boris = await customer('user_id', 'boris');
  const rows = (await metricsOf(db)).filter(({ customer_id }) => [visitor, boris].includes(customer_id));
  expect(rows).toMatchObject([{ customer_id: boris, orders: 2, turnover: 300, stage: 'potential' }]);
  const moves = await db
    .selectFrom('stage_transitions')
    .selectAll()
    .where('customer_id', 'in', [visitor, boris])
    .execute();
  expect(moves.filter(({ to_stage }) => to_stage === null)).toEqual([]);
  expect(moves.map(({ customer_id }) => customer_id)).toEqual(moves.map(() => boris));
});
