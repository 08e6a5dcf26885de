import { expect, test } from 'vitest';
import { scaledClock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { orderOf } from '#test/support/customers.ts';
import { devServer } from '#test/support/temporal.ts';
import { fates } from './fates.ts';
import { customerOf, play, stockShop, track } from './scripts.ts';
import { start } from './support.ts';
import { machineWorld, serverWorld, type World } from './worlds.ts';

// A sample on a real server in scaled time. What is sent, decided and comes of it is compared, but no instants: there an hour is a
// blink, and a server is late by several. So all that happens is a day apart.

const dayMs = 1_500;
const day = durationMs('P1D');
const clock = scaledClock({ origin: Date.now(), scale: day / dayMs });
const days = 8;
const whole = { validFor: 'P30D' };

const series = (...messages: string[]) => messages.map((message) => ({ message, after: 'P2D', ...whole }));
const off = { enabled: false };
const settings = {
  abandonment: {
    branches: { cart: { idle: 'P1D', steps: series('cart-reminder', 'cart-still-here', 'cart-questions') } },
  },
  welcome: { branches: { b2c: series('how-it-works', 'originals', 'try-on') }, afterOrder: 'end' },
  'order-confirmation': { enabled: true, ...whole },
  'opt-in': off,
};

const cart = { product_id: 'lamp', quantity: 1 };
const script = [
  ...['leaver', 'buyer', 'unsubscriber'].map((who) => ({ day: 0, who, act: track(who, 'Product Added', cart) })),
  ...['newcomer', 'ordering'].map((who) => ({ day: 0, who, act: track(who, 'Signed Up') })),
  { day: 2, who: 'buyer', act: track('buyer', 'Order Completed', orderOf('lamp')) },
  { day: 2, who: 'unsubscriber', act: track('unsubscriber', 'Unsubscribed', { channel: 'email' }) },
  { day: 3, who: 'ordering', act: track('ordering', 'Order Completed', orderOf('rug')) },
  { day: 3, who: 'asking', act: asks },
];
const customers = [...new Set(script.map(({ who }) => who))];

async function asks(world: World): Promise<void> {
  const send = { template: 'password-reset', data: { link: 'https://shop.example/reset' } };
  await world.call('POST', '/messages', { customerId: await customerOf(world, 'asking'), ...send });
}

async function live(world: World): Promise<Record<string, string[]>> {
  await stockShop(world);
  for (const [journey, value] of Object.entries(settings))
    expect((await world.call('PUT', `/journeys/${journey}/settings`, value)).status).toBe(200);
  await world.call('PUT', '/settings/policy', { rules: [] });
  for (const who of customers)
    await world.send('identify', { userId: who, traits: { email: `${who}@example.com`, locale: 'en' } });
  const since = world.clock.now().getTime();
  const minutesOfDay = 1_440;
  const deeds = script.map((deed) => ({ ...deed, at: deed.day * minutesOfDay }));
  await play(world, since, deeds, days);
  const all = await fates(world, since);
  const lines = (told: string[]) =>
    told.filter((line) => /^\d (message|decision|run)/.test(line)).map((line) => line.replace(/ in place .*/, ''));
  return Object.fromEntries(Object.entries(all).map(([email, told]) => [email, lines(told)]));
}

const server = await serverWorld(await devServer(), {}, clock);
const machine = await machineWorld({}, start);

test('who leaves, buys, unsubscribes, signs up and asks: the same on the dev server in scaled time', {
  timeout: 300_000,
}, async () => {
  const expected = await live(machine);
  const of = (who: string) => expected[`${who}@example.com`] ?? [];
  expect(of('leaver').filter((line) => line.includes('accepted'))).toHaveLength(3);
  expect(of('newcomer').filter((line) => line.includes('accepted'))).toHaveLength(3);
  expect(of('buyer')).toContainEqual(expect.stringMatching(/run abandonment .* goal/));
  expect(of('ordering')).toContainEqual(expect.stringMatching(/message order-confirmation .* accepted/));
  expect(of('asking')).toContainEqual(expect.stringMatching(/message message .* accepted/));
  expect(await live(server)).toEqual(expected);
});
