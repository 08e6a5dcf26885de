import { afterAll, expect, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { scaledClock } from '#domain/clock.ts';
import { freshDatabase } from '#test/support/database.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { db } = database;
const clock = scaledClock({ origin: 0, scale: 1 });
const signals: OutboxRow[] = [];
const intake = createIntake({ pool: database.pool, clock, routing, onOutbox: (rows) => void signals.push(...rows) });
afterAll(() => intake.close());
const { call } = await testGateway(database, { intake, clock });

const rub = (amount: number) => ({ amount, currency: 'RUB' });
const put = (items: unknown[], query = '') => call('PUT', `/orders${query}`, { items });
const ordersOf = async (userId: string) => {
  const [found] = (await call('GET', `/customers?userId=${userId}`)).body.items;
  return found ? (await call('GET', `/customers/${found.id}/export`)).body.orders : [];
};

test('orders are kept with what was bought, also where somebody is known by an address only; again they are the same', async () => {
  const order = {
    orderId: 'o-1',
    userId: 'anna',
    email: 'Anna@Example.com',
    at: '2026-01-05T10:00:00+03:00',
    lines: [
      { productId: 'lamp', quantity: 2, price: rub(100_50) },
      { productId: 'bulb', quantity: 1, price: rub(99) },
      { productId: 'lamp', quantity: 1, price: rub(100_50) },
    ],
  };
  const { status, body } = await put([order, { orderId: 'o-2', email: 'anna@example.com', total: rub(5) }]);
  expect(status).toBe(200);
  expect(body.items).toEqual([
    { index: 0, orderId: 'o-1', status: 'stored' },
    { index: 1, orderId: 'o-2', status: 'stored' },
  ]);
  await put([order]);
  const kept = await ordersOf('anna');
  expect(kept).toMatchObject([
    {
      orderId: 'o-1',
      state: 'placed',
      placedAt: '2026-01-05T07:00:00.000Z',
      total: rub(30_249),
      lines: [
        { productId: 'bulb', quantity: 1, price: rub(99) },
        { productId: 'lamp', quantity: 3, price: rub(10_050) },
      ],
    },
    { orderId: 'o-2', total: rub(5), lines: [] },
  ]);
});

test('what goods cost is kept with the lines, and is their profit; a cost in another currency is refused', async () => {
  const line = { productId: 'lamp', quantity: 2, price: rub(1_000) };
  const order = { orderId: 'o-cost', card: '7000 12', lines: [{ ...line, cost: rub(600), oldPrice: rub(1_500) }] };
  const other = { ...order, orderId: 'o-yen', lines: [{ ...line, cost: { amount: 1, currency: 'JPY' } }] };
  const { body } = await put([order, other]);
  expect(body.items.map((item: { status: string }) => item.status)).toEqual(['stored', 'refused']);
  const [buyer] = (await call('GET', '/customers?card=700012')).body.items;
  await refreshMetrics(db, clock.now());
  expect((await call('GET', `/customers/${buyer.id}/metrics`)).body.profiles).toMatchObject([
    { profile: 'personal', turnover: rub(2_000), profit: rub(800), discountedOrders: 1 },
  ]);
});

test('states go forward, whatever order they come in; a currency without decimals is taken as it is', async () => {
  const yen = { amount: 1299, currency: 'JPY' };
  const order = { orderId: 'o-3', userId: 'boris', total: yen };
  await put([
    { ...order, state: 'refunded', at: '2026-01-09T10:00:00Z' },
    { ...order, at: '2026-01-05T10:00:00Z' },
  ]);
  expect(await ordersOf('boris')).toMatchObject([{ state: 'refunded', total: yen }]);
});

test('a history reaches no journey; a new order ends one, and only once', async () => {
  await call('PUT', '/customers', { items: [{ userId: 'vera', email: 'vera@example.com' }] });
  const [{ id }] = (await call('GET', '/customers?userId=vera')).body.items;
  await db
    .insertInto('runs')
    .values({
      id: '0195a000-0000-7000-8000-000000000001',
      workflow_id: `abandonment:${id}:personal`,
      journey: 'abandonment',
      class: 'abandonment',
      key: 'personal',
      customer_id: id,
      settings_version: 1,
      trigger_at: clock.now(),
      entered_at: clock.now(),
      read_seq: 0,
    })
    .execute();
  signals.length = 0;
  await put([{ orderId: 'o-4', userId: 'vera', total: rub(1) }], '?live=false');
  expect(signals).toEqual([]);
  expect(await ordersOf('vera')).toHaveLength(1);
  for (let time = 0; time < 2; time += 1) await put([{ orderId: 'o-5', userId: 'vera', total: rub(1) }]);
  expect(signals.map(({ signal, reason }) => [signal, reason])).toEqual([['goal', 'Order Completed']]);
});

test('each order is refused on its own, with its place and field', async () => {
  const line = { productId: 'lamp', quantity: 1, price: rub(1) };
  const { body } = await put([
    { orderId: 'good', userId: 'gleb' },
    { userId: 'gleb' },
    { orderId: 'nobody' },
    { orderId: 'mixed', userId: 'gleb', total: { amount: 1, currency: 'USD' }, lines: [line] },
    { orderId: 'half', userId: 'gleb', lines: [{ ...line, quantity: 0.5 }] },
    { orderId: 'nul', userId: 'a\0b' },
    { orderId: 'phone', phone: 'nonsense' },
    'nothing',
  ]);
  const told = body.items.map((item: { status: string; errors?: { field: string }[] }) =>
    [item.status, item.errors?.[0]?.field].filter(Boolean).join(' '),
  );
  expect(told).toEqual([
    'stored',
    'refused items.1.orderId',
    'refused items.2.userId',
    'refused items.3.lines',
    'refused items.4.lines.0.quantity',
    'refused items.5.userId',
    'refused items.6.phone',
    'refused items.7',
  ]);
  expect(await put([], '')).toMatchObject({ status: 400 });
  expect(await put([{ orderId: 'x', userId: 'y' }], '?live=maybe')).toMatchObject({ status: 400 });
});
