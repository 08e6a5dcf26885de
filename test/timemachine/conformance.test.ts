import { sql } from 'kysely';
import { expect, test } from 'vitest';
import type { ChannelName } from '#domain/journey.ts';
import { presets } from '#presets/presets.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { settings as abandonment } from '#workflows/abandonment/settings.ts';
import { placeMinutes, play, register, scriptOf, stockShop } from './scripts.ts';
import { machineWorld, serverWorld, type World } from './worlds.ts';

// Each journey, on seeded customers: what is sent, decided and how it ends is the same on the time machine and on a server.

const days = 12;
const customers = ['anna', 'boris', 'vera', 'gleb', 'dina', 'egor', 'zoya', 'ilya', 'kira', 'lev', 'mila', 'oleg'];

interface Told {
  email: string;
  /** Business ms. */
  at: number | null;
  line: string;
}

/** Everything that became of each customer, with the places of its time; who is who is told by the address. */
async function fates(world: World, since: number): Promise<Record<string, string[]>> {
  const { rows } = await sql<Told>`
    select p.email, extract(epoch from t.at) * 1000 as at, t.line from (
      select customer_id, accepted_at as at, concat_ws(' ', '1 message', journey, block, iteration, template, channel, state, opened_by) as line from messages
      union all
      select customer_id, at, concat_ws(' ', '2 decision', journey, block, iteration, channel, decision, reason) from decisions
      union all
      select customer_id, entered_at, concat_ws(' ', '3 run', journey, key, outcome, block) from runs
      union all
      select customer_id, null, concat_ws(' ', '4 block', b.block, b.iteration, result, reason, count(*)) from run_blocks b join runs r on r.id = b.run_id
      group by customer_id, b.block, b.iteration, result, reason) t
    join profiles p on p.customer_id = t.customer_id and p.kind = 'personal'`.execute(world.db);
  const said = rows.map(({ email, at, line }) => {
    const place = at === null ? '' : ` in place ${Math.max(-1, Math.floor((at - since) / (placeMinutes * 60_000)))}`;
    return [email, `${line}${place}`] as const;
  });
  const of = (email: string) => said.filter(([whose]) => whose === email).map(([, line]) => line);
  return Object.fromEntries(
    [...new Set(said.map(([email]) => email))].sort().map((email) => [email, of(email).sort()]),
  );
}

const hour = 3_600_000;

/** Messages expire at no instant at which they may be due: a server is always some milliseconds late for it. */
function journeySettings() {
  const cascade = presets.dnk?.journeys.abandonment?.cascade;
  const { branches } = abandonment.parse({ cascade });
  for (const { steps } of Object.values(branches)) for (const step of steps) step.validFor = 'PT25H45M';
  return { cascade, branches };
}

const journey = journeySettings();

async function live(world: World, deeds = scriptOf(1, customers)): Promise<Record<string, string[]>> {
  await stockShop(world);
  await world.call('PUT', '/journeys/abandonment/settings', journey);
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
  ])
    expect(
      lines.some((line) => seen.test(line)),
      `the scripts come across ${seen}`,
    ).toBe(true);
  expect(await live(machine)).toEqual(expected);
  expect(await live(forgetful), 'every run is rebuilt before each workflow task').toEqual(expected);
});
