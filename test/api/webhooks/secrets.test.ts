import { createHash, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createSealer } from '#db/seal.ts';
import { testGateway } from '#test/api/support.ts';
import { signed, webhookGateway } from './support.ts';

const gateway = await webhookGateway();
const { call, db, post, addSecret, shopify } = gateway;
const ignoredTopic = (secret: string) => shopify('shop/update', {}, secret);

describe('secrets of webhooks', () => {
  test('without one a source is closed, and a source that is none is not found', async () => {
    expect(await post('woocommerce', {}, {})).toMatchObject({ status: 404, body: { code: 'webhook_closed' } });
    expect(await post('constructor', {}, {})).toMatchObject({ status: 404, body: { code: 'webhook_unknown' } });
  });

  test('with the last one deleted the source is closed again', async () => {
    const { id, secret } = await addSecret('shopify');
    expect((await ignoredTopic(secret)).status).toBe(200);
    expect((await call('DELETE', `/webhook-secrets/${id}`)).status).toBe(204);
    expect((await ignoredTopic(secret)).body).toMatchObject({ status: 404, code: 'webhook_closed' });
    expect((await call('DELETE', `/webhook-secrets/${id}`)).body.code).toBe('secret_not_found');
  });

  test('two hold at once, so that one can be changed for the other without losing a webhook', async () => {
    const [old, next] = [await addSecret('shopify', 'the-old-secret'), await addSecret('shopify', 'the-next-secret')];
    for (const { secret } of [old, next]) expect((await ignoredTopic(secret)).status).toBe(200);
    await call('DELETE', `/webhook-secrets/${old.id}`);
    expect((await ignoredTopic(old.secret)).body).toMatchObject({ status: 401, code: 'wrong_signature' });
    expect((await ignoredTopic(next.secret)).status).toBe(200);
  });

  test('are shown once, listed without themselves, and not to be read in the database', async () => {
    const { id, secret } = await addSecret('standard');
    expect(secret).toMatch(/^whsec_.{44}$/);
    const list = await call('GET', '/webhook-secrets');
    expect(list.body.items[0]).toMatchObject({ id, source: 'standard' });
    expect(list.text).not.toContain(secret);
    const rows = await db.selectFrom('webhook_secrets').select('sealed').where('id', '=', id).execute();
    const sealed = rows[0]?.sealed ?? Buffer.alloc(0);
    expect(sealed.includes(secret)).toBe(false);
    expect(sealed.includes(createHash('sha256').update(secret).digest())).toBe(false);
  });

  test('must be what the source can sign with', async () => {
    const answer = await call('POST', '/webhook-secrets', { source: 'standard', name: 'x', secret: 'no base64!' });
    expect(answer.body).toMatchObject({ code: 'invalid_request', errors: [{ pointer: '/secret' }] });
    expect((await call('POST', '/webhook-secrets', { source: 'postal', name: 'x' })).status).toBe(400);
  });

  test('sealed under another VESTNIK_SECRET they are none', async () => {
    const other = await testGateway(await closedOver(), { secret: 'another secret' });
    const text = '{}';
    const headers = { 'x-shopify-topic': 'shop/update', 'x-shopify-hmac-sha256': signed(text, 'the-next-secret') };
    const answer = await other.request('/webhooks/shopify', { method: 'POST', headers, body: text });
    expect(answer.body.code).toBe('webhook_closed');
  });
});

/** The same database, for a gateway with another secret. */
async function closedOver() {
  await db.updateTable('api_keys').set({ name: 'tests before' }).where('name', '=', 'tests').execute();
  return { db, pool: gateway.deps.pool, url: '' };
}

describe('the seal', () => {
  const sealer = createSealer('secret');

  test('opens for its own row only, and not when a bit was changed', () => {
    const sealed = sealer.seal('hush', 'shopify 1');
    expect(sealer.open(sealed, 'shopify 1')).toBe('hush');
    expect(sealer.open(sealed, 'shopify 2')).toBeNull();
    expect(createSealer('other').open(sealed, 'shopify 1')).toBeNull();
    for (const at of [0, 13, sealed.length - 1]) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(sealer.open(changed, 'shopify 1')).toBeNull();
    }
    expect(sealer.open(Buffer.alloc(0), 'shopify 1')).toBeNull();
  });

  test('is another each time', () => {
    expect(sealer.seal('hush', 'a').equals(sealer.seal('hush', 'a'))).toBe(false);
  });
});

describe('signatures', () => {
  test('are checked on the bytes as they came', async () => {
    const { secret } = await addSecret('shopify');
    const text = '{"id": 1,  "spaces": "stay"}';
    const send = (body: string, signature: string) =>
      post('shopify', body, { 'x-shopify-topic': 'shop/update', 'x-shopify-hmac-sha256': signature });
    expect((await send(text, signed(text, secret))).status).toBe(200);
    expect((await send(JSON.stringify(JSON.parse(text)), signed(text, secret))).body.code).toBe('wrong_signature');
    for (const bad of ['', 'AAAA', signed(text, 'wrong'), randomUUID()]) {
      expect((await send(text, bad)).body).toMatchObject({ status: 401, code: 'wrong_signature' });
    }
  });

  test('a body that is packed or beyond the limit is refused', async () => {
    const { secret } = await addSecret('shopify');
    const packed = await post('shopify', '{}', { 'content-encoding': 'gzip' });
    expect(packed.body.code).toBe('unsupported_encoding');
    const large = JSON.stringify({ large: 'x'.repeat(5 * 1024 * 1024) });
    expect((await shopify('shop/update', large, secret)).body.code).toBe('too_large');
  });
});
