import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, expect, test } from 'vitest';
import { createKey, revokeKey } from '#db/keys.ts';
import { freshDatabase } from '#test/support/database.ts';
import { segmentGateway } from '#test/support/segment-gateway.ts';

const { db, pool } = await freshDatabase();
const source = await newSource('shop');
const gateway = await segmentGateway({ pool });
afterAll(() => gateway.close());

async function newSource(name: string) {
  const key = await createKey(db, 'sources', name, new Date());
  if (key === null) throw new Error('the source was not made');
  return key;
}

const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`${key}:`).toString('base64')}` });

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = basic(source.key),
  to = gateway.url,
) {
  const raw = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  const response = await fetch(`${to}${path}`, { method: 'POST', body: raw as string, headers, redirect: 'manual' });
  const text = await response.text();
  return { status: response.status, text, json: JSON.parse(text), headers: response.headers };
}

const stored = (messageId: string) => db.selectFrom('events').selectAll().where('message_id', '=', messageId).execute();
const call = (more: object = {}) => ({ userId: randomUUID(), messageId: randomUUID(), event: 'Item Seen', ...more });

test('a track call is stored, projected and answered with success', async () => {
  const added = call({ event: 'Product Added', properties: { product_id: 'p1', quantity: 2 } });
  expect(await post('/v1/track', added)).toMatchObject({ status: 200, text: '{"success":true}' });
  const [event] = await stored(added.messageId);
  expect(event).toMatchObject({ name: 'Product Added', type: 'track', profile: 'personal', source_id: source.id });
  const lines = db
    .selectFrom('cart_items')
    .selectAll()
    .where('customer_id', '=', event?.customer_id ?? '');
  expect(await lines.execute()).toMatchObject([{ product_id: 'p1', quantity: 2, profile: 'personal' }]);
});

test.each(['identify', 'track', 'page', 'screen', 'group', 'alias'])(
  'every call of the API has its route: %s',
  async (type) => {
    const given = call({ groupId: 'g', previousId: randomUUID() });
    expect((await post(`/v1/${type}`, given)).status).toBe(200);
    expect(await stored(given.messageId)).toMatchObject([{ type }]);
  },
);

test('what comes twice is stored once and answered alike', async () => {
  const given = call();
  expect((await post('/v1/track', given)).text).toBe('{"success":true}');
  expect((await post('/v1/track', given)).text).toBe('{"success":true}');
  expect(await stored(given.messageId)).toHaveLength(1);
});

test('an event without an id is stored once, however often it is sent', async () => {
  const { messageId: _, ...given } = call();
  await post('/v1/track', given);
  await post('/v1/track', given);
  const rows = await db.selectFrom('events').selectAll().where('message_id', 'like', 'auto-%').execute();
  expect(rows).toHaveLength(1);
});

test('the write key may come in the body, and is not kept', async () => {
  const given = call({ writeKey: source.key });
  expect((await post('/v1/track', given, {})).status).toBe(200);
  const [event] = await stored(given.messageId);
  expect(JSON.stringify(event?.payload)).not.toContain(source.key);
});

test.each([
  ['gzip', { 'content-encoding': 'gzip' }],
  [
    'gzip under a form’s content type',
    { 'content-encoding': 'gzip', 'content-type': 'application/x-www-form-urlencoded' },
  ],
  ['gzip that does not say so', {}],
])('a packed batch is read: %s', async (_, headers) => {
  const calls = [call({ type: 'track' }), call({ type: 'page' })];
  const answer = await post('/v1/batch', gzipSync(JSON.stringify({ batch: calls })), {
    ...basic(source.key),
    ...headers,
  });
  expect(answer.text).toBe('{"success":true}');
  for (const { messageId } of calls) expect(await stored(messageId)).toHaveLength(1);
});

test('bad calls of a batch are named; the good ones are stored', async () => {
  const good = [call({ type: 'track' }), call({ type: 'identify' })];
  const bad = [call({ type: 'track', event: 5 }), 'text', call({ type: 'track', properties: { text: 'a\u0000b' } })];
  const answer = await post('/v1/batch', { batch: [good[0], ...bad, good[1]] });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ success: true, refused: [{ index: 1 }, { index: 2 }, { index: 3 }] });
  for (const { messageId } of good) expect(await stored(messageId)).toHaveLength(1);
});

test('an event of more than 32 KB is refused, alone or in a batch that is otherwise stored', async () => {
  const large = call({ type: 'track', properties: { text: 'x'.repeat(33_000) } });
  const small = call({ type: 'track' });
  expect((await post('/v1/track', large)).status).toBe(400);
  const answer = await post('/v1/batch', { batch: [large, small] });
  expect(answer).toMatchObject({ status: 200, json: { refused: [{ index: 0 }] } });
  expect(await stored(small.messageId)).toHaveLength(1);
});

test.each([
  ['no JSON', 'not json', {}],
  ['half a body', '{"batch":[', {}],
  ['a list', [], {}],
  ['no batch', { calls: [] }, {}],
  ['nothing', '', {}],
  ['not UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]), {}],
  ['no gzip', new Uint8Array([0x1f, 0x8b, 1, 2, 3]), { 'content-encoding': 'gzip' }],
  ['an unknown encoding', '{}', { 'content-encoding': 'zstd' }],
  ['more than 500 KB', { batch: [{ text: 'x'.repeat(520_000) }] }, {}],
  ['much more than 500 KB', { batch: [{ text: 'x'.repeat(5_000_000) }] }, {}],
  ['a zip bomb', gzipSync(Buffer.alloc(100_000_000, ' ')), { 'content-encoding': 'gzip' }],
  ['only bad calls', { batch: [{}, 5] }, {}],
])('what can never be accepted is a 400, which clients do not send again: %s', async (_, body, headers) => {
  const answer = await post('/v1/batch', body, { ...basic(source.key), ...(headers as object) });
  expect(answer).toMatchObject({ status: 400, json: { success: false, status: 400 } });
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
});

test.each([
  ['no key', {}],
  ['a wrong key', basic('vsw_wrong')],
  ['another scheme', { authorization: 'Bearer x' }],
  ['no base64', { authorization: 'Basic ???' }],
])('without a write key that works it is a 401: %s', async (_, headers) => {
  expect((await post('/v1/track', call(), headers as Record<string, string>)).status).toBe(401);
});

test('a revoked key stops working when its memory ends', async () => {
  const revoked = await newSource('revoked');
  await revokeKey(db, 'sources', revoked.id, new Date());
  expect((await post('/v1/track', call(), basic(revoked.key))).status).toBe(401);
});

test('no redirect and no 404 for a slash or another method that a client may send', async () => {
  expect((await post('/v1/track/', call())).status).toBe(200);
});

test('with the database away it is a 503, and nothing of the events is in it', async () => {
  const away = await freshDatabase();
  const other = await segmentGateway({ pool: away.pool });
  await away.pool.query('alter table event_keys rename to gone');
  const key = await createKey(away.db, 'sources', 'shop', new Date());
  const given = call({ type: 'identify', traits: { email: 'secret@example.com' } });
  const answer = await post('/v1/identify', given, basic(key?.key ?? ''), other.url);
  await other.close();
  expect(answer).toMatchObject({ status: 503, json: { success: false, code: 'not_stored' } });
  expect(answer.headers.get('retry-after')).toBe('1');
  expect(answer.text).not.toContain('secret');
});

test('a client that goes away in the middle of its body harms nobody', async () => {
  const { port } = new URL(gateway.url);
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(`POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"userId"`);
  await new Promise((resolve) => socket.once('ready', resolve));
  socket.destroy();
  expect((await post('/v1/track', call())).status).toBe(200);
});
