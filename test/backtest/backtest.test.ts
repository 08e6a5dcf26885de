import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countOf, type Figure, linesBehind } from '#scripts/backtest/figures.ts';
import { listNames, readLists } from '#scripts/backtest/lists.ts';
import type { Report, SideReport } from '#scripts/backtest/report.ts';
import { segmentLines } from './record.ts';
import { emptyFolder, fileOf, run } from './support.ts';

const events = fileOf(`${segmentLines(12, 12).join('\n')}\n`);
const rule = {
  name: 'one-in-7-days',
  channels: [],
  classes: [],
  max: 1,
  window: 'P7D',
  clock: 'rolling',
  unit: 'message',
};
const strict = fileOf({ policy: { rules: [rule] } });
const cache = emptyFolder();

/** Every number of a side that has a list behind it. */
function figuresOf(value: unknown): Figure[] {
  if (typeof value !== 'object' || value === null) return [];
  if ('list' in value && 'where' in value) return [value as Figure];
  return Object.values(value).flatMap(figuresOf);
}

const sideOf = (report: Report, name: string) => report.sides.find((side) => side.name === name) as SideReport;

describe('a record of Segment events', async () => {
  const { report, out, html, json, said } = await run({ events, cache });
  const side = sideOf(report, 'A');
  const lists = await readLists(join(out, 'A'));

  test('is played through the journeys: carts are left, and messages would have gone', () => {
    expect(side.sent.map(({ block }) => block)).toEqual(expect.arrayContaining(['cart-1', 'cart-2']));
    expect(side.totals.messages.n).toBeGreaterThan(20);
    expect(side.totals.deferred.n).toBeGreaterThan(0);
    expect(side.held.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['quiet_hours', 'goal']));
    expect(report.weeks).toEqual(['2026-03-02', '2026-03-09']);
    expect(said.at(-1)).toMatch(/^A · 2026-03-13 · 100 % · \d+ events · \d+ messages · in \d+ s$/);
  });

  test('has every number equal to the list behind it', () => {
    const figures = figuresOf(side);
    expect(figures.length).toBeGreaterThan(50);
    for (const { n, ...figure } of figures) expect(countOf(figure, lists).n, JSON.stringify(figure)).toBe(n);
    expect(side.totals.messages.n).toBe(lists.messages.length);
    const parts = side.sent.reduce((sum, block) => sum + block.messages.n, 0);
    expect(parts).toBe(side.totals.messages.n);
    for (const block of side.sent) expect(block.weeks.reduce((sum, week) => sum + week.n, 0)).toBe(block.messages.n);
  });

  test('says of real orders around a message what the orders say', () => {
    const after = side.overlap.find(({ journey }) => journey === 'abandonment')?.after[7];
    const soon = lists.messages.filter(({ customerId, at, journey }) => {
      const ahead = lists.orders
        .filter((order) => order.customerId === customerId && order.at > at)
        .map((order) => Date.parse(order.at) - Date.parse(at));
      return journey === 'abandonment' && Math.min(...ahead) <= 7 * 86_400_000;
    });
    expect(after?.n).toBe(soon.length);
    expect(soon.length).toBeGreaterThan(0);
    expect(html).toContain('Coincidence, not effect');
  });

  test('names nobody: no address is in the report or its lists', () => {
    const texts = [html, json, ...listNames.map((name) => readFileSync(join(out, 'A', `${name}.jsonl`), 'utf8'))];
    // But for the shop's own, which is a setting.
    for (const text of texts) expect(text.replaceAll('hello@shop.example', '')).not.toMatch(/[\w.-]+@[\w-]+\.\w/);
    expect(lists.messages[0]?.customer).toMatch(/^sim-5-\d+$/);
  });

  test('played again from nothing comes to the same, to the byte', async () => {
    const again = await run({ events });
    expect(again.said.join()).not.toContain('played before');
    expect(again.json).toBe(json);
    expect(again.html).toBe(html);
    for (const name of listNames)
      expect(readFileSync(join(again.out, 'A', `${name}.jsonl`))).toEqual(
        readFileSync(join(out, 'A', `${name}.jsonl`)),
      );
  });

  test('asked for again with what is kept is written at once, the same', async () => {
    const again = await run({ events, cache });
    expect(again.said).toContain('A was played before');
    expect(again.json).toBe(json);
    expect(again.html).toBe(html);
  });

  test('that broke off begins at the playing, and at the side that was not whole', async () => {
    // What a killed process leaves: the prepared record, side A, and half of side B.
    const [kept = ''] = readdirSync(join(cache, 'sides'));
    mkdirSync(join(cache, 'sides', `${kept}.1`));
    const b = await run({ events, cache, against: strict });
    expect(b.said.filter((line) => line.startsWith('reading'))).toEqual([]);
    expect(b.said).toContain('A was played before');
    expect(b.said.at(-1)).toMatch(/^B · .* 100 %/);
    expect(sideOf(b.report, 'A')).toEqual(side);
  });

  test('of one journey has no other', async () => {
    const { report: one } = await run({ events, journey: 'opt-in' });
    expect(sideOf(one, 'A').sent.filter(({ journey }) => journey !== 'opt-in')).toEqual([]);
    expect(one.journeys.map(({ journey }) => journey)).toEqual(['opt-in']);
  });
});

