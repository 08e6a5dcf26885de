import { expect, test } from 'vitest';
import { scaledClock } from '#domain/clock.ts';
import { workflowId } from '#domain/ids.ts';
import { keepHistory } from '#test/support/histories.ts';
import { startSystem } from '#test/support/system.ts';
import { devServer } from '#test/support/temporal.ts';

/** A business day takes two seconds, and it is Monday morning in Moscow when this begins. */
const scale = 43_200;
const monday = Date.parse('2026-06-01T10:00:00+03:00');
const origin = (Date.now() * scale - monday) / (scale - 1);

const environment = await devServer();
const system = await startSystem(environment, {
  clock: scaledClock({ origin, scale }),
  shop: { channels: ['email', 'sms'] },
});
await system.stock({ id: 'lamp' }, { id: 'chair' }, { id: 'table', category: 'Tables' });

/** A customer who can be written to, and the run that watches them. */
async function customer(userId: string): Promise<{ userId: string; run: string }> {
  await system.identify(userId, { email: `${userId}@example.com` });
  const { customer_id } = await system.db
    .selectFrom('identities')
    .select('customer_id')
    .where('value', '=', userId)
    .executeTakeFirstOrThrow();
  return { userId, run: workflowId('abandonment', customer_id, 'personal') };
}

async function ended(run: string): Promise<void> {
  await expect.poll(() => system.port.describe(run)).toMatchObject({ closedAt: expect.any(Date) });
}

async function sent(run: string, count: number): Promise<void> {
  const accepted = () =>
    system.db
      .selectFrom('messages')
      .innerJoin('runs', 'runs.id', 'messages.run_id')
      .where('runs.workflow_id', '=', run)
      .where('messages.state', '=', 'accepted')
      .select('messages.id')
      .execute();
  await expect.poll(async () => (await accepted()).length).toBeGreaterThanOrEqual(count);
}

const addToCart = (userId: string, product: string) =>
  system.track(userId, 'Product Added', { product_id: product, quantity: 1 });

test('record: a cart and its four messages', async () => {
  const { userId, run } = await customer('four-messages');
  await addToCart(userId, 'lamp');
  await ended(run);
  await keepHistory(environment, run, 'cart-four-messages');
});

test('record: a purchase after the first message', async () => {
  const { userId, run } = await customer('purchase');
  await addToCart(userId, 'lamp');
  await sent(run, 1);
  const products = [{ product_id: 'lamp', quantity: 1, price: 1000 }];
  await system.track(userId, 'Order Completed', { order_id: 'order-1', total: 1000, currency: 'RUB', products });
  await ended(run);
  await keepHistory(environment, run, 'purchase-after-first-message');
});

test('record: a view, then a cart', async () => {
  const { userId, run } = await customer('stronger-intent');
  await system.track(userId, 'Product Viewed', { product_id: 'chair' });
  await sent(run, 1);
  await addToCart(userId, 'table');
  await ended(run);
  await keepHistory(environment, run, 'view-then-cart');
});

test('record: a person stops the run', async () => {
  const { userId, run } = await customer('stopped');
  await addToCart(userId, 'lamp');
  await sent(run, 1);
  await system.port.cancel(run);
  await ended(run);
  await keepHistory(environment, run, 'stopped-by-a-person');
});

test('record: an e-mail bounces, and the message goes by SMS at once', async () => {
  const { userId, run } = await customer('bounced');
  await system.identify(userId, { phone: '+79161234567' });
  await system.track(userId, 'Subscribed', { channel: 'sms' });
  const channels = [{ channel: 'email', after: 'P3D' }, { channel: 'sms' }];
  const steps = [{ message: 'cart-reminder', after: 'PT0S', cascade: { channels } }];
  await system.settings({ branches: { cart: { idle: 'PT30M', steps } } });
  await addToCart(userId, 'lamp');
  await sent(run, 1);
  const failed = { state: 'failed', failed_at: system.clock.now(), failed_reason: 'no such mailbox' };
  const runId = system.db.selectFrom('runs').select('id').where('workflow_id', '=', run);
  await system.db.updateTable('messages').set(failed).where('run_id', '=', runId).execute();
  const at = system.clock.now().toISOString();
  await system.port.signal(run, { kind: 'advance', reason: 'failed', at });
  await ended(run);
  await keepHistory(environment, run, 'bounced-then-sms');
});
