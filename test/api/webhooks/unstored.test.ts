import { expect, test } from 'vitest';
import { Overloaded, RefusedEvents } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { testGateway } from '#test/api/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { signed } from './support.ts';

/** What intake answers next. */
let failing: Error = new Overloaded();
const database = await freshDatabase();
const submit = () => Promise.reject(failing);
const gateway = await testGateway(database, { intake: { submit } });
await gateway.call('POST', '/webhook-secrets', { source: 'woocommerce', name: 'shop', secret: 'of the shop' });
const key = (await createKey(database.db, 'sources', 'site', new Date()))?.key;

function webhook() {
  const body = JSON.stringify({ id: 1, email: 'a@example.com', date_modified_gmt: '2026-05-01T10:00:00' });
  const headers = { 'x-wc-webhook-topic': 'customer.updated', 'x-wc-webhook-signature': signed(body, 'of the shop') };
  return gateway.request('/webhooks/woocommerce', { method: 'POST', headers, body });
}

function operation() {
  const headers = { authorization: `Mindbox secretKey="${key}"` };
  const body = JSON.stringify({ customer: { email: 'a@example.com' } });
  return gateway.request('/v3/operations/async?operation=Website.EditCustomer', { method: 'POST', headers, body });
}

test('too much at once: both are told to come again', async () => {
  failing = new Overloaded();
  const refused = await webhook();
  expect(refused).toMatchObject({ status: 503, body: { code: 'overloaded' } });
  expect(refused.headers.get('retry-after')).toBe('1');
  const busy = await operation();
  expect(busy).toMatchObject({ status: 503, body: { status: 'InternalServerError', httpStatusCode: 503 } });
  expect(busy.headers.get('retry-after')).toBe('1');
});

test('a database that is away: nothing of what the row holds is told, and both may come again', async () => {
  failing = Object.assign(new Error('connection lost while storing a@example.com'), { code: '08006' });
  for (const answer of [await webhook(), await operation()]) {
    expect(answer.status).toBe(503);
    expect(answer.text).not.toContain('a@example.com');
  }
});

test('what the database can never take: a shop is answered with 200 and why, Mindbox says ValidationError', async () => {
  failing = new RefusedEvents([{ index: 0, reason: 'it cannot be stored' }]);
  expect(await webhook()).toMatchObject({ status: 200, body: { stored: 0, ignored: 'it cannot be stored' } });
  const refused = { status: 'ValidationError', validationMessages: [{ message: 'it cannot be stored' }] };
  expect(await operation()).toMatchObject({ status: 200, body: refused });
});
