import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { afterQuietHours } from '#domain/quiet-hours.ts';
import { defaultShop } from '#domain/shop.ts';
import { later, minutes, moment, wall } from './wall.ts';

const night = defaultShop.quietHours;
const after = (instant: string, zone: string, quietHours = night) =>
  afterQuietHours(new Date(instant), zone, quietHours).toISOString().replace(':00.000Z', 'Z');

describe('the default, from 21:00 to 09:00', () => {
  test.each([
    ['a minute before, it may go', '2026-05-04T17:59Z', '2026-05-04T17:59Z'],
    ['from 21:00 on it waits till the morning', '2026-05-04T18:00Z', '2026-05-05T06:00Z'],
    ['after midnight too, the same morning', '2026-05-04T22:30Z', '2026-05-05T06:00Z'],
    ['a minute before nine it waits', '2026-05-05T05:59Z', '2026-05-05T06:00Z'],
    ['at nine it may go', '2026-05-05T06:00Z', '2026-05-05T06:00Z'],
  ])('%s', (_, instant, expected) => {
    expect(after(instant, 'Europe/Moscow')).toBe(expected);
  });

  test('seconds before nine count, and nothing of an audible instant is rounded', () => {
    const nine = new Date('2026-05-05T06:00:00.000Z');
    expect(afterQuietHours(later(nine, -1), 'Europe/Moscow', night)).toEqual(nine);
    expect(afterQuietHours(later(nine, 1), 'Europe/Moscow', night)).toEqual(later(nine, 1));
  });
});

test('equal times switch quiet hours off', () => {
  expect(after('2026-05-04T00:00Z', 'UTC', { from: '00:00', to: '00:00' })).toBe('2026-05-04T00:00Z');
  expect(after('2026-05-04T22:00Z', 'UTC', { from: '21:00', to: '21:00' })).toBe('2026-05-04T22:00Z');
});

test('quiet hours may lie within one day', () => {
  const siesta = { from: '13:00', to: '16:00' };
  expect(after('2026-05-04T12:59Z', 'UTC', siesta)).toBe('2026-05-04T12:59Z');
  expect(after('2026-05-04T13:00Z', 'UTC', siesta)).toBe('2026-05-04T16:00Z');
  expect(after('2026-05-04T16:00Z', 'UTC', siesta)).toBe('2026-05-04T16:00Z');
  expect(after('2026-05-04T22:00Z', 'UTC', { from: '22:00', to: '00:00' })).toBe('2026-05-05T00:00Z');
  expect(after('2026-05-04T23:00Z', 'UTC', { from: '00:00', to: '09:00' })).toBe('2026-05-04T23:00Z');
});

describe('the clock is put forward', () => {
  const early = { from: '21:00', to: '02:30' };

  test('over the end of the quiet hours: they end with the jump', () => {
    expect(after('2026-03-29T00:30Z', 'Europe/Berlin', early)).toBe('2026-03-29T01:00Z');
    expect(after('2026-03-28T21:00Z', 'Europe/Berlin', early)).toBe('2026-03-29T01:00Z');
  });

  test('within them: nine is nine', () => {
    expect(after('2026-03-28T22:00Z', 'Europe/Berlin')).toBe('2026-03-29T07:00Z');
  });

  test('over all of them: there are none that day', () => {
    expect(after('2026-03-29T01:00Z', 'Europe/Berlin', { from: '02:10', to: '02:50' })).toBe('2026-03-29T01:00Z');
  });

  test('over the only audible minutes of the day: those of the next', () => {
    const most = { from: '02:45', to: '02:15' };
    expect(after('2026-03-29T00:00Z', 'Europe/Berlin', most)).toBe('2026-03-30T00:15Z');
  });

  test('over a whole day: the morning after it', () => {
    expect(after('2011-12-30T09:00Z', 'Pacific/Apia')).toBe('2011-12-30T19:00Z');
  });
});

describe('the clock is put back', () => {
  const early = { from: '21:00', to: '02:30' };

  test('over their end: they end when it is first shown', () => {
    expect(after('2026-10-25T00:10Z', 'Europe/Berlin', early)).toBe('2026-10-25T00:30Z');
  });

  test('into them: what is quiet again waits for the second end, not for the one that has passed', () => {
    expect(after('2026-10-25T01:10Z', 'Europe/Berlin', early)).toBe('2026-10-25T01:30Z');
  });

  test('over midnight: the morning is the same', () => {
    expect(after('2010-11-07T02:30Z', 'America/St_Johns')).toBe('2010-11-07T12:30Z');
    expect(after('2010-11-07T03:00Z', 'America/St_Johns')).toBe('2010-11-07T12:30Z');
  });
});

const clock = fc
  .record({ hour: fc.nat(23), minute: fc.constantFrom(0, 1, 15, 30, 45) })
  .map(({ hour, minute }) => `${String(hour).padStart(2, '0')}:${String(minute).padStart(2, '0')}`);

/** By the clock on the wall. */
function isQuiet(instant: Date, zone: string, { from, to }: { from: string; to: string }): boolean {
  const { time } = wall(instant, zone);
  return from < to ? time >= from && time < to : from > to && (time >= from || time < to);
}

describe('on any clock, for any quiet hours', () => {
  test('the answer is never quiet, never earlier, and final', () => {
    fc.assert(
      fc.property(moment, clock, clock, ({ zone, instant }, from, to) => {
        const result = afterQuietHours(instant, zone, { from, to });
        expect(isQuiet(result, zone, { from, to })).toBe(false);
        expect(result.getTime()).toBeGreaterThanOrEqual(instant.getTime());
        expect(afterQuietHours(result, zone, { from, to })).toEqual(result);
      }),
      { numRuns: 1000 },
    );
  });

  test('an instant that is not quiet is the answer itself', () => {
    fc.assert(
      fc.property(moment, clock, clock, ({ zone, instant }, from, to) => {
        fc.pre(!isQuiet(instant, zone, { from, to }));
        expect(afterQuietHours(instant, zone, { from, to })).toEqual(instant);
      }),
    );
  });

  test('no earlier minute would have done, unless the clock went back from the quiet hours', () => {
    fc.assert(
      fc.property(moment, clock, clock, ({ zone, instant }, from, to) => {
        const result = afterQuietHours(instant, zone, { from, to });
        let shown = wall(instant, zone);
        for (let at = instant; at < result; at = later(at, minutes(1))) {
          const now = wall(at, zone);
          if (`${now.date} ${now.time}` < `${shown.date} ${shown.time}`) return;
          shown = now;
          expect(isQuiet(at, zone, { from, to }), `${now.date} ${now.time}`).toBe(true);
        }
      }),
      { numRuns: 150 },
    );
  });
});
