import { expect, test } from 'vitest';
import { timeSkipping } from '#test/support/temporal.ts';
import { journeyNames } from '#workflows/catalogue.ts';
import { fates } from './fates.ts';
import { journeyScripts, shop } from './journeys.ts';
import { play, registered, stockShop } from './scripts.ts';
import { machineWorld, serverWorld, type World } from './worlds.ts';

// Every journey, on seeded customers: what is sent, decided and how it ends is the same on the time machine and on a server.

/** What follows an order lasts a year. */
const days = 380;
const hour = 3_600_000;
const scripts = Object.entries(journeyScripts);
const customers = scripts.flatMap(([, script]) => script.customers);
const deeds = [...registered(customers), ...scripts.flatMap(([, script]) => script.deeds)];

async function live(world: World): Promise<Record<string, string[]>> {
  await stockShop(world);
  for (const [journey, { settings, promo }] of scripts) {
    if (promo) expect((await world.call('POST', '/promo-pools', promo)).status).toBe(201);
    const { status, text } = await world.call('PUT', `/journeys/${journey}/settings`, settings);
    expect(status, text).toBe(200);
  }
  // What waits for an hour of the day then waits for a place that no deed has.
  const since = Math.ceil(world.clock.now().getTime() / hour) * hour;
  await play(world, since, deeds, days);
  return fates(world, since);
}

test.for(journeyNames)('%s has a script', (name) => {
  expect(
    journeyScripts[name],
    `what ${name} does on the time machine is compared with no server: write it a script in test/timemachine/journeys.ts`,
  ).toBeDefined();
});

test('what is sent, decided and how runs end is the same as on the time-skipping server', {
  timeout: 900_000,
}, async () => {
  const server = await serverWorld(await timeSkipping(), shop);
  // Hours of the day are the same for both.
  const start = server.clock.now();
  const expected = await live(server);
  const lines = Object.values(expected).flat();
  const unseen = scripts.flatMap(([journey, { seen }]) =>
    seen.filter((line) => !lines.some((one) => line.test(one))).map((line) => `${journey}: ${line}`),
  );
  expect(unseen, 'what the scripts come across').toEqual([]);
  expect(await live(await machineWorld(shop, start))).toEqual(expected);
  expect(await live(await machineWorld(shop, start, 0)), 'every run is rebuilt before each task').toEqual(expected);
});
