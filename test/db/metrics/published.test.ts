import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { readThresholds } from '#db/metrics/thresholds.ts';
import { saveSettings } from '#db/settings.ts';
import type { Scale } from '#domain/rfm.ts';
import { defaultRfm } from '#domain/rfm-defaults.ts';
import { freshDatabase } from '#test/support/database.ts';
import { metricsOf, openData, plantCustomers, plantOrders } from './support.ts';

// 4,906 orders of 995 customers (test/data/README.md), judged on the last day of 2006, as the documentation of R's package
// `rfm` does in "RFM - Transaction Level Data": what it prints is expected here. Its revenue stands for minor units.

const { db, pool } = await freshDatabase();
const now = new Date('2006-12-31T00:00:00Z');

beforeAll(async () => {
  const orders = openData('rfm-orders.csv.gz');
  const ids = await plantCustomers(pool, 995, new Date('2001-01-01T00:00:00Z'));
  const rows = orders.map(([customer, date, revenue]) => {
    return { customer: ids[Number(customer) - 1] ?? '', at: new Date(`${date}T00:00:00Z`), total: Number(revenue) };
  });
  await plantOrders(pool, rows);
});

beforeEach(async () => {
  await pool.query('delete from settings');
});

async function scored(scale: Scale) {
  const scales = { personal: scale, corporate: scale };
  await saveSettings(db, 'rfm', { ...defaultRfm, codes: scales, scores: scales }, 'test', now);
  await refreshMetrics(db, now, { full: true });
  return metricsOf(db);
}

function counts<T extends string | number>(values: readonly T[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(values, (value) => value)].map(([value, all]) => [value, all.length]));
}

const days = (row: { last_order_at: Date }) => (now.getTime() - row.last_order_at.getTime()) / 86_400_000;

describe('R’s convention: type-7 quantiles plus one, compared with >=, ties share a score, the first segment that fits', () => {
  const quantiles: Scale = { recency: { by: 'quantiles' }, frequency: { by: 'quantiles' }, money: { by: 'quantiles' } };

  test('P2 the thresholds are those that the package prints', async () => {
    await scored(quantiles);
    const { scores } = (await readThresholds(db, defaultRfm)).personal;
    const printed = (values: number[]) => values.map((value) => Number(value.toFixed(10)));
    expect(printed(scores.recency)).toEqual([115, 181, 297.4, 482]);
    expect(printed(scores.frequency)).toEqual([4, 5, 6, 8]);
    expect(printed(scores.money)).toEqual([255.8, 382, 506.4, 666]);
  });

  test('P2 the first ten customers: days, orders, money and score as in its table', async () => {
    const rows = (await scored(quantiles)).slice(0, 10);
    expect(rows.map((row) => [days(row), row.orders, row.turnover, row.score])).toEqual([
      [229, 8, 852, 355],
      [252, 8, 526, 354],
      [545, 4, 300, 122],
      [44, 10, 868, 555],
      [48, 5, 391, 533],
      [127, 12, 987, 455],
      [662, 5, 552, 134],
      [416, 4, 350, 222],
      [186, 7, 1004, 345],
      [146, 11, 937, 455],
    ]);
  });

  test('P2 the size of each segment', async () => {
    const rows = await scored(quantiles);
    expect(counts(rows.map(({ segment }) => segment))).toEqual({
      potential_loyalist: 342,
      loyal: 170,
      lost: 148,
      new: 104,
      about_to_sleep: 102,
      cant_lose: 47,
      champions: 35,
      at_risk: 28,
      need_attention: 10,
      promising: 9,
    });
  });
});

// What pandas 3.1.1 makes of the same data: `pd.qcut(figure.rank(method='first'), n, labels=…)`, days with labels reversed.
describe('the convention of pandas tutorials: right-closed parts of equal size, ties by row order', () => {
  const ranks: Scale = { recency: { by: 'ranks' }, frequency: { by: 'ranks' }, money: { by: 'ranks' } };

  test('P2 fifths are equal, and the scores are those of pandas', async () => {
    const rows = await scored(ranks);
    for (const digit of [100, 10, 1])
      expect(counts(rows.map(({ score }) => Math.floor(score / digit) % 10))).toEqual({
        1: 199,
        2: 199,
        3: 199,
        4: 199,
        5: 199,
      });
    expect(rows.slice(0, 10).map(({ score }) => score)).toEqual([355, 354, 122, 555, 533, 455, 134, 222, 345, 455]);
    const sum = rows.reduce((total, { score }, index) => total + score * (index + 1), 0);
    expect(sum).toBe(159_981_669);
    expect(new Set(rows.map(({ score }) => score)).size).toBe(104);
  });

  test('P2 so are the 27 codes', async () => {
    const rows = await scored(ranks);
    const codes = { 111: 135, 112: 35, 113: 3, 121: 17, 122: 46, 123: 31, 131: 4, 132: 19, 133: 42 };
    const middle = { 211: 63, 212: 31, 213: 2, 221: 34, 222: 61, 223: 25, 231: 1, 232: 23, 233: 91 };
    const best = { 311: 45, 312: 18, 321: 27, 322: 67, 323: 23, 331: 6, 332: 31, 333: 115 };
    expect(counts(rows.map(({ code }) => code))).toEqual({ ...codes, ...middle, ...best });
  });
});