test('two settings stand side by side: a stricter policy sends less, and says why', async () => {
  const { report, html, out } = await run({ events, cache, against: strict });
  const [a, b] = [sideOf(report, 'A'), sideOf(report, 'B')];
  expect(b.totals.messages.n).toBeLessThan(a.totals.messages.n);
  expect(b.totals.messages.n).toBeGreaterThan(0);
  const capped = b.held.filter(({ reason }) => reason.includes('policy:one-in-7-days'));
  expect(capped.length).toBeGreaterThan(0);
  expect(capped[0]?.words).toContain('the rule one-in-7-days was full');
  expect(a.held.some(({ reason }) => reason.includes('policy:one-in-7-days'))).toBe(false);
  expect(html).toContain('B − A');
  // The same record: the same orders, whatever would have been sent.
  expect(b.totals.orders.n).toBe(a.totals.orders.n);
  const first = (await readLists(join(out, 'B'))).messages;
  const perWeek = Map.groupBy(first, ({ customerId }) => customerId);
  for (const [, messages] of perWeek) expect(messages.length).toBeLessThanOrEqual(2);
});

test('what was before --from is history: known, and nobody enters; what is after --until is not played', async () => {
  const { report, out } = await run({ events, from: '2026-03-09', until: '2026-03-11' });
  const { messages, runs, missed, orders } = await readLists(join(out, 'A'));
  const isWithin = (at: string) => at >= '2026-03-09' && at < '2026-03-12';
  expect(runs.length).toBeGreaterThan(0);
  expect([...messages, ...orders].every(({ at }) => isWithin(at))).toBe(true);
  expect(runs.every(({ enteredAt }) => isWithin(enteredAt))).toBe(true);
  expect(missed.every(({ firstAt }) => isWithin(firstAt))).toBe(true);
  expect(report.weeks).toEqual(['2026-03-09']);
  expect(report.assumptions.join()).toContain('What was before 2026-03-09 is history');
  // Whoever came before is known.
  const before = report.record.days.filter(({ day }) => day < '2026-03-09').reduce((sum, day) => sum + day.events, 0);
  expect(report.sides[0]?.counts.events).toBeGreaterThan(before);
});

