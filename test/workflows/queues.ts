import { sql } from 'kysely';
import { expect } from 'vitest';
import type { Channel, OutgoingMessage, SubmitResult } from '#channels/channel.ts';
import { workflowId } from '#domain/ids.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { customers, type TestCustomer } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';

/** A shop with queues on the time-skipping server, whose providers do what a test says. */
export async function queueSystem(shop: Partial<ShopSettings> = {}) {
  const sent: OutgoingMessage[] = [];
  const answers: { next(channel: ChannelName, message: OutgoingMessage): SubmitResult | null } = { next: () => null };
  const channelOf = (name: ChannelName): Channel => ({
    name,
    provider: 'test',
    async submit(message) {
      const answer = answers.next(name, message) ?? { result: 'accepted', providerId: message.id };
      if (answer.result === 'accepted') sent.push(message);
      return answer;
    },
    close: async () => {},
  });
  const channels = Object.fromEntries(channelNames.map((name) => [name, channelOf(name)]));
  const system = await startSystem(await timeSkipping(), {
    shop: { channels: ['email', 'telegram'], ...shop },
    activities: { channels },
  });
  const customer = customers(system);
  const item = async (id: string) => (await system.call('GET', `/items/${id}`)).body;

  async function ask(method: string, path: string, body?: object) {
    await system.refresh();
    const answer = await system.call(method, path, body);
    expect(answer.status, answer.text).toBe(200);
    return answer.body;
  }

  return {
    system,
    sent,
    answers,
    customer,
    item,
    join: (id: string, { customerId }: TestCustomer) => ask('POST', `/items/${id}/queue`, { customerId }),
    leave: (id: string, { customerId }: TestCustomer) => ask('DELETE', `/items/${id}/queue/${customerId}`),
    says: (event: string, id: string, by = 'the shop') => system.track(by, event, { product_id: id }),
    orders: (by: string, id: string, orderId: string) =>
      system.track(by, 'Order Completed', {
        order_id: orderId,
        products: [{ product_id: id, quantity: 1, price: 10 }],
      }),
    cancels: (orderId: string) => system.track('the shop', 'Order Cancelled', { order_id: orderId }),
    /** Somebody with a chat, too. */
    async withTelegram(): Promise<TestCustomer> {
      const who = await customer();
      const chat = { kind: 'telegram', value: `chat of ${who.id}`, customer_id: who.customerId, since: new Date() };
      await system.db.insertInto('identities').values(chat).execute();
      return who;
    },
    /** What waits for no timer is not waited for by time that is skipped. */
    async becomes(id: string, expected: object) {
      await expect
        .poll(() => item(id))
        .toMatchObject(expected)
        .catch(explained(id));
      // Whatever is told beside it.
      await expect
        .poll(async () => open(id))
        .toBe(0)
        .catch(explained(id));
    },
    outcomes: async (id: string) =>
      (
        await system.db
          .selectFrom('queue_places')
          .select('outcome')
          .where('item_id', '=', id)
          .orderBy('number')
          .execute()
      ).map(({ outcome }) => outcome),
  };

  /** With what is on its way to the queue, and what its workflow is at. */
  function explained(id: string) {
    return async (error: Error): Promise<never> => {
      const handle = system.environment.client.workflow.getHandle(workflowId('reservation', id));
      const rows = (text: string) => sql`${sql.raw(text)}`.execute(system.db).then((result) => result.rows);
      const stands = {
        outbox: await rows('select workflow_id, signal, attempts, last_error from outbox'),
        unheard: await rows(`select what, customer_id, at from item_news where item_id = '${id}'`),
        activities: (await handle.describe().catch(() => null))?.raw.pendingActivities,
        history: (await handle.fetchHistory().catch(() => null))?.events?.slice(-12).map((event) => event.eventType),
      };
      error.message += `\n${JSON.stringify(stands, null, 1)}`;
      throw error;
    };
  }

  /** What is not yet told, and what was said and is not yet heard. */
  async function open(id: string): Promise<number> {
    await system.refresh();
    // The clocks of workers and tests agree to some milliseconds.
    const soon = new Date(system.clock.now().getTime() + 60_000);
    const { rows } = await sql<{ count: number }>`
      select (select count(*) from queue_notices where item_id = ${id} and done_at is null and due_at <= ${soon})
        + (select count(*) from item_news n join items i on i.id = n.item_id where i.id = ${id} and i.is_queued) as count`.execute(
      system.db,
    );
    return rows[0]?.count ?? 0;
  }
}
