import { randomUUID } from 'node:crypto';
import { afterAll, expect, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { scaledClock } from '#domain/clock.ts';
import { messageToken } from '#rendering/tokens.ts';
import { freshDatabase } from '#test/support/database.ts';
import { whereSaid } from '#test/support/said.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';
import { newMessage, newRun } from './tracking/support.ts';

const database = await freshDatabase();
const { db, pool } = database;
const clock = scaledClock({ origin: 0, scale: 1 });
const intake = createIntake({ pool, clock, routing, onOutbox: () => {} });
afterAll(() => intake.close());
const { call, request, deps } = await testGateway(database, { intake, clock });
const writeKey = (await createKey(db, 'sources', 'shop', clock.now()))?.key ?? '';

async function send(...batch: object[]) {
  const authorization = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;
  const headers = { authorization, 'content-type': 'application/json' };
  const body = JSON.stringify({ batch: batch.map((event) => ({ messageId: randomUUID(), ...event })) });
  expect((await request('/v1/batch', { method: 'POST', headers, body })).status).toBe(200);
}

const customerBy = async (query: string): Promise<string> =>
  (await call('GET', `/customers?${query}`)).body.items[0].id;

test('what was put in comes out, also of who was merged; then it can be erased', async () => {
  const email = 'inga@example.com';
  const visitor = { anonymousId: 'browser-inga' };
  await send({ ...visitor, type: 'identify', traits: { email } });
  const merged = await customerBy(`email=${email}`);
  await send({
    ...visitor,
    type: 'track',
    event: 'Product Viewed',
    properties: { product_id: 'lamp', seen: 'as a visitor' },
  });
  const userId = 'inga';
  await send({ userId, type: 'identify', traits: { firstName: 'Inga', phone: '+79160001122' } });
  await send({ ...visitor, userId, type: 'identify', traits: { city: 'Omsk' } });
  const products = [{ product_id: 'bulb', quantity: 2, price: 99.5 }];
  const consent = { channel: 'email', state: 'granted', ip: '203.0.113.5', text_version: 'v7' };
  await send(
    { userId, type: 'track', event: 'Product Added', properties: { product_id: 'lamp', quantity: 3 } },
    { userId, type: 'track', event: 'Consent Changed', properties: consent },
    {
      userId,
      type: 'track',
      event: 'Order Completed',
      properties: { order_id: 'o-7', total: 199, currency: 'RUB', products },
    },
  );
  const id = await customerBy('userId=inga');
  await newRun(db, id, 'personal', true);
  const { id: message } = await newMessage(db, id, { address: email });
  await request(`/t/o/${messageToken(deps.secret, message, 'o')}.gif`, { headers: { 'user-agent': 'Omsk-Browser' } });

  const { status, body, headers } = await call('GET', `/customers/${merged}/export`);
  expect(status).toBe(200);
  expect(headers.get('cache-control')).toBe('no-store');
  expect(body).toMatchObject({
    id,
    mergedIds: [merged],
    traits: { firstName: 'Inga', city: 'Omsk' },
    profiles: [{ kind: 'personal', email, phone: '+79160001122' }],
    consents: [{ channel: 'email', state: 'granted', textVersion: 'v7', source: 'Consent Changed' }],
    interests: [{ kind: 'view', ref: 'lamp' }],
    orders: [
      {
        orderId: 'o-7',
        total: { amount: 19_900, currency: 'RUB' },
        lines: [{ productId: 'bulb', quantity: 2, price: { amount: 9_950, currency: 'RUB' } }],
      },
    ],
    runs: [{ journey: 'abandonment', key: 'personal' }],
    messages: [{ id: message, address: email, state: 'accepted' }],
    engagements: [{ messageId: message, kind: 'opened', userAgent: 'Omsk-Browser' }],
    decisions: [],
  });
  const identities = body.identities.map(({ kind, value }: { kind: string; value: string }) => `${kind} ${value}`);
  expect(identities.toSorted()).toEqual(
    ['anonymous_id browser-inga', `email ${email}`, 'phone +79160001122', 'user_id inga'].toSorted(),
  );
  expect(body.cart.map((line: { productId: string }) => line.productId)).toEqual(['lamp']);
  expect(body.events).toHaveLength(7);
  expect(JSON.stringify(body.events)).toContain('as a visitor');

  expect((await call('DELETE', `/customers/${merged}`)).status).toBe(204);
  for (const one of [id, merged]) expect((await call('GET', `/customers/${one}/export`)).status).toBe(410);
  expect(await whereSaid(database, ['inga', 'Omsk', '79160001122', '203.0.113.5', 'as a visitor'])).toEqual([]);
});

test('segments that they are in, places in queues with what was held, and what runs out when, are in it', async () => {
  await send({ userId: 'tanya', type: 'identify', traits: { vip: true } });
  const id = await customerBy('userId=tanya');
  const condition = { where: 'trait', name: 'vip', is: { in: [true] } };
  const segment = (await call('POST', '/segments', { name: 'Important', condition })).body;
  const at = (time: string) => new Date(`2026-05-01T${time}:00Z`);
  const [place, hold] = [randomUUID(), randomUUID()];
  await db.insertInto('items').values({ id: 'bag', places: 1, holds: 1 }).execute();
  const joined = { id: place, item_id: 'bag', customer_id: id, number: 1, joined_at: at('10:00') };
  await db.insertInto('queue_places').values(joined).execute();
  const kept = { offered_at: at('11:00'), accepted_at: at('11:00'), until: at('23:00') };
  await db
    .insertInto('holds')
    .values({ id: hold, item_id: 'bag', place_id: place, number: 1, ...kept })
    .execute();
  const soap = { product_id: 'soap', quantity: 2, times: 0, bought_at: at('09:00'), until_at: at('23:00') };
  await db
    .insertInto('replenishment')
    .values({ ...soap, customer_id: id, due_at: at('12:00') })
    .execute();
  const { body } = await call('GET', `/customers/${id}/export`);
  expect(body.runOuts).toEqual([
    {
      ...{ productId: 'soap', quantity: 2, offeredAt: null },
      ...{ boughtAt: '2026-05-01T09:00:00.000Z', dueAt: '2026-05-01T12:00:00.000Z' },
    },
  ]);
  expect(body.segments).toEqual([{ id: segment.id, name: 'Important', since: expect.any(String) }]);
  expect(body.queuePlaces).toEqual([
    {
      ...{ itemId: 'bag', number: 1, joinedAt: '2026-05-01T10:00:00.000Z', endedAt: null, outcome: null },
      holds: [
        { offeredAt: '2026-05-01T11:00:00.000Z', until: '2026-05-01T23:00:00.000Z', endedAt: null, outcome: null },
      ],
    },
  ]);
});

test('a long history comes whole: every event once, newest first', async () => {
  const count = 1_203;
  const views = Array.from({ length: count }, (_, index) => ({
    userId: 'long',
    type: 'track',
    event: 'Product Viewed',
    // Many at one instant, so that the pages break between equals.
    timestamp: new Date(clock.now().getTime() - 3_600_000 + Math.floor(index / 300)).toISOString(),
    properties: { product_id: 'lamp', index },
  }));
  for (let start = 0; start < count; start += 300) await send(...views.slice(start, start + 300));
  const id = await customerBy('userId=long');
  const { events } = (await call('GET', `/customers/${id}/export`)).body;
  const seen = events.map((event: { payload: { properties: { index: number } } }) => event.payload.properties.index);
  expect(seen.toSorted((a: number, b: number) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
  const times = events.map((event: { at: string }) => event.at);
  expect(times).toEqual(times.toSorted().toReversed());
});

test('who never was is not found; a customer of whom nothing happened has empty lists', async () => {
  expect((await call('GET', '/customers/0195a000-0000-7000-8000-000000000000/export')).status).toBe(404);
  const id = '0195a000-0000-7000-8000-000000000001';
  await db.insertInto('customers').values({ id, created_at: clock.now() }).execute();
  const { body } = await call('GET', `/customers/${id}/export`);
  expect(body).toMatchObject({ id, events: [], messages: [], decisions: [], engagements: [], orders: [] });
});
