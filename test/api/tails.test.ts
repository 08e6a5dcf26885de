import { expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer, plantMessages } from '#test/support/messages.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { call, deps } = await testGateway(database);
const now = deps.clock.now();
const sent = new Date(now.getTime() - 90 * 86_400_000);
const customer_id = await plantCustomer(database.db, sent);

/** A message that was opened so long after it was accepted. */
const opened = (ms: number, more: object = {}) => ({
  customer_id,
  reserved_at: sent,
  opened_at: new Date(sent.getTime() + ms),
  opened_by: 'human' as const,
  ...more,
});
const minute = 60_000;

await plantMessages(database.db, [
  // Opened after 10, 20 … 210 minutes, told in no order.
  ...Array.from({ length: 21 }, (_, index) => opened((((index * 8) % 21) + 1) * 10 * minute)),
  ...[1000, 2000, 4001].map((ms) => opened(ms, { block: 'cart-2' })),
  opened(durationMs('P2DT1H'), { block: 'cart-2', channel: 'telegram' }),
  opened(5000, { opened_by: 'machine' }),
  opened(5000, { opened_by: 'unknown' }),
  opened(5000, { journey: 'welcome' }),
  opened(5000, { state: 'delivered', accepted_at: null }),
  opened(0, { block: 'cart-3', reserved_at: new Date(sent.getTime() - 400 * 86_400_000) }),
  { customer_id, reserved_at: sent },
]);

test('the quantiles of known opens, to the last digit', async () => {
  const { body } = await call('GET', '/journeys/abandonment/tails');
  const early = { count: 3, p50: 'PT2S', p80: 'PT3.201S', p90: 'PT3.601S', p95: 'PT3.801S', suggestedAfter: null };
  const late = { count: 1, p50: 'P2DT1H', p80: 'P2DT1H', p90: 'P2DT1H', p95: 'P2DT1H', suggestedAfter: null };
  expect(body.blocks).toEqual([
    {
      block: 'cart-1',
      channel: 'email',
      count: 21,
      p50: 'PT1H50M',
      p80: 'PT2H50M',
      p90: 'PT3H10M',
      p95: 'PT3H20M',
      suggestedAfter: 'PT3H30M',
    },
    { block: 'cart-2', channel: 'email', ...early },
    { block: 'cart-2', channel: 'telegram', ...late },
  ]);
});

test('all blocks of a journey together, by channel: 24 opens of e-mail, the three of `cart-2` first', async () => {
  const { body } = await call('GET', '/journeys/abandonment/tails');
  expect(body).toMatchObject({ journey: 'abandonment', channels: [{ channel: 'email' }, { channel: 'telegram' }] });
  // Type 7: 23 gaps; 0.9 × 23 = 20.7 lies between the opens of 180 and 190 minutes, 0.5 × 23 = 11.5 between 90 and 100.
  expect(body.channels[0]).toMatchObject({ count: 24, p50: 'PT1H35M', p90: 'PT3H7M', suggestedAfter: 'PT3H30M' });
});

test('a window takes the messages that were decided in it', async () => {
  const old = new Date(sent.getTime() - 400 * 86_400_000).toISOString();
  const { body } = await call('GET', `/journeys/abandonment/tails?from=${old}&to=${sent.toISOString()}`);
  expect(body).toMatchObject({
    from: old,
    to: sent.toISOString(),
    blocks: [{ block: 'cart-3', count: 1 }],
  });
  expect((await call('GET', '/journeys/nonsense/tails')).body.code).toBe('journey_not_found');
});
