import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { sideDatabase } from '#scripts/backtest/database.ts';
import { readLists } from '#scripts/backtest/lists.ts';
import { play } from '#scripts/backtest/play.ts';
import { prepare } from '#scripts/backtest/prepare.ts';
import { journeysNamed, sideOf } from '#scripts/backtest/settings.ts';
import { readMapping } from '#scripts/files/mapping.ts';
import { testGateway } from '#test/api/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { routing } from '#workflows/catalogue.ts';
import { segmentLines } from './record.ts';
import { emptyFolder, fileOf, run } from './support.ts';

const mapping = readMapping(undefined);
const journeys = journeysNamed('all');
const side = sideOf('A', { preset: 'default', file: undefined, mapping, journeys });
const { shop } = side;

/** What of each message does not depend on the ids that were drawn: those of one instant may come in another order. */
async function sent(out: string): Promise<object[]> {
  const { messages } = await readLists(join(out, 'A'));
  return messages.map(({ customer, journey, block, template, at }) => ({ customer, journey, block, template, at }));
}

test('what was played is exported, and played from the export it comes to the same', async () => {
  const path = fileOf(`${segmentLines(8, 8).join('\n')}\n`);
  const cache = emptyFolder();
  const reading = { path, format: 'segment', mapping, zone: shop.zone, currency: shop.currency, shop } as const;
  const prepared = await prepare(cache, { ...reading, assumeReachable: false }, () => {});
  const database = await sideDatabase(inject('postgresUrl'), `backtest_export_${process.pid}`);
  afterAll(() => database.drop());
  const period = { from: '2026-03-02', until: '2026-03-09' };
  await play({ prepared, period, side, journeys, database, tell: () => {} });
  const clock = { time: { origin: 0, scale: 1 }, now: () => new Date('2027-01-01') };
  const { call } = await testGateway({ ...database, url: '' }, { clock });
  const lines = (await call('GET', '/exports/events')).text;
  expect(lines.trimEnd().split('\n')).toHaveLength(prepared.about.events);

  const [first, second] = [await run({ events: path }), await run({ events: fileOf(lines) })];
  expect(second.report.record).toEqual({ ...first.report.record, format: 'export' });
  const [one, other] = [await sent(first.out), await sent(second.out)];
  expect(one.length).toBeGreaterThan(5);
  expect(other).toEqual(one);
});

test('orders keep their amounts, by whatever way they were told, and history stays history', async () => {
  const database = await freshDatabase();
  const { db, pool } = database;
  let now = new Date('2026-03-02T10:00:00Z');
  const clock = { time: { origin: 0, scale: 1 }, now: () => now };
  const intake = createIntake({ pool, clock, routing, onOutbox: () => {} });
  const { call, request } = await testGateway(database, { intake, clock });
  const writeKey = (await createKey(db, 'sources', 'site', now))?.key;
  const line = { quantity: 2, price: { amount: 550, currency: 'RUB' } };
  const item = {
    userId: 'anna',
    lines: [
      { ...line, productId: 'cup' },
      { ...line, productId: 'lamp', quantity: 1 },
    ],
  };
  const at = '2026-01-05T10:00:00.000Z';
  await call('PUT', '/orders', { items: [{ ...item, orderId: 'by-api' }] });
  await call('PUT', '/orders?live=false', { items: [{ ...item, orderId: 'history', at }] });
  const products = [{ product_id: 'cup', quantity: 3, price: 5.5 }];
  const event = { event: 'Order Completed', userId: 'anna', properties: { order_id: 'by-event', products }, writeKey };
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ ...event, messageId: 'm-1' });
  expect(await request('/v1/track', { method: 'POST', headers, body })).toMatchObject({
    status: 200,
    body: { success: true },
  });
  await intake.close();
  now = new Date('2026-03-02T11:00:00Z');

  const { out, report } = await run({ events: fileOf((await call('GET', '/exports/events')).text) });
  const { orders } = await readLists(join(out, 'A'));
  const told = orders.map(({ orderId, total }) => [orderId, total]);
  expect(Object.fromEntries(told)).toEqual({ 'by-api': 1650, history: 1650, 'by-event': 1650 });
  expect(orders[0]).toMatchObject({ orderId: 'history', at });
  expect(report.record.names).toEqual({ 'Order Completed': 2, 'Order Imported': 1 });
});
