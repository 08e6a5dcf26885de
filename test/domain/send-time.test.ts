import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  atBestHour,
  bestHour,
  byHour,
  fewestOpens,
  hourShares,
  learntHour,
  localDayBestHour,
  nextBestTime,
  waitEnd,
} from '#domain/send-time.ts';
import { defaultShop } from '#domain/shop.ts';
import { days, hours, later, minutes, moment, wall } from './wall.ts';

const night = defaultShop.quietHours;
const off = { from: '00:00', to: '00:00' };
const never = Array<number>(24).fill(0);
const at = (...opens: [hour: number, count: number][]) => never.map((_, hour) => new Map(opens).get(hour) ?? 0);
const total = (shares: readonly number[]) => shares.reduce((sum, share) => sum + share, 0);
const opens = fc.array(fc.nat(200), { minLength: 24, maxLength: 24 });
const turned = (list: readonly number[], by: number) => list.map((_, hour) => list[(hour + by) % 24] ?? 0);
const short = (instant: Date) => instant.toISOString().replace(':00.000Z', 'Z');
const hourOf = (instant: Date, zone: string) => Number(wall(instant, zone).time.slice(0, 2));

test('opens are counted by the hour that the clock of the customer showed', () => {
  const instants = ['2026-03-28T18:05Z', '2026-03-29T17:59Z', '2026-03-29T18:00Z'].map((text) => new Date(text));
  expect(byHour(instants, 'Europe/Berlin')).toEqual(at([19, 2], [20, 1]));
  expect(byHour(instants, 'Asia/Kathmandu')).toEqual(at([23, 3]));
  expect(byHour([], 'UTC')).toEqual(never);
});

describe('the shares of the hours', () => {
  test('of a customer with twenty opens at 19 among people of the morning', () => {
    const shares = hourShares(at([19, 20]), at([9, 1000]));
    expect(shares[19]).toBeCloseTo((10 + (10 * 1) / 1024) / 30, 10);
    expect(shares[18]).toBeCloseTo((5 + (10 * 1) / 1024) / 30, 10);
    expect(shares[9]).toBeCloseTo((10 * 501) / 1024 / 30, 10);
  });

  test('sum to one and leave no hour without a chance', () => {
    fc.assert(
      fc.property(opens, opens, fc.double({ min: 0.1, max: 100, noNaN: true }), (own, everybody, strength) => {
        const shares = hourShares(own, everybody, strength);
        expect(total(shares)).toBeCloseTo(1, 9);
        expect(Math.min(...shares)).toBeGreaterThan(0);
      }),
    );
  });

  test('know no first and no last hour: midnight is between 23 and 1', () => {
    fc.assert(
      fc.property(opens, opens, fc.nat(23), (own, everybody, by) => {
        const shares = turned(hourShares(own, everybody), by);
        const same = hourShares(turned(own, by), turned(everybody, by));
        for (const [hour, share] of shares.entries()) expect(same[hour]).toBeCloseTo(share, 12);
      }),
    );
  });

  test('one more open in an hour raises its share, and those beside it, above the rest', () => {
    fc.assert(
      fc.property(opens, opens, fc.nat(23), (own, everybody, hour) => {
        const before = hourShares(own, everybody);
        const after = hourShares(
          own.map((count, at) => (at === hour ? count + 1 : count)),
          everybody,
        );
        const gain = (of: number) => (after[(of + 24) % 24] ?? 0) / (before[(of + 24) % 24] ?? 1);
        for (const beside of [hour - 1, hour, hour + 1]) expect(gain(beside)).toBeGreaterThan(gain(hour + 12));
      }),
    );
  });

  test('the more opens of their own, the less everybody counts', () => {
    const everybody = at([9, 1000]);
    const hour = (own: number) => bestHour(hourShares(at([19, own]), everybody), night);
    expect([0, 1, 5].map(hour)).toEqual([9, 9, 9]);
    expect([10, 50, 1000].map(hour)).toEqual([19, 19, 19]);
  });

  test('numbers that are none do no harm', () => {
    expect(total(hourShares([-5, 3], []))).toBeCloseTo(1, 12);
  });
});

