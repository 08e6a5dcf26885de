import fc from 'fast-check';
import { expect, test } from 'vitest';
import { durationMs, isoDuration } from '#domain/duration.ts';
import { fewestOpens, isoDurationOf, suggestedAfter } from '#domain/tails.ts';

test.each([
  ['PT0S', 'PT5M'],
  ['PT4M59S', 'PT5M'],
  ['PT5M', 'PT5M'],
  ['PT5M1S', 'PT10M'],
  ['PT1H', 'PT1H'],
  ['PT1H1S', 'PT1H30M'],
  ['PT7H12M', 'PT8H'],
  ['P1DT3H1M', 'P1DT4H'],
  ['P2DT1S', 'P2DT6H'],
  ['P8DT1H', 'P9D'],
])('nine of ten opens within %s suggest to wait %s', (p90, after) => {
  expect(suggestedAfter(durationMs(p90), 100)).toBe(after);
});

test('too few opens suggest nothing', () => {
  expect(suggestedAfter(durationMs('PT1H'), fewestOpens)).toBe('PT1H');
  expect(suggestedAfter(durationMs('PT1H'), fewestOpens - 1)).toBeNull();
});

test('what is suggested is a duration that settings take, no shorter than the tail and not much longer', () => {
  fc.assert(
    fc.property(fc.nat(durationMs('P365D')), (p90) => {
      const after = suggestedAfter(p90, 100) ?? '';
      expect(after).toMatch(isoDuration);
      expect(durationMs(after)).toBeGreaterThanOrEqual(p90);
      expect(durationMs(after)).toBeLessThanOrEqual(p90 * 1.5 + durationMs('PT5M'));
    }),
  );
});

test('milliseconds are written as ISO 8601 and read back', () => {
  expect([0, 1, 500, 61_000, 86_400_000, 93_784_005].map(isoDurationOf)).toEqual([
    'PT0S',
    'PT0.001S',
    'PT0.5S',
    'PT1M1S',
    'P1D',
    'P1DT2H3M4.005S',
  ]);
  fc.assert(
    fc.property(fc.nat(2_000_000_000), (seconds) => {
      expect(durationMs(isoDurationOf(seconds * 1000))).toBe(seconds * 1000);
    }),
  );
});
