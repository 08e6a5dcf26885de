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
    reasons: [{ result: 'dropped', reason: 'goal', words: 'The goal of the journey was reached.', count: 1 }],
  });
  expect(of('cart-2')).toMatchObject({ entered: 1, waiting: 1 });
  expect(of('end')).toMatchObject({ entered: 1, reasons: [{ result: 'passed', reason: 'goal', count: 1 }] });
  expect(of('visit-1')).toMatchObject({ entered: 0, reasons: [] });
  expect(body.notEntered).toEqual([
    { reason: 'too_late', words: 'The event came in too long after it had happened.', customers: 1, times: 1 },
    { reason: 'unreachable', words: expect.any(String), customers: 1, times: 6 },
  ]);
});

test('a window counts the runs that entered in it', async () => {
  const window = (from: Date, to: Date) => `from=${from.toISOString()}&to=${to.toISOString()}`;
  const first = (await call('GET', `/journeys/abandonment/stats?${window(start, later(day))}`)).body;
  expect(first).toMatchObject({ entries: 1, live: 1, outcomes: [], from: start.toISOString() });
  const wrong = await call('GET', `/journeys/abandonment/stats?${window(later(day), start)}`);
  expect(wrong.body).toMatchObject({ code: 'invalid_request', errors: [{ field: 'to' }] });
});

test('reasons are told in the language that is asked for, or that the caller accepts', async () => {
  const words = async (path: string, headers?: Record<string, string>) =>
    (await call('GET', `/journeys/abandonment/${path}`, undefined, headers)).body.items.find(
      (item: { reason: string }) => item.reason === 'unreachable',
    ).words;
  expect(await words('holes?lang=ru')).toBe('Клиенту нельзя было написать ни в одном канале.');
  expect(await words('holes', { 'accept-language': 'ru-RU,en;q=0.5' })).toMatch(/^Клиенту/);
  expect(await words('holes', { 'accept-language': 'de' })).toMatch(/^The customer/);
  expect((await call('GET', '/journeys/abandonment/holes?lang=de')).body.errors[0].field).toBe('lang');
});

test('holes show by reason who met a trigger and got nothing', async () => {
  const { body } = await call('GET', `/journeys/abandonment/holes?to=${later(2 * day).toISOString()}`);
  expect(body.items).toMatchObject([{ reason: 'unreachable', customers: 1, times: 6, examples: [customer] }]);
  expect((await call('GET', '/journeys/nonsense/holes')).body.code).toBe('journey_not_found');
  expect((await call('GET', '/journeys/nonsense/stats')).status).toBe(404);
});
