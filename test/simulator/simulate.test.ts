import { execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { scaledClock } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { testGateway } from '#test/api/support.ts';
import { freshDatabase } from '#test/support/database.ts';

const script = join(import.meta.dirname, '../../scripts/simulate.ts');
const database = await freshDatabase();
// A day in a second; begun long ago, so that the shop's time is far from ours.
const clock = scaledClock({ origin: Date.now() - 3_600_000, scale: durationMs('P1D') / 1000 });
const gateway = await testGateway(database, {
  clock,
  intake: createIntake({ pool: database.pool, clock, routing: {}, onOutbox: () => {} }),
});
const source = await createKey(database.db, 'sources', 'simulated shop', clock.now());
const writeKey = source?.key ?? '';

const to = (options: Record<string, string>) =>
  Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
const keys = { url: gateway.url, 'write-key': writeKey, 'api-key': gateway.apiKey, scale: String(clock.time.scale) };

function simulate(options: Record<string, string>): Promise<{ code: number; said: string }> {
  const args = [script, ...to({ data: inject('runFolder'), ...options })];
  return new Promise((resolve) => {
    execFile(process.execPath, args, { env: { PATH: process.env.PATH } }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), said: stdout + stderr }),
    );
  });
}

const secrets = async () => (await gateway.call('GET', '/webhook-secrets')).body.items;
const eventsOf = (seed: number) =>
  database.db
    .selectFrom('events')
    .select(['name', 'occurred_at', 'message_id'])
    .where('message_id', 'like', `sim-${seed}-%`)
    .execute();

test('npm run simulate: a shop against a gateway, in the gateway’s time, to a clean end', async () => {
  const began = clock.now().getTime();
  const { code, said } = await simulate({ ...keys, customers: '40', days: '4', seed: '5' });
  expect(said).toContain('The simulated shop is closed.');
  expect(code).toBe(0);
  const events = await eventsOf(5);
  // It says so more than once on its last day: the last word counts.
  const told = Number([...said.matchAll(/day 4\.0 of 4 · (\d+) events/g)].at(-1)?.[1]);
  expect(events.length).toBe(told);
  expect(new Set(events.map(({ name }) => name))).toContain('Product Viewed');
  const times = events.map(({ occurred_at }) => occurred_at.getTime());
  expect(Math.min(...times)).toBeGreaterThan(began);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThan(4 * 86_400_000 + 3_600_000);
  expect((await gateway.call('GET', '/products?limit=1')).body.items).toHaveLength(1);
  expect(await secrets()).toEqual([]);
});

test('office supplies: regions have offers of their own, goods and companies their industry, and the gateway takes it all', async () => {
  const { code, said } = await simulate({ ...keys, customers: '20', days: '3', seed: '8', assortment: 'office' });
  expect(said).toContain('The simulated shop is closed.');
  expect(code).toBe(0);
  const { items } = (await gateway.call('GET', '/products?limit=100')).body as { items: Product[] };
  const regions = new Set(items.flatMap(({ offers }) => offers.map(({ region }) => region)));
  expect([...regions]).toEqual(expect.arrayContaining(['msk', 'spb', 'ekb', 'nsk', 'vvo']));
  expect(items.some(({ attributes }) => attributes.consumable === true && attributes.industries)).toBe(true);
  const customers = await database.db.selectFrom('customers').select('traits').execute();
  expect(customers.some(({ traits }) => (traits as { industry?: string }).industry)).toBe(true);
});

interface Product {
  attributes: { consumable?: boolean; industries?: string[] };
  offers: { region: string }[];
}

test('Ctrl-C closes it at once, and leaves no secret behind', async () => {
  const child = spawn(process.execPath, [script, ...to({ ...keys, seed: '6', customers: '40', days: '1000' })]);
  const ended = new Promise((resolve) => child.on('exit', resolve));
  await expect.poll(async () => (await eventsOf(6)).length).toBeGreaterThan(0);
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  expect(await secrets()).toEqual([]);
});

test('what cannot be says what to do', async () => {
  const { 'api-key': _, ...without } = keys;
  expect((await simulate({})).said).toContain('say --url, --write-key and --api-key');
  expect((await simulate(without)).said).toContain('say --write-key and --api-key');
  expect((await simulate({ ...keys, customers: 'many' })).said).toContain('give a whole number from 1 on');
  const wrong = await simulate({ ...keys, 'api-key': 'vsk_wrong' });
  expect(wrong).toMatchObject({ code: 1, said: expect.stringContaining('Is the key right (--write-key, --api-key)?') });
  const misspelt = await simulate({ ...keys, customer: '5' });
  expect(misspelt.said).toContain('the options are --customers');
});
