import { expect, test } from 'vitest';
import { attribution } from '#db/attribution.ts';
import type { AttributionModel } from '#domain/attribution.ts';
import { newMessage } from '#test/api/tracking/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { day, plantCustomers, plantOrders } from './metrics/support.ts';

const { db, pool } = await freshDatabase();
const start = new Date('2026-05-01T00:00:00Z');
const end = new Date(start.getTime() + 31 * day);
const ask = (model: AttributionModel) =>
  attribution(db, { model, by: 'block', profile: null, from: start, to: end, now: end });

test('V2 of more orders than are read at a time each is counted once, also where many are of one instant', async () => {
  const [one = '', other = ''] = await plantCustomers(pool, 2, start);
  const { id } = await newMessage(db, one, { clicked_at: new Date(start.getTime() + 1) });
  await pool.query(`select ensure_month('message_events', $1)`, [start]);
  await db
    .insertInto('message_events')
    .values({ id, message_id: id, kind: 'clicked', by: 'human', link: 0, at: new Date(start.getTime() + 1) })
    .execute();
  const count = 5_001;
  const orders = Array.from({ length: count }, (_, n) => ({
    customer: n % 3 === 0 ? one : other,
    at: new Date(start.getTime() + day * (n < 3_000 ? 1 : 2)),
    total: n,
  }));
  await plantOrders(pool, orders);
  for (const model of ['last_click', 'first_interaction'] as const) {
    const { total, messages, untouched } = await ask(model);
    expect(total).toMatchObject({ orders: count, revenue: new Map([['RUB', (count * (count - 1)) / 2]]) });
    expect([messages.orders, untouched.orders]).toEqual([count / 3, (2 * count) / 3]);
  }
});
