import { expect, test } from 'vitest';
import { serverClock } from '#test/support/clock.ts';

/** A time-skipping server whose answers are heard when somebody says so. */
function slowServer() {
  const times = { wall: 0, skipped: 0 };
  const answers: (() => void)[] = [];
  const currentTimeMs = () => {
    const read = times.wall + times.skipped;
    return new Promise<number>((resolve) => answers.push(() => resolve(read)));
  };
  const hear = (which = 0) => answers.splice(which, 1)[0]?.();
  return { times, hear, environment: { currentTimeMs } };
}

async function startedClock() {
  const { times, hear, environment } = slowServer();
  const starting = serverClock(environment, () => times.wall);
  hear();
  const clock = await starting;
  return { times, hear, clock };
}

test('the clock of tests does not go back when its server is heard late', async () => {
  const { times, hear, clock } = await startedClock();
  times.wall += 100;
  const first = clock.now();
  const refreshing = clock.refresh();
  times.wall += 500;
  hear();
  await refreshing;
  expect(clock.now().getTime() - first.getTime()).toBe(500);
});

test('and it skips as its server does, also where what was read before is heard after', async () => {
  const { times, hear, clock } = await startedClock();
  const before = clock.refresh();
  times.skipped += 3_600_000;
  const after = clock.refresh();
  hear(1);
  hear(0);
  await Promise.all([after, before]);
  expect(clock.now().getTime()).toBe(3_600_000);
});
