import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { zoneOfPhone } from '#domain/phone-zones.ts';
import { phonePrefixes } from '#domain/phone-zones-data.ts';
import { zoneOfRegion } from '#domain/region-zones.ts';
import { at, isZone, startOfDay, toDate, zoneOf } from '#domain/zone.ts';
import { dayNumber, days, hours, later, minutes, moment, wall } from './wall.ts';

test('a zone is a name that the calendar knows', () => {
  for (const name of ['Europe/Moscow', 'UTC', 'America/Argentina/Buenos_Aires']) expect(isZone(name)).toBe(true);
  for (const name of ['', 'Moscow', 'Mars/Olympus', 'Europe/Moscow ', '../etc/passwd'])
    expect(isZone(name)).toBe(false);
});

describe("the customer's zone", () => {
  const shop = { zone: 'Europe/Moscow', regionZones: { ural: 'Asia/Yekaterinburg', Moon: 'Nowhere/City' } };
  const nobody = { zone: null, phone: null, region: null };
  const whole = { zone: 'Asia/Tokyo', phone: '+12125550100', region: 'ural' };

  test.each([
    ['their own', whole, 'Asia/Tokyo', 'profile'],
    ['no such zone: by phone', { ...whole, zone: 'Nowhere/City' }, 'America/New_York', 'phone'],
    [
      'a phone that tells nothing: by region',
      { ...whole, zone: null, phone: '+79161234567' },
      'Asia/Yekaterinburg',
      'region',
    ],
    ['a region that is set to nonsense', { ...nobody, region: 'Moon' }, 'Europe/Moscow', 'shop'],
    ['nothing is known', nobody, 'Europe/Moscow', 'shop'],
  ])('%s', (_, who, zone, from) => {
    expect(zoneOf(who, shop)).toEqual({ zone, from });
  });

  test('whatever a customer says of themselves, there is a zone', () => {
    const text = fc.option(fc.oneof(fc.string({ unit: 'binary' }), fc.stringMatching(/^\+?\d{0,20}$/)));
    fc.assert(
      fc.property(text, text, text, (zone, phone, region) => {
        expect(isZone(zoneOf({ zone, phone, region }, shop).zone)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('the zone of a phone', () => {
  test.each([
    ['+74951234567', 'Europe/Moscow'],
    ['+74012123456', 'Europe/Kaliningrad'],
    ['+73431234567', 'Asia/Yekaterinburg'],
    ['+74232123456', 'Asia/Vladivostok'],
    ['+77271234567', 'Asia/Almaty'],
    ['+77011234567', 'Asia/Almaty'],
    ['+375291234567', 'Europe/Moscow'],
    ['+12125550100', 'America/New_York'],
    ['+13105550100', 'America/Los_Angeles'],
    ['+12082010100', 'America/Denver'],
    ['+14165550100', 'America/Toronto'],
    ['+61289876543', 'Australia/Sydney'],
    ['+61732345678', 'Australia/Brisbane'],
    ['+5592991234567', 'America/Manaus'],
    ['+5511991234567', 'America/Sao_Paulo'],
    ['+34612345678', 'Europe/Madrid'],
    ['+34922123456', 'Atlantic/Canary'],
    ['+442079460000', 'Europe/London'],
  ])('%s shows the time of %s', (phone, zone) => {
    const shown = zoneOfPhone(phone) ?? '';
    for (const month of ['2026-01-15T12:00Z', '2026-07-15T12:00Z'])
      expect(wall(new Date(month), shown)).toEqual(wall(new Date(month), zone));
  });

  test.each([
    ['a Russian mobile', '+79161234567'],
    ['a free call in Russia', '+78001234567'],
    ['a number of two countries under a prefix of one', '+78101234567'],
    ['an Australian mobile', '+61412345678'],
    ['a free call in America', '+18005550100'],
    ['a satellite', '+881612345678'],
    ['no international form', '89161234567'],
    ['nothing', ''],
    ['a word', '+7495abc4567'],
  ])('%s says nothing', (_, phone) => {
    expect(zoneOfPhone(phone)).toBeNull();
  });

  test('every zone of the table is one', () => {
    const zones = Object.keys(phonePrefixes).filter((zone) => zone !== '');
    expect(zones.length).toBeGreaterThan(200);
    expect(zones.filter((zone) => !isZone(zone))).toEqual([]);
  });
});

describe('the zone of a region', () => {
  test.each([
    ['RU-SVE', 'Asia/Yekaterinburg'],
    ['Свердловская область', 'Asia/Yekaterinburg'],
    ['г. Екатеринбург', 'Asia/Yekaterinburg'],
    ['Республика Саха (Якутия)', 'Asia/Yakutsk'],
    ['Ханты-Мансийский автономный округ — Югра', 'Asia/Yekaterinburg'],
    ['Орёл, Орловская обл.', 'Europe/Moscow'],
    ['санкт-петербург', 'Europe/Moscow'],
    ['Еврейская АО', 'Asia/Vladivostok'],
    ['Алтайский край', 'Asia/Barnaul'],
    ['msk', 'Europe/Moscow'],
  ])('%s is in %s', (region, zone) => {
    expect(zoneOfRegion(region, {})).toBe(zone);
    expect(isZone(zone)).toBe(true);
  });

  test("the shop's word comes first, however it is spelt", () => {
    const own = { 'Свердловская область': 'Asia/Omsk', north: 'Europe/Oslo' };
    expect(zoneOfRegion('свердловская  Область', own)).toBe('Asia/Omsk');
    expect(zoneOfRegion('North', own)).toBe('Europe/Oslo');
    expect(zoneOfRegion('RU-SVE', own)).toBe('Asia/Yekaterinburg');
  });

  test.each(['', '–', 'region 7', 'constructor', '__proto__', 'sve'])('"%s" is not known', (region) => {
    expect(zoneOfRegion(region, {})).toBeNull();
  });
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
