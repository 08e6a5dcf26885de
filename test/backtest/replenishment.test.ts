import { join } from 'node:path';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test } from 'vitest';
import { type Bought, foresee } from '#scripts/backtest/replenishment.ts';
import { replenishmentBacktest } from '#scripts/backtest/replenishment-report.ts';
import { rules } from '#test/db/replenishment/support.ts';
import { fileOf } from './support.ts';

// J14: how near run-outs come, in orders of an open data set.

const sample = join(import.meta.dirname, '../data/online-retail-repeats.csv.gz');
const map = fileOf({ dateFormat: 'YYYY-MM-DD HH:mm', zone: 'Europe/London', currency: 'GBP' });
const settings = fileOf({ replenishment: { consumables: { learnt: { repeaters: 3, share: 0.3 } } } });

async function said(...args: string[]): Promise<string[]> {
  const lines: string[] = [];
  await replenishmentBacktest(['--replenishment', ...args], (line) => lines.push(line));
  return lines.map((line) => line.replaceAll(/\s+/g, ' ').trim()).filter((line) => line !== '');
}

test('J14 the command tells how near the model comes in a sample of Online Retail, beside its parts and the rule by hand', async () => {
  expect(await said('--events', sample, '--map', map, '--settings', settings)).toEqual([
    '14,267 order lines',
    '3,464 purchases from 2011-04-04 to 2011-08-06 after which the same was bought again',
    'purchases median error ±7 days ±14 days ±22.5 days',
    'all that the model had a date for: 56.9 %',
    'the model 1,972 17.9 days 22.3 % 40.1 % 57.9 %',
    "the product's alone 1,972 24.0 days 17.0 % 32.0 % 47.6 %",
    'the rule: 45 to 90 days 1,972 40.5 days 5.7 % 13.1 % 23.0 %',
    'bought again before',
    'the model 1,669 17.0 days 24.1 % 42.0 % 59.8 %',
    'own intervals alone 1,669 18.0 days 24.5 % 41.9 % 57.2 %',
    "the product's alone 1,669 23.7 days 17.3 % 33.0 % 48.5 %",
    'the rule: 45 to 90 days 1,669 40.5 days 5.7 % 13.4 % 23.1 %',
    'bought for the first time',
    'the model 303 23.5 days 12.2 % 29.4 % 47.2 %',
    "the product's alone 303 26.3 days 15.5 % 26.7 % 42.2 %",
    'the rule: 45 to 90 days 303 35.5 days 5.9 % 11.9 % 22.8 %',
  ]);
});

test('what cannot be done is told with what to say instead', async () => {
  await expect(said()).rejects.toThrow('Say --events FILE');
  await expect(said('--events', sample, '--journey', 'all')).rejects.toThrow(
    'with --replenishment the options are --repl',
  );
  await expect(said('--events', sample, '--map', map, '--from', 'May')).rejects.toThrow('--from cannot be "May"');
});

const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY };
const bought = (customer: string, product: string, day: number, quantity = 1): Bought => ({
  ...{ customer, product, day, quantity },
  category: 'Shampoo',
});

test('J14 a date is made of what was known then: own intervals, the product, its category, the setting', () => {
  const found = [
    ...foresee(
      [
        ...[0, 10, 30].map((day) => bought('anna', 'shampoo', day)),
        bought('boris', 'shampoo', 37, 4),
        bought('boris', 'shampoo', 46),
        bought('boris', 'shampoo', 46),
      ],
      rules,
      always,
    ),
  ];
  const [first, second, third] = found;
  // Nobody has bought anything again: the setting.
  expect(first).toEqual({ actual: 10, by: { model: 45, own: null, product: null, rule: 67.5 } });
  // Her own ten days against what the week before had taught, nothing: (1 · ln 10 + 2 · ln 45) / 3.
  expect(second?.actual).toBe(20);
  expect(second?.by.own).toBeCloseTo(10);
  expect(second?.by.model).toBeCloseTo(10 ** (1 / 3) * 45 ** (2 / 3));
  // Anna's middle of 10 and 20 days stands for product, category and all; four pieces last twice as long.
  const one = (wider: number) => (Math.sqrt(200) * wider ** 5) ** (1 / 6);
  expect(third?.actual).toBe(9);
  expect(third?.by.product).toBeCloseTo(2 * Math.sqrt(200));
  expect(third?.by.model).toBeCloseTo(2 * one(one(one(45))));
  expect(found).toHaveLength(3);
});

test('J14 nothing is known of what comes later', () => {
  const purchase = record({
    customer: constantFrom('anna', 'boris', 'vera'),
    product: constantFrom('shampoo', 'balm'),
    category: constantFrom('Shampoo', null),
    day: integer({ min: 0, max: 120 }),
    quantity: integer({ min: 1, max: 5 }),
  });
  assert(
    property(array(purchase, { maxLength: 40 }), integer({ min: 0, max: 120 }), (purchases, today) => {
      const known = [
        ...foresee(
          purchases.filter(({ day }) => day <= today),
          rules,
          always,
        ),
      ];
      expect([...foresee(purchases, rules, always)].slice(0, known.length)).toEqual(known);
    }),
  );
});
