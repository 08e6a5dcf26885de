import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { expect, inject, test } from 'vitest';
import { deliver } from '#activities/deliver.ts';
import type { ActivityDeps } from '#activities/deps.ts';
import { enter } from '#activities/enter.ts';
import type { Channel, SubmitResult } from '#channels/channel.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { recordProviderEvents } from '#db/provider-events.ts';
import { saveSettings } from '#db/settings.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import { defaultShop } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock, seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db, url } = await freshDatabase();
const start = new Date('2026-03-02T09:00:00Z');
const clock = manualClock(start);
const renderer = await createRenderer();
await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'test', start);

const accepted: SubmitResult = { result: 'accepted', providerId: 'Q1' };

function worker(submit: Channel['submit'], reached?: ActivityDeps['reached']): ActivityDeps {
  return {
    db,
    clock,
    channels: { email: { name: 'email', provider: 'test', submit, close: async () => {} } },
    renderer,
    publicUrl: 'https://shop.example/vestnik',
    secret: 'a secret of the tests, long enough to sign links with',
    log: { info() {}, warn() {} },
    ...(reached && { reached }),
  };
}

/** A run whose first cart message is due. */
async function dueCart(): Promise<DeliverRequest> {
  clock.set(start);
  const { journey, customerId, key, triggerAt, time } = await seedCart(db, start);
  const answer = await enter(
    worker(async () => accepted),
    { journey, customerId, key, triggerAt, time },
  );
  if (!answer.entered) throw new Error(answer.outcome);
  clock.set(answer.next.due);
  const { block, iteration } = answer.next;
  return { runId: answer.runId, journey, customerId, key, ask: 1, block, iteration, channel: 'email' };
}

async function admin(statement: string): Promise<void> {
  const server = new URL(inject('postgresUrl'));
  server.pathname = '/postgres';
  const client = new pg.Client({ connectionString: server.href });
  await client.connect();
  await client.query(statement);
  await client.end();
}

const messagesOf = (runId: string) =>
  db
    .selectFrom('messages')
    .select(['block', 'state', 'provider_id'])
    .where('run_id', '=', runId)
    .orderBy('id')
    .execute();
const runOf = (runId: string) =>
  db.selectFrom('runs').select(['asked', 'block']).where('id', '=', runId).executeTakeFirstOrThrow();

test('a database that restarts between submitting and recording: what the provider said is not lost', async () => {
  const request = await dueCart();
  const name = new URL(url).pathname.slice(1);
  let back: Promise<void> = Promise.resolve();
  const goesAway = async (point: string) => {
    if (point !== 'submitted') return;
    await admin(`alter database ${name} with allow_connections false`);
    await admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`);
    back = sleep(400).then(() => admin(`alter database ${name} with allow_connections true`));
  };
  const answer = await deliver(
    worker(async () => accepted, goesAway),
    request,
  );
  await back;
  expect(answer.next?.block).toBe('cart-2');
  expect(await messagesOf(request.runId)).toEqual([{ block: 'cart-1', state: 'accepted', provider_id: 'Q1' }]);
});

test('an answer that comes after its lease was judged corrects the ledger, and moves the run nowhere', async () => {
  const request = await dueCart();
  const submitting = Promise.withResolvers<void>();
  const provider = Promise.withResolvers<SubmitResult>();
  const frozen = deliver(
    worker(() => {
      submitting.resolve();
      return provider.promise;
    }),
    request,
  );
  await submitting.promise;
  await db
    .updateTable('messages')
    .set({ lease_until: new Date(0) })
    .where('run_id', '=', request.runId)
    .execute();
  const awake = worker(async () => accepted);
  const judged = await deliver(awake, request);
  clock.set(judged.next?.due ?? 0);
  const second = await deliver(awake, { ...request, ask: 2, block: 'cart-2' });
  expect(second.next?.block).toBe('cart-3');
  const before = await runOf(request.runId);
  provider.resolve(accepted);
  await frozen;
  expect(await runOf(request.runId)).toEqual(before);
  const blocks = db.selectFrom('run_blocks').select('block').where('run_id', '=', request.runId);
  expect((await blocks.where('left_at', 'is', null).execute()).map(({ block }) => block)).toEqual(['cart-3']);
  expect((await messagesOf(request.runId)).map(({ state }) => state)).toEqual(['accepted', 'accepted']);
});

test.each(['delivered', 'bounced'] as const)(
  'a provider that tells "%s" before it answers: both count',
  async (kind) => {
    const request = await dueCart();
    let told: OutboxRow[] = [];
    const answer = await deliver(
      worker(async ({ id }) => {
        const about = { message: { id }, channel: 'email', address: null, by: null, reason: null } as const;
        const source = { sourceId: randomUUID(), provider: 'test', key: 'first', at: clock.now() };
        told = (
          await recordProviderEvents(db, [{ kind, ...about, ...source }], {
            now: clock.now(),
            rules: { shop: defaultShop, journeys: [], confirming: null },
          })
        ).outbox;
        return accepted;
      }),
      request,
    );
    expect(answer.next).not.toBeNull();
    const state = kind === 'delivered' ? 'delivered' : 'failed';
    expect(await messagesOf(request.runId)).toEqual([{ block: 'cart-1', state, provider_id: 'Q1' }]);
    expect(told.map(({ signal }) => signal)).toEqual(kind === 'delivered' ? [] : ['advance']);
  },
);
