import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { type RecordedHistory, recordedHistories } from '#test/support/histories.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { journeyNames } from '#workflows/catalogue.ts';

// The tampered history is meant to fail; what the worker says of it would only look like an accident.
Runtime.install({
  logger: new DefaultLogger('ERROR', () => {}),
  telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } },
});

const recorded = await recordedHistories();

/** Errors of replaying the histories through today's workflows, by name. */
async function replay(histories: readonly RecordedHistory[]): Promise<Record<string, Error | undefined>> {
  const named = histories.map(({ name, history }) => ({ workflowId: name, history }));
  const options = { workflowBundle: await workflowBundle() };
  const errors: Record<string, Error | undefined> = {};
  for await (const { workflowId, error } of Worker.runReplayHistories(options, named)) errors[workflowId] = error;
  return errors;
}

/** The same history, except that the last activity it asked for was another one. */
function tampered({ name, journey, history }: RecordedHistory): RecordedHistory {
  const events = structuredClone(history.events);
  const scheduled = events.findLast((event) => event.activityTaskScheduledEventAttributes !== undefined);
  if (scheduled?.activityTaskScheduledEventAttributes) {
    scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
  }
  return { journey, name: `tampered ${name}`, history: { events } };
}

test('every journey has recorded histories', () => {
  expect([...new Set(recorded.map(({ journey }) => journey))]).toEqual([...journeyNames].sort());
});

test('recorded histories replay through the workflows of today', async () => {
  const errors = await replay(recorded);
  expect(errors).toEqual(Object.fromEntries(recorded.map(({ name }) => [name, undefined])));
});

test('a tampered history does not replay', async () => {
  const errors = Object.values(await replay(recorded.slice(0, 1).map(tampered)));
  expect(errors).toEqual([expect.any(DeterminismViolationError)]);
});
