import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { createKey } from '#db/keys.ts';
import { freshDatabase } from '#test/support/database.ts';
import { segmentGateway } from '#test/support/segment-gateway.ts';

const { db, pool } = await freshDatabase();
const key = await createKey(db, 'sources', 'shop', new Date());
if (key === null) throw new Error('the source was not made');
const writeKey = key.key;
const gateway = await segmentGateway({ pool });
afterAll(() => gateway.close());

const basic = `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}`;

function post(path: string, body: unknown, headers: Record<string, string> = { authorization: basic }) {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return fetch(`${gateway.url}${path}`, { method: 'POST', body: raw as string, headers, redirect: 'manual' });
}

const stored = (messageId: string) => db.selectFrom('events').selectAll().where('message_id', '=', messageId).execute();

test('a track call is stored, projected and answered with success', async () => {
  const messageId = randomUUID();
  const userId = randomUUID();
  const call = { userId, messageId, event: 'Product Added', properties: { product_id: 'p1', quantity: 2 } };
  const response = await post('/v1/track', call);
  expect([response.status, await response.text()]).toEqual([200, '{"success":true}']);
  const [event] = await stored(messageId);
  expect(event).toMatchObject({ name: 'Product Added', type: 'track', profile: 'personal', source_id: key.id });
  const cart = await db
    .selectFrom('cart_items')
    .selectAll()
    .where('customer_id', '=', event?.customer_id ?? '')
    .execute();
  expect(cart).toMatchObject([{ product_id: 'p1', quantity: 2, profile: 'personal' }]);
});

test('what comes twice is stored once and answered alike', async () => {
  const call = { anonymousId: randomUUID(), messageId: randomUUID(), name: 'Home' };
  expect((await post('/v1/page', call)).status).toBe(200);
  expect((await post('/v1/page', call)).status).toBe(200);
  expect(await stored(call.messageId)).toHaveLength(1);
});
