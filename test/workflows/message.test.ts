import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers } from '#test/support/customers.ts';
import type { Mail } from '#test/support/mail.ts';
import { billableActions, historyText } from '#test/support/read-history.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

const system = await startSystem(await timeSkipping(), { shop: { channels: ['email', 'sms', 'telegram'] } });
const customer = customers(system);
const link = 'https://shop.example/reset/3f9a-secret-of-anna';
const reset = { template: 'password-reset', data: { link } };

async function post(body: object, key?: string) {
  await system.refresh();
  const answer = await system.call('POST', '/messages', body, key === undefined ? {} : { 'idempotency-key': key });
  await system.relayed();
  return answer;
}

async function taken(body: object, key?: string) {
  const { status, body: answer, text } = await post(body, key);
  expect(status, text).toBe(202);
  return answer;
}

/** What goes at once waits for no timer, so that skipping time does not wait for it. */
async function mailed(to: string, count: number): Promise<Mail[]> {
  await expect.poll(async () => (await system.inbox(to)).length, { timeout: 10_000 }).toBe(count);
  return system.inbox(to);
}
const ended = (id: string) =>
  expect
    .poll(
      async () => {
        const run = await system.db.selectFrom('runs').select('outcome').where('key', '=', id).executeTakeFirst();
        return run?.outcome;
      },
      { timeout: 10_000 },
    )
    .toBe('completed');

test('J16 a password link goes at once, to who may get no advertising, and its secret is nowhere afterwards', async () => {
  const anna = await customer({ firstName: 'Anna' });
  await system.track(anna.id, 'Unsubscribed');
  const { id, customerId } = await taken({ customerId: anna.customerId, ...reset });
  const [mail] = await mailed(anna.email, 1);
  expect(mail?.subject).toBe('Set a new password');
  expect(mail?.html).toContain(`href="${link}"`);
  expect(mail?.text).toContain(link);
  expect(mail?.headers['list-unsubscribe']).toBeUndefined();
  expect(mail?.text).not.toContain('/u/');
  await ended(id);
  const { body } = await system.call('GET', `/messages/${id}`);
  expect(body).toMatchObject({ id, customerId, journey: 'message', template: 'password-reset', state: 'accepted' });
  const list = await system.call('GET', `/messages?customerId=${customerId}`);
  expect(list.body.items.map((item: { id: string }) => item.id)).toEqual([id]);
  const [request, sent, exported] = await Promise.all([
    system.db.selectFrom('message_requests').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    system.db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow(),
    system.call('GET', `/customers/${customerId}/export`),
  ]);
  expect(request.data).toBeNull();
  expect(JSON.stringify([request, sent, exported.text])).not.toContain('secret-of-anna');
  const history = await system.environment.client.workflow
    .getHandle(workflowId('message', customerId, id))
    .fetchHistory();
  expect(historyText(history)).not.toContain('secret-of-anna');
  expect(billableActions(history)).toBeLessThanOrEqual(5);
});
