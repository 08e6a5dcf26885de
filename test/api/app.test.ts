import { describe, expect, test } from 'vitest';
import { createKey, listKeys, revokeKey } from '#db/keys.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const stopping = new AbortController();
let temporal: () => Promise<boolean> = async () => true;
const gateway = await testGateway(database, { stopping: stopping.signal, temporal: { healthy: () => temporal() } });
const { call, request, apiKey } = gateway;

describe('errors are problem+json', () => {
  const key = { authorization: `Bearer ${apiKey}` };
  const json = { ...key, 'content-type': 'application/json' };
  test.each<[string, string, RequestInit, number, string]>([
    ['an unknown page', '/nowhere', {}, 404, 'not_found'],
    ['an unknown page of the API', '/api/v1/nowhere', { headers: key }, 404, 'not_found'],
    ['another method', '/api/v1/products', { method: 'DELETE', headers: key }, 405, 'method_not_allowed'],
    ['a form', '/api/v1/products', { method: 'PUT', headers: key, body: new URLSearchParams('a=b') }, 415, 'not_json'],
    ['no body type', '/api/v1/sources', { method: 'POST', headers: key }, 415, 'not_json'],
    ['broken JSON', '/api/v1/sources', { method: 'POST', headers: json, body: '{"a":' }, 400, 'malformed_json'],
    ['an empty body', '/api/v1/sources', { method: 'POST', headers: json, body: '' }, 400, 'invalid_request'],
    [
      'a body of 6 MB',
      '/api/v1/sources',
      { method: 'POST', headers: json, body: `"${'x'.repeat(6e6)}"` },
      413,
      'too_large',
    ],
    [
      'another charset',
      '/api/v1/sources',
      { method: 'POST', headers: { ...key, 'content-type': 'application/json; charset=koi8-r' }, body: '{}' },
      415,
      'unsupported_encoding',
    ],
    [
      'an unknown encoding',
      '/api/v1/sources',
      { method: 'POST', headers: { ...json, 'content-encoding': 'zz' }, body: '{}' },
      415,
      'unsupported_encoding',
    ],
    [
      'broken gzip',
      '/api/v1/sources',
      { method: 'POST', headers: { ...json, 'content-encoding': 'gzip' }, body: '{}' },
      400,
      'malformed_request',
    ],
    ['a broken path', '/api/v1/products/%E0%A4%A', { headers: key }, 400, 'malformed_request'],
    ['no key', '/api/v1/products', {}, 401, 'unauthorized'],
  ])('%s', async (_what, path, init, status, code) => {
    const answer = await request(path, init);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer).toMatchObject({ status, body: { status, code, type: `/docs/errors#${code}` } });
    expect(answer.body.instance).toBe(`urn:request:${answer.headers.get('x-request-id')}`);
  });

  test('405 says what is allowed, and so does OPTIONS', async () => {
    const headers = { authorization: `Bearer ${apiKey}` };
    const refused = await request('/api/v1/products', { method: 'DELETE', headers });
    expect(refused.headers.get('allow')).toBe('GET, PUT, HEAD, OPTIONS');
    const asked = await request('/api/v1/products', { method: 'OPTIONS', headers });
    expect([asked.status, asked.headers.get('allow')]).toEqual([204, 'GET, PUT, HEAD, OPTIONS']);
  });

  test('a request id is kept where it is a sane one', async () => {
    const given = await request('/healthz', { headers: { 'x-request-id': 'abc-123' } });
    expect(given.headers.get('x-request-id')).toBe('abc-123');
    const odd = await request('/healthz', { headers: { 'x-request-id': 'a b\tc"' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f]{12}-/);
  });
});

describe('keys', () => {
  test('are shown once and kept as hashes', async () => {
    const made = await call('POST', '/sources', { name: 'site' });
    expect(made).toMatchObject({ status: 201, body: { name: 'site', revokedAt: null } });
    expect(made.body.writeKey).toMatch(/^vsw_[\w-]{32}$/);
    const { body } = await call('GET', '/sources');
    expect(body.items).toEqual([expect.objectContaining({ id: made.body.id, name: 'site' })]);
    expect(JSON.stringify(body)).not.toContain(made.body.writeKey);
    const stored = await database.db.selectFrom('sources').selectAll().executeTakeFirstOrThrow();
    expect(JSON.stringify(stored)).not.toContain(made.body.writeKey);
    expect((await call('POST', '/sources', { name: 'site' })).body.code).toBe('key_name_taken');
  });

  test('a new API key works at once, a revoked one no more', async () => {
    const { body } = await call('POST', '/api-keys', { name: 'reports' });
    const withIt = () => request('/api/v1/products', { headers: { authorization: `Bearer ${body.key}` } });
    expect((await withIt()).status).toBe(200);
    expect((await call('DELETE', `/api-keys/${body.id}`)).status).toBe(204);
    expect((await withIt()).status).toBe(401);
    expect((await call('DELETE', '/api-keys/0195a000-0000-7000-8000-000000000000')).body.code).toBe('key_not_found');
  });

  test('a key cannot revoke itself', async () => {
    const own = (await listKeys(database.db, 'api_keys')).find((key) => key.name === 'tests');
    expect((await call('DELETE', `/api-keys/${own?.id}`)).body.code).toBe('own_key');
  });

  test('a write key is no API key', async () => {
    const source = await createKey(database.db, 'sources', 'shop', new Date());
    const answer = await request('/api/v1/products', { headers: { authorization: `Bearer ${source?.key}` } });
    expect(answer.status).toBe(401);
    await revokeKey(database.db, 'sources', source?.id ?? '', new Date());
  });

  test('wrong ones are slowed down, the right one is not', async () => {
    const headers = { authorization: 'Bearer vsk_guess', 'x-forwarded-for': '203.0.113.7' };
    const wrong = () => request('/api/v1/products', { headers });
    const answers = await Promise.all(Array.from({ length: 60 }, wrong));
    const limited = answers.find((answer) => answer.status === 429);
    expect(limited?.body.code).toBe('too_many_wrong_keys');
    expect(Number(limited?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await call('GET', '/products')).status).toBe(200);
  });
});

describe('health', () => {
  test('is ready while both parts answer, and says which one does not and what to do', async () => {
    expect(await request('/readyz')).toMatchObject({ status: 200, body: { status: 'ready' } });
    for (const failing of [
      async () => false,
      () => Promise.reject(new Error('away')),
      () => new Promise<never>(() => {}),
    ]) {
      temporal = failing;
      const answer = await request('/readyz');
      expect(answer).toMatchObject({
        status: 503,
        body: { parts: { database: { ok: true }, temporal: { ok: false } } },
      });
      expect(answer.body.parts.temporal.next).toContain('Temporal does not answer');
    }
    expect((await request('/readyz/intake')).status).toBe(200);
    temporal = async () => true;
  });

  test('turns traffic away while the process stops, though it is still up', async () => {
    stopping.abort();
    expect(await request('/readyz')).toMatchObject({ status: 503, body: { status: 'stopping' } });
    expect((await request('/healthz')).status).toBe(200);
  });
});

test('metrics name routes, not people', async () => {
  await call('GET', '/customers?email=secret%40example.com');
  const { text } = await request('/metrics');
  expect(text).toMatch(
    /vestnik_http_request_duration_seconds_count\{method="GET",route="\/api\/v1\/customers",status="200"\} 1/,
  );
  expect(text).toContain('vestnik_intake_waiting 0');
  expect(text).not.toContain('secret');
});
