import fc from 'fast-check';
import { expect, test } from 'vitest';
import { checkInvariants } from '#db/invariants.ts';
import { type History, history, live } from './queue-history.ts';
import { brokenPromises } from './queue-promises.ts';
import { queueWorld } from './queue-world.ts';

/** VESTNIK_QUEUE_HISTORIES: how many random histories, for longer runs. */
const histories = Number(process.env.VESTNIK_QUEUE_HISTORIES ?? 60);
const hour = 3_600_000;
const seed = Number(process.env.VESTNIK_QUEUE_SEED ?? 6);

test(`random histories of queues break no promise (${histories} of them)`, async () => {
  const world = await queueWorld({ seed: 'queues', start: new Date('2026-03-02T09:00:00Z'), maxCached: 1 });
  const keepsPromises = async (one: History) => {
    expect(await brokenPromises(world, await live(world, one))).toEqual([]);
  };
  await fc.assert(fc.asyncProperty(history, keepsPromises), { numRuns: histories, seed, endOnFailure: true });
  const broken = await checkInvariants(world.db, { now: world.machine.clock.now(), isAtRest: true });
  // The followups of offers are not told: they are no part of this.
  expect(broken.filter(({ invariant }) => invariant !== 'the outbox is drained')).toEqual([]);
}, 3_600_000);

test('whoever waits for years keeps their place, whatever comes and goes: workflow runs follow one another', async () => {
  const world = await queueWorld({ seed: 'years', start: new Date('2026-03-02T09:00:00Z') });
  await world.register([
    ['anna', 'email'],
    ['boris', 'email'],
  ]);
  const [anna, boris] = await Promise.all(['anna', 'boris'].map((person) => world.customerOf(person, 'email')));
  if (!anna || !boris) return expect.unreachable();
  await world.ask('bag', 'join', anna);
  const before = world.machine.counts.started;
  for (let day = 0; day < 150; day++) {
    await world.machine.sleep(8 * 86_400_000);
    expect(await world.ask('bag', 'join', boris)).toMatchObject({ position: 2 });
    await world.ask('bag', 'leave', boris);
  }
  expect(world.machine.counts.started).toBeGreaterThan(before);
  await world.send({ event: 'Item Returned', userId: 'the shop', properties: { product_id: 'bag' } });
  await world.machine.sleep(1_000);
  expect(await world.ask('bag', 'join', anna)).toMatchObject({ position: 0, state: 'held' });
}, 300_000);

test('an offer that is given up while a dead worker still has it is judged once its lease is over, whatever has ended the hold', async () => {
  const world = await queueWorld({ seed: 'leases', start: new Date('2026-03-02T09:00:00Z') });
  const { db, machine } = world;
  await world.register([['anna', 'email']]);
  const anna = await world.customerOf('anna', 'email');
  if (!anna) return expect.unreachable();
  await world.ask('bag', 'join', anna);
  Object.assign(world.faults, { crash: 'submitted', leaseLives: true });
  const says = (event: string) => world.send({ event, userId: 'the shop', properties: { product_id: 'bag' } });
  const messages = () => db.selectFrom('messages').select(['block', 'state']).orderBy('id').execute();
  await says('Item Returned');
  // Longer than an offer is tried. Leases are wall time, and this one lives on.
  await machine.sleep(3 * hour);
  await says('Item Sold');
  await machine.sleep(hour);
  const overtaken = { block: 'overtaken', state: 'accepted' };
  expect(await messages()).toEqual([{ block: 'offer', state: 'submitting' }, overtaken]);
  await db
    .updateTable('messages')
    .set({ lease_until: new Date(0) })
    .where('state', '=', 'submitting')
    .execute();
  await machine.sleep(24 * hour);
  expect(await messages()).toEqual([{ block: 'offer', state: 'unknown' }, overtaken]);
  expect(await checkInvariants(db, { now: machine.clock.now(), isAtRest: true })).toEqual([]);
});

test('stopped by a person, a queue waits for no lease', async () => {
  const world = await queueWorld({ seed: 'stopped', start: new Date('2026-03-02T09:00:00Z') });
  const { db, machine } = world;
  await world.register([['anna', 'email']]);
  const anna = await world.customerOf('anna', 'email');
  if (!anna) return expect.unreachable();
  await world.ask('bag', 'join', anna);
  Object.assign(world.faults, { crash: 'submitted', leaseLives: true });
  await world.send({ event: 'Item Returned', userId: 'the shop', properties: { product_id: 'bag' } });
  await machine.sleep(1_000);
  expect(await machine.port.cancel('reservation:bag')).toBe(true);
  await machine.sleep(1_000);
  expect(await db.selectFrom('messages').select('state').execute()).toEqual([{ state: 'unknown' }]);
  expect(await machine.port.describe('reservation:bag')).toMatchObject({ state: 'cancelled' });
});
