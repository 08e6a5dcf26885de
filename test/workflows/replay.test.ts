import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { recordedHistories } from '#test/support/histories.ts';
import { quietly, replay, tampered } from '#test/support/replay.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { journeyNames } from '#workflows/catalogue.ts';

quietly();
const recorded = await recordedHistories();
const today = await workflowBundle();

test('every journey has recorded histories', () => {
  expect([...new Set(recorded.map(({ journey }) => journey))]).toEqual([...journeyNames].sort());
});

test('recorded histories replay through the workflows of today', async () => {
  const errors = await replay(today, recorded);
  expect(errors).toEqual(Object.fromEntries(recorded.map(({ name }) => [name, undefined])));
});

test('a tampered history does not replay', async () => {
  const errors = Object.values(await replay(today, recorded.slice(0, 1).map(tampered)));
  expect(errors).toEqual([expect.any(DeterminismViolationError)]);
});
