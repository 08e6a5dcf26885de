import { expect, test } from 'vitest';
import { scaledClock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { startSystem } from '#test/support/system.ts';
import { devServer } from '#test/support/temporal.ts';

// A day in two seconds on Temporal's dev server: real timers, real signals, real retries.
const clock = scaledClock({ origin: Date.now(), scale: durationMs('P1D') / 2_000 });
const system = await startSystem(await devServer(), { clock });
const customer = customers(system);
await system.stock({ id: 'lamp' });

test('on a real server, in scaled time: four messages to who leaves, none more to who buys', async () => {
  // A slow machine makes a message late by hours of this clock; that is not what is tested here.
  const steps = ['cart-reminder', 'cart-still-here', 'cart-questions', 'cart-last-call'];
  const after = ['PT0S', 'PT3H', 'P1D', 'P3D'];
  const cart = {
    idle: 'PT30M',
    steps: steps.map((message, index) => ({ message, after: after[index], validFor: 'P30D' })),
  };
  await system.settings({ branches: { cart } });
  await system.put('/settings/policy', { rules: [] });
  const [leaver, buyer] = [await customer(), await customer()];
  await system.track(leaver.id, 'Product Added', { product_id: 'lamp' });
  await system.track(buyer.id, 'Product Added', { product_id: 'lamp' });
  await expect.poll(buyer.templates).toContain('cart-reminder');
  await system.track(buyer.id, 'Order Completed', orderOf('lamp'));
  await expect.poll(buyer.outcome).toBe('goal');
  await expect.poll(leaver.outcome).toBe('completed');
  expect(await leaver.templates()).toEqual(steps);
  expect((await buyer.templates()).length).toBeLessThan(4);
  const [first, second, third, fourth] = await leaver.acceptedAt();
  const hours = (from?: Date, to?: Date) => ((to?.getTime() ?? 0) - (from?.getTime() ?? 0)) / 3_600_000;
  expect(hours(first, second)).toBeGreaterThanOrEqual(3);
  expect(hours(second, third)).toBeGreaterThanOrEqual(24);
  expect(hours(third, fourth)).toBeGreaterThanOrEqual(72);
});
