import { type Arbitrary, array, assert, double, integer, option, property, record, tuple } from 'fast-check';
import { expect, test } from 'vitest';
import {
  expectedDays,
  type Learnt,
  type Levels,
  medianDays,
  type ReplenishmentModel,
  runOut,
  stretchOf,
} from '#domain/replenishment.ts';

// J14: what the formula promises, whatever was learnt.

const days = double({ min: 0.5, max: 1000, noNaN: true });
const level = option(record({ days, count: integer({ min: 1, max: 1000 }) }), { nil: null });
const levels = tuple(level, level, level, level) as unknown as Arbitrary<Levels>;
const share = double({ min: 0, max: 1, noNaN: true });
const weight = double({ min: 0.1, max: 50, noNaN: true });
const model: Arbitrary<ReplenishmentModel> = record({
  fallbackDays: days,
  trust: record({ own: weight, others: weight }),
  stretch: record({ quantity: share, household: share }),
  usualHousehold: integer({ min: 1, max: 9 }),
  staysDue: double({ min: 0.1, max: 10, noNaN: true }),
});
const nearly = (value: number) => value * (1 + 1e-9);

test('J14 what is expected lies between what was learnt and the setting', () => {
  assert(
    property(levels, model, (some, by) => {
      const known = [...some.flatMap((one) => one?.days ?? []), by.fallbackDays];
      const expected = expectedDays(some, by);
      expect(expected).toBeLessThanOrEqual(nearly(Math.max(...known)));
      expect(nearly(expected)).toBeGreaterThanOrEqual(Math.min(...known));
    }),
  );
});

test('J14 without own experience the product counts, then its category, then the setting', () => {
  assert(
    property(model, days, (by, fallbackDays) => {
      const own = { ...by, fallbackDays };
      expect(expectedDays([null, null, null, null], own)).toBe(fallbackDays);
      const many: Learnt = { days: 20, count: 1e9 };
      expect(expectedDays([null, many, null, null], own)).toBeCloseTo(20, 3);
      expect(expectedDays([null, null, many, null], own)).toBeCloseTo(20, 3);
    }),
  );
});

test('J14 the more there is of own experience, the nearer it comes', () => {
  assert(
    property(levels, model, days, integer({ min: 1, max: 500 }), (some, by, own, count) => {
      const [, ...others] = some;
      const off = (times: number) =>
        Math.abs(Math.log(expectedDays([{ days: own, count: times }, ...others], by) / own));
      expect(off(count + 1)).toBeLessThanOrEqual(off(count) + 1e-9);
    }),
  );
});

test('J14 in other units of time it is the same', () => {
  assert(
    property(levels, model, double({ min: 0.1, max: 10, noNaN: true }), (some, by, times) => {
      const scaled = some.map((one) => one && { ...one, days: one.days * times }) as unknown as Levels;
      const expected = expectedDays(scaled, { ...by, fallbackDays: by.fallbackDays * times });
      expect(expected / (expectedDays(some, by) * times)).toBeCloseTo(1, 6);
    }),
  );
});

test('J14 more pieces last longer, a larger household uses up sooner, a usual one as nobody knows', () => {
  assert(
    property(
      levels,
      model,
      integer({ min: 1, max: 50 }),
      integer({ min: 1, max: 20 }),
      (some, by, quantity, household) => {
        const lasts = (pieces: number, people: number | null) =>
          runOut(some, { quantity: pieces, household: people }, by).dueAfter;
        expect(lasts(quantity + 1, household)).toBeGreaterThanOrEqual(lasts(quantity, household));
        expect(lasts(quantity, household + 1)).toBeLessThanOrEqual(lasts(quantity, household));
        expect(lasts(quantity, null)).toBe(lasts(quantity, by.usualHousehold));
        expect(stretchOf(1, null, by)).toBe(1);
        const { dueAfter, until } = runOut(some, { quantity, household }, by);
        expect(until).toBeGreaterThan(dueAfter);
      },
    ),
  );
});

test('the median is in the middle', () => {
  expect([medianDays([]), medianDays([7]), medianDays([9, 1, 4])]).toEqual([null, 7, 4]);
  expect(medianDays([40, 1, 10, 1000])).toBeCloseTo(20);
  assert(
    property(array(days, { minLength: 1 }), (all) => {
      const middle = medianDays(all) ?? 0;
      expect(all.filter((one) => one < middle * (1 - 1e-9)).length * 2).toBeLessThanOrEqual(all.length);
      expect(all.filter((one) => one > nearly(middle)).length * 2).toBeLessThanOrEqual(all.length);
    }),
  );
});
