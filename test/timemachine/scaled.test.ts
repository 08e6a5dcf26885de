import { expect, test } from 'vitest';
import { scaledClock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { orderOf } from '#test/support/customers.ts';
import { devServer } from '#test/support/temporal.ts';
import { fates } from './fates.ts';
import { register, stockShop } from './scripts.ts';
import { start } from './support.ts';
import { machineWorld, serverWorld, type World } from './worlds.ts';

// A sample on a real server in scaled time. There an hour is a blink, so that instants are not compared.

const clock = scaledClock({ origin: Date.now(), scale: durationMs('P1D') / 1_500 });
const who = ['leaver', 'buyer', 'unsubscriber'] as const;
const messages = ['cart-reminder', 'cart-still-here', 'cart-questions'];
const steps = messages.map((message) => ({ message, after: 'P2D', validFor: 'P30D' }));

async function live(world: World): Promise<Record<string, string[]>> {
  await stockShop(world);
  await world.call('PUT', '/journeys/abandonment/settings', { branches: { cart: { idle: 'P1D', steps } } });
  await world.call('PUT', '/settings/policy', { rules: [] });
  for (const [number, id] of who.entries()) await register(world, id, 2 * number + 1);
  const track = (userId: string, event: string, properties: object) =>
    world.send('track', { userId, event, properties });
  for (const id of who) await track(id, 'Product Added', { product_id: 'lamp', quantity: 1 });
  await world.pass(durationMs('P2D'));
  await track('buyer', 'Order Completed', orderOf('lamp'));
  await track('unsubscriber', 'Unsubscribed', { channel: 'email' });
  await world.pass(durationMs('P9D'));
  const all = await fates(world, 0);
  const told = (lines: string[]) =>
    lines.filter((line) => /^\d (message|run)/.test(line)).map((line) => line.replace(/ in place .*/, ''));
  return Object.fromEntries(Object.entries(all).map(([email, lines]) => [email, told(lines)]));
}

const server = await serverWorld(await devServer(), {}, clock);
const machine = await machineWorld({}, start);

test('who leaves, who buys and who unsubscribes: the same on the dev server in scaled time', {
  timeout: 60_000,
}, async () => {
  const expected = await live(machine);
  expect(expected['leaver@example.com']?.filter((line) => line.includes('accepted'))).toHaveLength(messages.length);
  expect(expected['buyer@example.com']?.at(-1)).toContain('goal');
  expect(await live(server)).toEqual(expected);
});
