import { join } from 'node:path';
import { afterAll, expect, inject, test } from 'vitest';
import { readBusinessClock } from '#db/business-clock.ts';
import { connect, createPool } from '#db/connect.ts';
import { checkInvariants } from '#db/invariants.ts';
import { scaledClock } from '#domain/clock.ts';
import type { RuntimeFile } from '#scripts/start/runtime.ts';
import { processesOf, start } from '#test/scripts/starting.ts';
import { journeyRules } from '#test/support/rules.ts';

const data = join(inject('runFolder'), `demo-${process.pid}`);
const demo = start(data, ['--scale', '20000'], { script: 'scripts/demo.ts' });
afterAll(async () => {
  demo.child.kill('SIGKILL');
  await demo.ended;
});

test('npm run demo: customers shop, get letters, answer them; no promise is broken; Ctrl-C ends all of it', {
  timeout: 300_000,
}, async () => {
  const { databaseUrl } = await demo.ready();
  // Of what is told in a line now and then: messages came, and somebody opened one.
  await expect.poll(demo.output, { timeout: 90_000 }).toMatch(/· [1-9]\d* messages received · [1-9]\d* opened/);
  expect(await brokenIn(databaseUrl)).toEqual([]);
  demo.child.kill('SIGINT');
  expect(await demo.ended).toBe(0);
  await expect.poll(() => processesOf(data)).toEqual([]);
});

async function brokenIn(url: RuntimeFile['databaseUrl']) {
  const pool = createPool(url, 1);
  const db = connect(pool);
  const time = await readBusinessClock(db);
  const now = scaledClock(time ?? { origin: 0, scale: 1 }).now();
  const violations = await checkInvariants(db, { now, journeys: journeyRules() });
  await pool.end();
  return violations;
}
