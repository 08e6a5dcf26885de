import fc from 'fast-check';
import { test } from 'vitest';
import { history, live } from './queue-history.ts';
import { brokenPromises } from './queue-promises.ts';
import { queueWorld } from './queue-world.ts';
test('x', async () => {
  const world = await queueWorld({ seed: 'queues', start: new Date('2026-03-02T09:00:00Z') });
  const run = async (one: any) => {
    console.log(JSON.stringify(one.people), one.happenings.map((h: any) => `${h.gapMs} ${h.what} ${h.person} ${h.agoMs} ${h.repeats}`).join(' | '));
    const t = Date.now();
    const { item, said } = await live(world, one);
    console.log(Date.now() - t, 'ms', world.machine.counts, await brokenPromises(world, item, said));
  };
  await fc.assert(fc.asyncProperty(history, run), { numRuns: 5, seed: 6, endOnFailure: true });
}, 40_000);
