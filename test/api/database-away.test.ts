import { expect, test } from 'vitest';
import { connect, createPool } from '#db/connect.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

const nowhere = createPool('postgres://vestnik@127.0.0.1:9/nowhere');
const { call, request } = await testGateway(await freshDatabase(), { db: connect(nowhere) });

test('the API says that the database is away and when to come again', async () => {
  expect(await call('GET', '/products')).toMatchObject({ status: 503, body: { code: 'unavailable' } });
});

test('readyz says what to do; the process itself is healthy, and its own metrics can be read', async () => {
  const ready = await request('/readyz');
  expect(ready).toMatchObject({ status: 503, body: { parts: { database: { ok: false }, temporal: { ok: true } } } });
  expect(ready.body.parts.database.next).toContain('PostgreSQL does not answer');
  expect((await request('/readyz/intake')).status).toBe(503);
  expect((await request('/healthz')).status).toBe(200);
  expect((await request('/metrics')).text).toContain('vestnik_http_request_duration_seconds');
});