describe('the best hour', () => {
  test('is the one with the greatest share, the earliest of equal ones', () => {
    expect(bestHour(at([12, 5], [19, 6]), night)).toBe(19);
    expect(bestHour(at([12, 5], [19, 5]), night)).toBe(12);
    expect(bestHour(never, night)).toBe(9);
  });

  test.each([
    [night, 9, 20],
    [{ from: '20:30', to: '09:30' }, 10, 19],
    [{ from: '00:00', to: '08:00' }, 8, 23],
    [{ from: '22:00', to: '00:00' }, 0, 21],
    [{ from: '13:00', to: '13:01' }, 0, 23],
    [off, 0, 23],
  ])('with quiet hours %o is from %i to %i', (quiet, first, last) => {
    const best = Array.from({ length: 24 }, (_, hour) => bestHour(at([hour, 1]), quiet));
    const free = best.flatMap((hour, wanted) => (hour === wanted ? [hour] : []));
    expect([free[0], free.at(-1)]).toEqual([first, last]);
  });

  test('has no quiet minute, and no audible hour is better', () => {
    fc.assert(
      fc.property(opens, fc.nat(23), fc.integer({ min: 1, max: 23 }), (shares, from, length) => {
        const clock = (hour: number) => `${String(hour % 24).padStart(2, '0')}:00`;
        const best = bestHour(shares, { from: clock(from), to: clock(from + length) });
        const audible = Array.from({ length: 24 - length }, (_, hour) => (from + length + hour) % 24);
        expect(audible).toContain(best);
        expect(shares[best ?? -1]).toBe(Math.max(...audible.map((hour) => shares[hour] ?? 0)));
      }),
    );
  });

  test('is none where every hour has quiet minutes', () => {
    expect(bestHour(at([12, 5]), { from: '12:30', to: '12:20' })).toBeNull();
  });

  test('is learnt from one open of their own, or from many of everybody', () => {
    expect(learntHour(never, at([12, fewestOpens - 1]), night)).toBeNull();
    expect(learntHour(never, at([12, fewestOpens]), night)).toBe(12);
    expect(learntHour(at([19, 1]), at([19, 1]), night)).toBe(19);
    expect(learntHour(never, never, night)).toBeNull();
  });
});

describe('when a clock next shows the hour', () => {
  const next = (instant: string, zone: string, hour: number, quiet = night) =>
    short(atBestHour(new Date(instant), zone, hour, quiet));

  test.each([
    ['today', '2026-05-04T09:00Z', 'Europe/Moscow', 19, '2026-05-04T16:00Z'],
    ['now, within it', '2026-05-04T16:35Z', 'Europe/Moscow', 19, '2026-05-04T16:35Z'],
    ['tomorrow, once it is over', '2026-05-04T17:00Z', 'Europe/Moscow', 19, '2026-05-05T16:00Z'],
    ['in half-hour zones too', '2026-05-04T16:31Z', 'America/St_Johns', 14, '2026-05-04T16:31Z'],
    ['and across the date line', '2026-05-04T09:59Z', 'Pacific/Kiritimati', 12, '2026-05-04T22:00Z'],
    ['the clock is put forward before it', '2026-03-28T20:00Z', 'Europe/Berlin', 19, '2026-03-29T17:00Z'],
    ['the clock is put back before it', '2026-10-24T19:00Z', 'Europe/Berlin', 19, '2026-10-25T18:00Z'],
  ])('%s', (_, instant, zone, hour, expected) => {
    expect(next(instant, zone, hour)).toBe(expected);
  });

  test('an hour that a day leaves out is the instant after the jump', () => {
    expect(next('2026-03-28T12:00Z', 'Europe/Berlin', 2, off)).toBe('2026-03-29T01:00Z');
    expect(next('2026-10-03T12:00Z', 'Australia/Lord_Howe', 2, off)).toBe('2026-10-03T15:30Z');
    expect(next('2017-10-14T15:00Z', 'America/Sao_Paulo', 0, off)).toBe('2017-10-15T03:00Z');
  });

  test('unless that would be quiet', () => {
    expect(next('2026-03-28T12:00Z', 'Europe/Berlin', 2, { from: '03:00', to: '08:00' })).toBe('2026-03-29T06:00Z');
  });

  test('a day that is left out has no best hour', () => {
    expect(next('2011-12-30T08:00Z', 'Pacific/Apia', 19)).toBe('2011-12-31T05:00Z');
  });

  test('an hour that is shown twice: the first, the second, or in between', () => {
    expect(next('2026-10-24T20:00Z', 'Europe/Berlin', 2, off)).toBe('2026-10-25T00:00Z');
    expect(next('2026-10-25T01:30Z', 'Europe/Berlin', 2, off)).toBe('2026-10-25T01:30Z');
    expect(next('2010-11-07T02:30Z', 'America/St_Johns', 23, off)).toBe('2010-11-07T02:31Z');
  });

  test('it is the first minute on any clock', () => {
    fc.assert(
      fc.property(moment, fc.nat(23), ({ zone, instant }, hour) => {
        const found = atBestHour(instant, zone, hour, off);
        expect(found.getTime()).toBeGreaterThanOrEqual(instant.getTime());
        if (hourOf(found, zone) !== hour) {
          const [before, after] = [wall(later(found, -1), zone), wall(found, zone)];
          const left = `${after.date} ${String(hour).padStart(2, '0')}`;
          expect(`${before.date} ${before.time}` < left && left < `${after.date} ${after.time}`).toBe(true);
        }
        // No hour is shown for less than half an hour, so few looks find one that was missed; the minute before `found` is one.
        for (let when = later(found, -minutes(1)); when >= instant; when = later(when, -minutes(15)))
          expect(hourOf(when, zone), when.toISOString()).not.toBe(hour);
      }),
      { numRuns: 200 },
    );
  });
});

