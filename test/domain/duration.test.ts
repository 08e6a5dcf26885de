import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationMs, isoDuration } from '#domain/duration.ts';
import { days, hours, minutes } from './wall.ts';

test.each([
  ['PT0S', 0],
  ['PT45S', 45_000],
  ['PT30M', minutes(30)],
  ['PT3H', hours(3)],
  ['PT90M', minutes(90)],
  ['P1D', days(1)],
  ['P3DT12H', days(3.5)],
  ['P1DT2H3M4S', days(1) + hours(2) + minutes(3) + 4000],
])('%s is %d ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms);
});

test.each([
  '',
  'P',
  'PT',
  'P1DT',
  '1D',
  'P1H',
  'PT1D',
  'P1W',
  'P1M',
  'P1Y',
  'PT1.5H',
  'P-1D',
  '-P1D',
  'pt1h',
  ' P1D',
  'P1D\n',
])('%j is refused: days, hours, minutes and whole seconds only', (text) => {
  expect(isoDuration.test(text)).toBe(false);
  expect(() => durationMs(text)).toThrow(new TypeError(`not a duration: ${text}`));
});

test('parts add up', () => {
  const part = fc.nat(999);
  fc.assert(
    fc.property(part, part, part, part, (d, h, m, s) => {
      expect(durationMs(`P${d}DT${h}H${m}M${s}S`)).toBe(days(d) + hours(h) + minutes(m) + s * 1000);
    }),
  );
});

test('whatever is accepted leads from any year to a date that exists', () => {
  const digits = fc.stringMatching(/^\d{1,20}$/);
  const text = fc
    .record({ amount: digits, unit: fc.constantFrom(['P', 'D'], ['PT', 'H'], ['PT', 'M'], ['PT', 'S']) })
    .map(({ amount, unit: [before, after] }) => `${before}${amount}${after}`);
  fc.assert(
    fc.property(text, (duration) => {
      fc.pre(isoDuration.test(duration));
      expect(new Date(Date.UTC(2100, 0) + durationMs(duration)).getTime()).not.toBeNaN();
    }),
  );
});
