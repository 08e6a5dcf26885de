import { expect, test } from 'vitest';
import { freshDatabase } from '#test/support/database.ts';
import { day, later, seed, start } from './seed.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { call } = await testGateway(database);
const { customer } = await seed(database.db);

test('journeys come with their blocks for a picture and the number of live runs', async () => {
  const { body } = await call('GET', '/journeys');
  const abandonment = body.items.find((item: { name: string }) => item.name === 'abandonment');
  expect(abandonment).toMatchObject({ class: 'abandonment', enabled: true, settingsVersion: 0, liveRuns: 1 });
  expect(abandonment.blocks[0]).toMatchObject({ block: 'idle', kind: 'wait' });
  const names = abandonment.blocks.map((block: { block: string }) => block.block);
  for (const block of abandonment.blocks) expect(names).toEqual(expect.arrayContaining(block.next));
});

test('every block adds up: entered = waiting + passed + dropped', async () => {
  const { body } = await call('GET', '/journeys/abandonment/stats');
  expect(body).toMatchObject({ entries: 2, live: 1, outcomes: [{ outcome: 'goal', count: 1 }], from: null });
  for (const { entered, waiting, passed, dropped } of body.blocks) expect(entered).toBe(waiting + passed + dropped);
  const of = (name: string) => body.blocks.find((block: { block: string }) => block.block === name);
  expect(of('cart-1')).toMatchObject({
    entered: 2,
    passed: 1,
    dropped: 1,
    reasons: [{ result: 'dropped', reason: 'goal', count: 1 }],
  });
  expect(of('cart-2')).toMatchObject({ entered: 1, waiting: 1 });
  expect(of('end')).toMatchObject({ entered: 1, reasons: [{ result: 'passed', reason: 'goal', count: 1 }] });
  expect(of('visit-1')).toMatchObject({ entered: 0, reasons: [] });
  expect(body.notEntered).toEqual([
    { reason: 'too_late', customers: 1, times: 1 },
    { reason: 'unreachable', customers: 1, times: 6 },
  ]);
});

test('a window counts the runs that entered in it', async () => {
  const window = (from: Date, to: Date) => `from=${from.toISOString()}&to=${to.toISOString()}`;
  const first = (await call('GET', `/journeys/abandonment/stats?${window(start, later(day))}`)).body;
  expect(first).toMatchObject({ entries: 1, live: 1, outcomes: [], from: start.toISOString() });
  const wrong = await call('GET', `/journeys/abandonment/stats?${window(later(day), start)}`);
  expect(wrong.body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'to' }] });
});

test('holes show by reason who met a trigger and got nothing', async () => {
  const { body } = await call('GET', `/journeys/abandonment/holes?to=${later(2 * day).toISOString()}`);
  expect(body.items).toMatchObject([{ reason: 'unreachable', customers: 1, times: 6, examples: [customer] }]);
  expect((await call('GET', '/journeys/nonsense/holes')).body.code).toBe('journey_not_found');
  expect((await call('GET', '/journeys/nonsense/stats')).status).toBe(404);
});