test("a message waits for the hour of its customer's opens, by their clock; for none where nothing is known", () => {
  const evenings = ['2026-03-20T18:10Z', '2026-04-20T17:20Z'].map(Date.parse); // 19 o'clock in Berlin, both
  const next = (opens: number[], now: string) => nextBestTime(new Date(now), opens, never, 'Europe/Berlin', night);
  expect(next(evenings, '2026-05-04T09:00Z')).toEqual(new Date('2026-05-04T17:00Z'));
  expect(next(evenings, '2026-05-04T17:40Z')).toEqual(new Date('2026-05-04T17:40Z'));
  expect(next(evenings, '2026-10-24T20:00Z')).toEqual(new Date('2026-10-25T18:00Z'));
  expect(next([], '2026-05-04T09:00Z')).toBeNull();
});

test('only a wait of a day or more ends at the best hour', () => {
  const start = new Date('2026-05-04T09:00Z');
  const end = (wait: number, hour: number | null) =>
    short(waitEnd(start, later(start, wait), 'Europe/Moscow', hour, night));
  expect(end(days(1) - 1000, 19)).toBe('2026-05-05T08:59:59.000Z');
  expect(end(days(1), 19)).toBe('2026-05-05T16:00Z');
  expect(end(days(1), null)).toBe('2026-05-05T09:00Z');
});

describe('a wait of days', () => {
  const end = (start: string, due: string, hour: number, zone = 'Europe/Moscow', quiet = night) =>
    short(localDayBestHour(new Date(start), new Date(due), zone, hour, quiet));

  test.each([
    ['later that day', '2026-05-04T09:00Z', '2026-05-05T09:00Z', 19, '2026-05-05T16:00Z'],
    ['earlier that day', '2026-05-04T17:30Z', '2026-05-05T17:30Z', 10, '2026-05-05T07:00Z'],
    ['within that hour, as it was', '2026-05-04T16:25Z', '2026-05-05T16:25Z', 19, '2026-05-05T16:25Z'],
    ['three days on', '2026-05-04T17:30Z', '2026-05-07T17:30Z', 10, '2026-05-07T07:00Z'],
    ['due in the night, in the morning', '2026-05-04T20:30Z', '2026-05-05T21:30Z', 10, '2026-05-06T07:00Z'],
  ])('ends at the best hour %s', (_, start, due, hour, expected) => {
    expect(end(start, due, hour)).toBe(expected);
  });

  test('never ends before half of it is over: a day is not made a night', () => {
    expect(end('2026-05-04T20:00Z', '2026-05-05T20:00Z', 6, 'UTC', off)).toBe('2026-05-06T06:00Z');
    expect(end('2026-05-04T17:59Z', '2026-05-05T17:59Z', 9)).toBe('2026-05-05T06:00Z');
  });

  test.each([
    ['23', '2026-03-28T11:00Z', '2026-03-29T11:00Z', '2026-03-29T17:00Z'],
    ['25', '2026-10-24T11:00Z', '2026-10-25T11:00Z', '2026-10-25T18:00Z'],
  ])('ends at the same hour on a day of %s hours', (_, start, due, expected) => {
    expect(end(start, due, 19, 'Europe/Berlin')).toBe(expected);
  });

  test('on any clock: the day of its end, or the first best hour after it; not quiet, not before its half', () => {
    fc.assert(
      fc.property(
        moment,
        fc.integer({ min: 1, max: 8 }),
        fc.nat(1439),
        fc.integer({ min: 9, max: 20 }),
        ({ zone, instant }, wait, more, hour) => {
          const due = later(instant, days(wait) + minutes(more));
          const found = localDayBestHour(instant, due, zone, hour, night);
          const { date, time } = wall(found, zone);
          expect(found.getTime()).toBeGreaterThanOrEqual((instant.getTime() + due.getTime()) / 2);
          expect(hourOf(found, zone)).toBe(hour);
          expect(time >= '09:00' && time < '21:00').toBe(true);
          if (date !== wall(due, zone).date) {
            expect(found.getTime()).toBeGreaterThan(due.getTime());
            expect(found.getTime()).toBeLessThan(later(due, hours(50)).getTime());
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
