import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
import { MockActivityEnvironment } from '@temporalio/testing';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { ActivityDeps } from '#activities/deps.ts';
import { createActivities } from '#activities/index.ts';
import type { Channel } from '#channels/channel.ts';
import { saveSettings } from '#db/settings.ts';
import type { DeliverRequest } from '#domain/journey.ts';
import { defaultShop } from '#domain/shop.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { manualClock, seedCart } from '#test/support/cart.ts';
import { freshDatabase } from '#test/support/database.ts';

const { db } = await freshDatabase();
const start = new Date('2026-03-02T09:00:00Z');
const clock = manualClock(start);
const renderer = await createRenderer();
await saveSettings(db, 'shop', { ...defaultShop, quietHours: { from: '00:00', to: '00:00' } }, 'test', start);

const channel = (submit: Channel['submit']): Channel => ({
  name: 'email',
  provider: 'test',
  submit,
  close: async () => {},
});

/** What Temporal's history would hold of an activity that failed. */
async function historyOf(activity: () => Promise<unknown>): Promise<string> {
  const error = await new MockActivityEnvironment().run(activity).then(
    () => expect.fail('the activity was to fail'),
    (thrown: unknown) => thrown,
  );
  return JSON.stringify(defaultFailureConverter.errorToFailure(error, defaultPayloadConverter));
}

/** A run whose first cart message is due, and the worker that is to send it. */
async function due(email: string, submit: Channel['submit']) {
  const deps: ActivityDeps = {
    db,
    clock,
    channels: { email: channel(submit) },
    renderer,
    publicUrl: 'https://shop.example/vestnik',
    secret: 'a secret of the tests, long enough to sign links with',
    log: { info() {}, warn() {} },
  };
  const activities = createActivities(deps);
  clock.set(start);
  const { email: _, ...entry } = await seedCart(db, start, email);
  const answer = await activities.enter(entry);
  if (!answer.entered) throw new Error(answer.outcome);
  clock.set(answer.next.due);
  const { journey, customerId, key } = entry;
  const { block, iteration } = answer.next;
  const { runId } = answer;
  const request: DeliverRequest = { runId, journey, customerId, key, ask: 1, block, iteration, channel: 'email' };
  return () => activities.deliver(request);
}

test("what a database error quotes stays out of Temporal's history; its SQLSTATE is there", async () => {
  const deliver = await due('row@example.com', async () => ({ result: 'accepted', providerId: '1' }));
  await sql`alter table messages add constraint no_such_address check (address is distinct from 'row@example.com')`.execute(
    db,
  );
  const history = await historyOf(deliver);
  expect(history).not.toContain('row@');
  expect(history).toContain('23514');
  expect(history).toContain('src/db/submissions.ts');
});

test("what any other error quotes stays out of Temporal's history", async () => {
  const deliver = await due('parsed@example.com', async ({ to }) => JSON.parse(to));
  const history = await historyOf(deliver);
  expect(history).not.toContain('parsed@');
  expect(history).toContain('SyntaxError');
  const again = await due('said@example.com', async ({ to }) => {
    throw new Error(`cannot write to <${to}> today`, { cause: new Error(to) });
  });
  const other = await historyOf(again);
  expect(other).not.toContain('said@');
  expect(other).toContain('cannot write to <[address]> today');
});

test('a provider that cannot take a message now is named with its delay, not with the address', async () => {
  const deliver = await due('later@example.com', async () => ({ result: 'later', reason: '451', retryAfterMs: 5_000 }));
  const history = await historyOf(deliver);
  expect(history).toContain('ProviderUnavailable');
  expect(history).not.toContain('later@');
});
