import { expect, test } from 'vitest';
import type { ChannelName } from '#domain/journey.ts';
import { presets } from '#presets/presets.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { settings as abandonment } from '#workflows/abandonment/settings.ts';
import { fates } from './fates.ts';
import { offersTo, play, register, scriptOf, stockShop } from './scripts.ts';
import { machineWorld, serverWorld, type World } from './worlds.ts';

// Each journey, on seeded customers: what is sent, decided and how it ends is the same on the time machine and on a server.

const days = 12;
const customers = ['anna', 'boris', 'vera', 'gleb', 'dina', 'egor', 'zoya', 'ilya', 'kira', 'lev', 'mila', 'oleg'];

const hour = 3_600_000;

/** Messages expire at no instant at which they may be due: a server is always some milliseconds late for it. */
function journeySettings() {
  const cascade = presets.dnk?.journeys.abandonment?.cascade;
  const { branches } = abandonment.parse({ cascade });
  for (const { steps } of Object.values(branches)) for (const step of steps) step.validFor = 'PT25H45M';
  return { cascade, branches };
}

const journey = journeySettings();

const offered = offersTo(['boris', 'vera', 'gleb', 'egor', 'kira', 'oleg']);
const deeds = [...scriptOf(1, customers), ...offered].sort((a, b) => a.at - b.at);
const followup = {
  promo: { pool: 'followup' },
  series: ['other-items', 'promo-code'].map((message) => ({ message, after: 'P1D', validFor: 'PT25H45M' })),
};
const pool = {
  name: 'followup',
  sizes: [{ percent: 5 }],
  expiry: { after: 'P7D' },
  generated: { pattern: 'OTHER-??????', ahead: 2 },
};

async function live(world: World): Promise<Record<string, string[]>> {
  await stockShop(world);
  await world.call('PUT', '/journeys/abandonment/settings', journey);
  await world.call('POST', '/promo-pools', pool);
  await world.call('PUT', '/journeys/reservation-followup/settings', followup);
  for (const [number, who] of customers.entries()) await register(world, who, number);
  // What waits for an hour of the day then waits for a place that no deed has.
  const since = Math.ceil(world.clock.now().getTime() / hour) * hour;
  await world.pass(since - world.clock.now().getTime());
  await play(world, deeds, days);
  return fates(world, since);
}

const shop = { channels: ['email', 'viber', 'sms'] as ChannelName[], doubleOptIn: ['email'] as ChannelName[] };
const server = await serverWorld(await timeSkipping(), shop);
// Hours of the day are the same for both.
const start = server.clock.now();
const machine = await machineWorld(shop, start);
const forgetful = await machineWorld(shop, start, 0);

test('what is sent, decided and how runs end is the same as on the time-skipping server', {
  timeout: 120_000,
}, async () => {
  const expected = await live(server);
  const lines = Object.values(expected).flat();
  for (const seen of [
    /message abandonment/,
    /message opt-in/,
    / viber accepted/,
    / sms accepted/,
    /run abandonment personal goal/,
    /message reservation-followup followup-2 1 promo-code email accepted/,
    /run reservation-followup lamp goal/,
  ])
    expect(
      lines.some((line) => seen.test(line)),
      `the scripts come across ${seen}`,
    ).toBe(true);
  expect(await live(machine)).toEqual(expected);
  expect(await live(forgetful), 'every run is rebuilt before each workflow task').toEqual(expected);
});
