import pino from 'pino';
import { expect, test } from 'vitest';
import { scaledClock } from '#domain/clock.ts';
import { installRuntime } from '#process/temporal.ts';
import { temporalPort } from '#relay/temporal.ts';
import { createRenderer } from '#rendering/renderer.ts';
import { freshDatabase } from '#test/support/database.ts';
import { devServer } from '#test/support/temporal.ts';
import { ensureSchedules, nextDue, schedules } from '#worker/schedules.ts';
import { startWorker } from '#worker/worker.ts';

const log = pino({ level: 'silent' });
installRuntime(log);

const zone = 'Europe/Moscow';
const names = Object.keys(schedules) as (keyof typeof schedules)[];

test('a worker makes the schedules, and does what they start', async () => {
  const [environment, { db }] = await Promise.all([devServer(), freshDatabase()]);
  const clock = scaledClock({ origin: 0, scale: 1 });
  const namespace = environment.namespace ?? 'default';
  const worker = await startWorker({
    connection: environment.nativeConnection,
    namespace,
    db,
    activities: {
      db,
      clock,
      channels: {},
      renderer: await createRenderer(),
      publicUrl: '',
      secret: 'x'.repeat(32),
      log,
    },
    journeys: temporalPort(environment.client, { taskQueue: 'journeys' }),
    log,
    cachedWorkflows: 10,
    graceMs: 100,
  });
  for (const name of names) {
    const schedule = environment.client.schedule.getHandle(`job:${name}`);
    const { spec, policies } = await schedule.describe();
    expect([spec.timezone, policies.overlap]).toEqual([zone, 'SKIP']);
    await schedule.pause('a person wants it so');
    // Of two changes that reach a schedule in one task of it, the server forgets the first.
    await expect.poll(async () => (await schedule.describe()).state.paused).toBe(true);
    await schedule.trigger();
    const runs = async () => (await schedule.describe()).info.recentActions.length;
    await expect.poll(runs).toBe(1);
    const [{ action } = { action: undefined }] = (await schedule.describe()).info.recentActions;
    const run = environment.client.workflow.getHandle(
      action?.workflow.workflowId ?? '',
      action?.workflow.firstExecutionRunId,
    );
    expect(await run.result()).toEqual(expect.any(Object));
  }
  // Another worker starts, with another clock: the schedule follows, and what a person has paused stays so.
  const time = { origin: Date.parse('2026-01-01T00:00:00Z'), scale: 8640 };
  const { nativeConnection: connection } = environment;
  await ensureSchedules({ connection, namespace, time, now: new Date('2026-03-01T10:00:00Z'), zone });
  for (const name of names) {
    const { spec, state } = await environment.client.schedule.getHandle(`job:${name}`).describe();
    expect([spec.intervals?.[0]?.every, state.paused]).toEqual([10_000, true]);
  }
  await worker.close();
});

test('a job is due at its time by the shop’s clock, also when that is put forward or back', () => {
  const daily = { time: '02:30', catchUp: 'PT1H' };
  const due = (after: string, where: string) => nextDue(daily, new Date(after), where).toISOString();
  expect(due('2026-05-20T10:00:00Z', zone)).toBe('2026-05-20T23:30:00.000Z');
  expect(due('2026-05-20T23:30:00Z', zone)).toBe('2026-05-21T23:30:00.000Z');
  // Berlin has no 02:30 on 29 March, and two of them on 25 October.
  expect(due('2026-03-28T12:00:00Z', 'Europe/Berlin')).toBe('2026-03-29T01:00:00.000Z');
  expect(due('2026-10-24T12:00:00Z', 'Europe/Berlin')).toBe('2026-10-25T00:30:00.000Z');
  expect(due('2026-10-25T00:30:00Z', 'Europe/Berlin')).toBe('2026-10-26T01:30:00.000Z');
});
