import fc from 'fast-check';
import { expect, test } from 'vitest';
import { scaledClock, toBusiness, wallDuration } from '#domain/clock.ts';
import { days, hours, minutes } from './wall.ts';

const origin = Date.parse('2026-05-04T09:00:00Z');
const time = fc.record({ origin: fc.integer({ min: 0, max: 4e12 }), scale: fc.integer({ min: 1, max: 100_000 }) });
const span = fc.nat(days(365));

test('business time = origin + (wall − origin) × scale', () => {
  expect(toBusiness(origin + minutes(1), { origin, scale: 60 })).toBe(origin + hours(1));
  expect(toBusiness(origin, { origin, scale: 1440 })).toBe(origin);
});

test('at scale 1 business time is the wall', () => {
  fc.assert(
    fc.property(time, span, (t, ms) => {
      expect(toBusiness(ms, { ...t, scale: 1 })).toBe(ms);
    }),
  );
});

test('a timer of a business duration fires when business time has come, to a microsecond of the wall', () => {
  fc.assert(
    fc.property(time, span, fc.nat(days(30)), (t, since, duration) => {
      const now = t.origin + since;
      const fires = toBusiness(now + wallDuration(duration, t), t);
      expect(Math.abs(fires - (toBusiness(now, t) + duration))).toBeLessThanOrEqual(Math.max(1, t.scale / 1000));
    }),
  );
});

test('what is overdue takes no time', () => {
  expect(wallDuration(-5, { origin, scale: 10 })).toBe(0);
});

test('a clock reads the wall each time it is asked', () => {
  let wall = origin;
  const clock = scaledClock({ origin, scale: 24 }, () => wall);
  expect(clock.now()).toEqual(new Date(origin));
  wall += hours(1);
  expect(clock.now()).toEqual(new Date(origin + days(1)));
  expect(clock.time).toEqual({ origin, scale: 24 });
});
