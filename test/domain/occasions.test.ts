import fc from 'fast-check';
import { expect, test } from 'vitest';
import { occasionKey, profileOfKey, quarterOf, wakingHours } from '#domain/occasions.ts';
import { afterQuietHours } from '#domain/quiet-hours.ts';

const zones = ['Europe/Moscow', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Pacific/Apia'];
const hour = 3_600_000;
const clock = fc
  .integer({ min: 0, max: 47 })
  .map((half) => `${String(half >> 1).padStart(2, '0')}:${half % 2 ? '30' : '00'}`);

test('a key tells the profile of an occasion, and nothing else looks like one', () => {
  expect(profileOfKey(occasionKey('corporate', '2026-Q3'))).toBe('corporate');
  expect(profileOfKey(occasionKey('personal', '2026-03-05'))).toBe('personal');
  expect(profileOfKey('personal')).toBe('personal');
  for (const key of ['', 'personal:lamp', 'personal:shipped', 'personal-2026-Q3', 'order-1:2026-Q3'])
    expect(profileOfKey(key), key).toBeNull();
});

test('a quarter is the shop’s: it begins at midnight there', () => {
  expect(quarterOf(new Date('2026-06-30T20:59:59Z'), 'Europe/Moscow')).toBe('2026-Q2');
  expect(quarterOf(new Date('2026-06-30T21:00:00Z'), 'Europe/Moscow')).toBe('2026-Q3');
  expect(quarterOf(new Date('2026-12-31T23:00:00Z'), 'Europe/Moscow')).toBe('2027-Q1');
});

test('waking hours are those within a time that are not quiet, whole and in order, also where the clock is put forward or back', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('2026-01-01'), max: new Date('2026-12-31'), noInvalidDate: true }),
      fc.integer({ min: 1, max: 24 * 9 }),
      fc.constantFrom(...zones),
      fc.record({ from: clock, to: clock }),
      (now, hours, zone, quietHours) => {
        const end = now.getTime() + hours * hour;
        const windows = wakingHours(now, hours * hour, { zone, quietHours });
        const isQuiet = (at: number) => afterQuietHours(new Date(at), zone, quietHours).getTime() !== at;
        const inside = (at: number) => windows.some(({ from, ms }) => from <= at && at < from + ms);
        if (windows[0]?.ms === 0) {
          expect(windows[0].from).toBeGreaterThanOrEqual(end);
          return;
        }
        for (let at = now.getTime(); at < end; at += hour / 4) expect([at, inside(at)]).toEqual([at, !isQuiet(at)]);
        for (const [place, { from, ms }] of windows.entries()) {
          const before = windows[place - 1];
          expect(ms).toBeGreaterThan(0);
          expect(from).toBeGreaterThanOrEqual(before === undefined ? now.getTime() : before.from + before.ms);
          expect(from + ms).toBeLessThanOrEqual(end);
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('without any time all begin now, by night as well', () => {
  const night = new Date('2026-03-05T00:00:00Z');
  const shop = { zone: 'Europe/Moscow', quietHours: { from: '21:00', to: '09:00' } };
  expect(wakingHours(night, 0, shop)).toEqual([{ from: night.getTime(), ms: 0 }]);
  expect(wakingHours(night, 24 * hour, shop)).toEqual([{ from: Date.parse('2026-03-05T06:00:00Z'), ms: 12 * hour }]);
});
