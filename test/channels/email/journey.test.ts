import { expect, test } from 'vitest';
import { createEmailChannel } from '#channels/email/channel.ts';
import { customers } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { apiServer } from './api-server.ts';

/** A letter that bounces at its provider, and the next channel: journey, channel, webhook and signal together. */

const good = { status: 200, body: { MessageID: 'pm-1', ErrorCode: 0, Message: 'OK' } };
const api = await apiServer(good);
const system = await startSystem(await timeSkipping(), {
  only: ['abandonment'],
  shop: { channels: ['email', 'sms'] },
});
const email = await createEmailChannel(`postmark://TOKEN?api=${api.origin}`);
Object.assign(system.journeys.deps.channels, { email });
await system.call('POST', '/webhook-secrets', { source: 'postmark', name: 'tests', secret: 'a token of postmark' });
await system.stock({ id: 'lamp' });
const cart = { idle: 'PT30M', steps: [{ message: 'cart-reminder', after: 'PT0S', validFor: 'P3D' }] };
const step = (channel: string) => ({ channel, advanceWhen: 'not_opened', after: 'P1D' });
await system.settings({ cascade: { channels: [step('email'), step('sms')] }, branches: { cart } });
const customer = customers(system);

async function whoLeavesACart() {
  const phone = `+7916${String(api.asked.length).padStart(7, '0')}`;
  const someone = await customer({ phone });
  await system.track(someone.id, 'Subscribed', { channel: 'sms' });
  await system.track(someone.id, 'Product Added', { product_id: 'lamp' });
  return { ...someone, phone };
}

/** Postmark's word about the last letter that it got. */
async function bounces(): Promise<void> {
  const { Metadata, To: Email } = JSON.parse(api.asked.at(-1)?.body ?? '{}');
  const body = {
    RecordType: 'Bounce',
    ID: api.asked.length,
    Type: 'HardBounce',
    Email,
    Metadata,
    Details: '550 5.1.1',
  };
  const init = { method: 'POST', body: JSON.stringify(body) };
  expect((await system.request('/webhooks/postmark?token=a%20token%20of%20postmark', init)).status).toBe(200);
}

async function ledger(customerId: string): Promise<string[]> {
  const { items } = (await system.call('GET', `/messages?customerId=${customerId}`)).body;
  return items.toReversed().map(({ channel, state }: Record<string, string>) => `${channel} ${state}`);
}

test('that bounces later: the next channel goes at once, and the address is not written to again', async () => {
  const someone = await whoLeavesACart();
  await system.pass('40 minutes');
  expect(await ledger(someone.customerId)).toEqual(['email accepted']);
  await system.refresh();
  await bounces();
  await system.relayed();
  await system.pass('1 minute');
  expect(await ledger(someone.customerId)).toEqual(['email failed', 'sms accepted']);
  expect(await system.inbox(someone.phone)).toHaveLength(1);
  const { body } = await system.call('GET', `/customers/${someone.customerId}`);
  const byEmail = body.reachability.find(({ channel }: { channel: string }) => channel === 'email');
  expect(byEmail.marketing).toMatchObject({ reachable: false, reason: 'bounced' });
});

test('that bounces before the provider has even answered: the same', async () => {
  const someone = await whoLeavesACart();
  api.plan.before = async () => {
    await bounces();
    await system.relayed();
  };
  await system.pass('40 minutes');
  expect(await ledger(someone.customerId)).toEqual(['email failed', 'sms accepted']);
});
