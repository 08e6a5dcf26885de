import { DeterminismViolationError } from '@temporalio/workflow';
import { expect, test } from 'vitest';
import { workflowId } from '#domain/ids.ts';
import { customers, orderOf } from '#test/support/customers.ts';
import { recordedHistories } from '#test/support/histories.ts';
import { replay, tampered, versionOf } from '#test/support/replay.ts';
import { startSystem } from '#test/support/system.ts';
import { timeSkipping } from '#test/support/temporal.ts';
import { workflowBundle } from '#worker/bundle.ts';

// J11: runs live for a year, and the code is changed meanwhile.

const [today, firstVersion] = await Promise.all([workflowBundle(), versionOf('lifecycle-first.ts')]);
const recorded = (await recordedHistories()).filter(({ journey }) => journey === 'lifecycle');
const first = recorded.filter(({ name }) => name.startsWith('first-version-'));
const replays = (histories: typeof recorded) => Object.fromEntries(histories.map(({ name }) => [name, undefined]));

const environment = await timeSkipping();
const system = await startSystem(environment, { only: ['lifecycle'] });
const customer = customers(system);
await system.stock({ id: 'cream', attributes: { consumable: true } }, { id: 'soap' });
await system.put('/journeys/lifecycle/settings', { enabled: true });

test('histories of the first version, half and whole, replay through the workflow of today', async () => {
  expect(first.map(({ name }) => name.replace('first-version-', ''))).toEqual([
    'delivered-and-given-back',
    'half-a-year',
    'ordered-again',
    'silent-year',
  ]);
  expect(await replay(today, first)).toEqual(replays(first));
});

test('histories that were tampered with do not replay', async () => {
  const errors = await replay(today, first.map(tampered));
  for (const { name } of first) expect(errors[`tampered ${name}`], name).toBeInstanceOf(DeterminismViolationError);
});

test('without `patched()` the change would have broken runs of the first version at the end of their year', async () => {
  const errors = await replay(await versionOf('lifecycle-careless.ts'), first);
  expect(errors).toEqual({
    ...replays(first),
    'first-version-silent-year': expect.any(DeterminismViolationError),
  });
});

test('a run that the first version began is ended by that of today: nothing is lost, nothing said twice', async () => {
  await system.journeys.deploy(firstVersion);
  const anna = await customer();
  const order = orderOf('cream');
  await system.track(anna.id, 'Order Completed', order);
  await system.pass('200 days');
  const before = ['cross-sell', 'review-request', 'top-up', 'news'];
  expect(await anna.templates()).toEqual(before);
  await system.journeys.deploy(today);
  await system.pass('200 days');
  expect(await anna.templates()).toEqual(before);
  expect((await anna.decisions()).filter((said) => said.includes('promo'))).toEqual([
    'small-promo skip no_promo',
    'bigger-promo skip no_promo',
  ]);
  expect(await anna.outcome()).toBe('completed');
  const id = workflowId('lifecycle', anna.customerId, order.order_id);
  const { events } = await environment.client.workflow.getHandle(id).fetchHistory();
  const patches = events?.filter(({ markerRecordedEventAttributes: marker }) => marker?.markerName === 'core_patch');
  expect(patches).toHaveLength(1);
});
