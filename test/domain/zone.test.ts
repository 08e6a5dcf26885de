import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { at, isZone, startOfDay, toDate, zoneOf } from '#domain/zone.ts';
import { dayNumber, days, hours, later, minutes, moment, wall } from './wall.ts';

test('a zone is a name that the calendar knows', () => {
  for (const name of ['Europe/Moscow', 'UTC', 'America/Argentina/Buenos_Aires']) expect(isZone(name)).toBe(true);
  for (const name of ['', 'Moscow', 'Mars/Olympus', 'Europe/Moscow ', '../etc/passwd'])
    expect(isZone(name)).toBe(false);
});

test("the customer's own zone counts, else the shop's, and which one is kept", () => {
  expect(zoneOf('Asia/Tokyo', 'Europe/Moscow')).toEqual({ zone: 'Asia/Tokyo', from: 'profile' });
  expect(zoneOf(null, 'Europe/Moscow')).toEqual({ zone: 'Europe/Moscow', from: 'shop' });
  expect(zoneOf('Nowhere/City', 'Europe/Moscow')).toEqual({ zone: 'Europe/Moscow', from: 'shop' });
});

test('an instant survives the way to a zone and back', () => {
  fc.assert(
    fc.property(moment, ({ zone, instant }) => {
      expect(toDate(at(instant, zone))).toEqual(instant);
    }),
  );
});

describe('the start of a later day', () => {
  const start = (instant: string, zone: string, count: number) =>
    startOfDay(new Date(instant), zone, count).toISOString();

  test('a local day has 23, 24 or 25 hours', () => {
    expect(start('2026-05-04T12:00Z', 'Europe/Berlin', 1)).toBe('2026-05-04T22:00:00.000Z');
    expect(start('2026-03-28T23:00Z', 'Europe/Berlin', 1)).toBe('2026-03-29T22:00:00.000Z');
    expect(start('2026-10-24T22:00Z', 'Europe/Berlin', 1)).toBe('2026-10-25T23:00:00.000Z');
    expect(start('2026-10-24T22:00Z', 'Europe/Berlin', 7)).toBe('2026-10-31T23:00:00.000Z');
  });

  test('a day may begin at one, or twice, or not be there at all', () => {
    expect(start('2017-10-14T15:00Z', 'America/Sao_Paulo', 1)).toBe('2017-10-15T03:00:00.000Z');
    expect(start('2026-10-31T15:00Z', 'America/Havana', 1)).toBe('2026-11-01T04:00:00.000Z');
    expect(start('2011-12-29T15:00Z', 'Pacific/Apia', 1)).toBe('2011-12-30T10:00:00.000Z');
  });

  test('a clock that goes back over midnight goes on with the old day', () => {
    expect(start('2010-11-06T15:00Z', 'America/St_Johns', 1)).toBe('2010-11-07T03:30:00.000Z');
    expect(start('2010-11-07T03:00Z', 'America/St_Johns', 1)).toBe('2010-11-07T03:30:00.000Z');
  });

  test('from there on the calendar shows that day, and just before an earlier one', () => {
    fc.assert(
      fc.property(moment, fc.integer({ min: 1, max: 8 }), ({ zone, instant }, count) => {
        const wanted = dayNumber(wall(instant, zone).date) + count;
        const begin = startOfDay(instant, zone, count);
        const day = (when: Date) => dayNumber(wall(when, zone).date);
        expect(begin.getTime()).toBeGreaterThan(instant.getTime());
        expect(begin.getTime()).toBeLessThanOrEqual(instant.getTime() + days(count) + hours(1));
        expect(day(later(begin, -minutes(1)))).toBeLessThan(wanted);
        for (let ahead = 0; ahead < 26; ahead += 1)
          expect(day(later(begin, hours(ahead)))).toBeGreaterThanOrEqual(wanted);
      }),
      { numRuns: 500 },
    );
  });
});