describe('orders in a CSV file', () => {
  const mapping = fileOf({
    zone: 'Europe/London',
    currency: 'GBP',
    name: 'name',
    region: 'country',
    signUp: 'first-order',
  });
  const byId = `order_id,customer_id,date,product_id,quantity,price,name,country
1,anna,2026-03-02 10:00,lamp,1,20,Lamp,UK
2,boris,2026-03-02 10:30,cup,2,5.50,Cup,France
1,anna,2026-03-02 10:00,cup,1,5.50,Cup,UK
3,anna,2026-03-20 12:00,lamp,1,21,Lamp,UK
4,,2026-03-21 12:00,lamp,1,21,Lamp,UK
`;
  const csv = fileOf(byId);

  test('are orders of these customers, their lines together, and what is left out is told', async () => {
    const { report, out } = await run({ events: csv, map: mapping, reachable: 'all' });
    const { orders } = await readLists(join(out, 'A'));
    expect(
      orders.map(({ orderId, customer, at, total, currency }) => ({ orderId, customer, at, total, currency })),
    ).toEqual([
      { orderId: '1', customer: 'anna', at: '2026-03-02T10:00:00.000Z', total: 2550, currency: 'GBP' },
      { orderId: '2', customer: 'boris', at: '2026-03-02T10:30:00.000Z', total: 1100, currency: 'GBP' },
      { orderId: '3', customer: 'anna', at: '2026-03-20T12:00:00.000Z', total: 2100, currency: 'GBP' },
    ]);
    expect(report.record.names).toEqual({ 'Order Completed': 3, 'Signed Up': 2, identify: 2 });
    expect(report.record.refused).toEqual([{ reason: 'no customer', lines: 1, examples: [6] }]);
    expect(report.assumptions.join()).toContain('Everybody with an id can be written to');
    expect(report.assumptions.join()).toContain('journeys that begin with a visit, a cart');
    expect(report.journeys.find(({ journey }) => journey === 'abandonment')?.starts).toBe(0);
    expect(report.journeys.find(({ journey }) => journey === 'welcome')?.starts).toBe(2);
    expect(sideOf(report, 'A').sent.filter(({ journey }) => journey === 'welcome')).not.toEqual([]);
  });

  test('without an address nobody can be written to, and that is said', async () => {
    const byAddress = fileOf(byId.replace('boris', 'boris@example.com'));
    const { report, out } = await run({ events: byAddress, map: mapping });
    const { missed, orders } = await readLists(join(out, 'A'));
    // A shop's own id that is an address is not told.
    expect(orders.map(({ customer }) => customer)).toEqual(['anna', null, 'anna']);
    expect(report.sides[0]?.totals.messages.n).toBe(0);
    expect(missed.filter(({ journey }) => journey === 'welcome').map(({ reason }) => reason)).toEqual([
      'unreachable',
      'unreachable',
    ]);
  });
});

describe('what cannot be played is told in a sentence', () => {
  test.each([
    [
      'an unknown journey',
      { journey: 'surprise' },
      'There is no journey "surprise": say --journey all or one of abandonment, ',
    ],
    ['an unknown preset', { preset: 'nobody' }, 'There is no preset "nobody": choose among default, '],
    [
      'settings that are none',
      { settings: fileOf({ policy: { rules: [{}] } }) },
      /cannot be used:\n {2}policy\.rules\.0\.name: /,
    ],
    ['settings of nothing known', { settings: fileOf({ polcy: {} }) }, 'Unrecognized key: "polcy"'],
    ['a period without events', { from: '2027-01-01' }, 'the record goes from 2026-03-02 to 2026-03-13'],
    ['an empty file', { events: fileOf('') }, 'is empty'],
    ['a file that is not there', { events: fileOf() }, 'cannot be read'],
    [
      'a file without events',
      { events: fileOf('{"a": 1}\n{"b": 2}\n') },
      /holds no event that could be played:\n {2}2 lines: it says no time/,
    ],
  ])('%s', async (_what, options, said) => {
    await expect(run({ events, ...options })).rejects.toThrow(said);
  });
});

test('lines behind a number may have any of several values', () => {
  const line = { journey: 'welcome', reason: 'a', key: '', times: 1, firstAt: '', lastAt: '', customer: null };
  const missed = ['a', 'b', 'c'].map((reason) => ({ ...line, reason, customerId: reason }));
  const lists = { messages: [], held: [], missed, runs: [], orders: [] };
  expect(linesBehind({ list: 'missed', where: { reason: ['a', 'c'], journey: 'welcome' } }, lists)).toHaveLength(2);
});
