import fc from 'fast-check';

/** What a clock on the wall of a zone shows, by `Intl` and thus not by the code under test. */
export function wall(instant: Date, zone: string): { date: string; time: string } {
  const parts = Object.fromEntries(
    formatOf(zone)
      .formatToParts(instant)
      .map(({ type, value }) => [type, value]),
  );
  return { date: `${parts.year}-${parts.month}-${parts.day}`, time: `${parts.hour}:${parts.minute}` };
}

const formats = new Map<string, Intl.DateTimeFormat>();

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const two = '2-digit' as const;
  const format = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: two,
    day: two,
    hour: two,
    minute: two,
  });
  formats.set(zone, format);
  return format;
}

/** Days from 1970-01-01 to a date of `wall`. */
export function dayNumber(date: string): number {
  return Date.parse(`${date}T00:00Z`) / days(1);
}

export const minutes = (count: number) => count * 60_000;
export const hours = (count: number) => minutes(count * 60);
export const days = (count: number) => hours(count * 24);

export const later = (instant: Date, ms: number) => new Date(instant.getTime() + ms);

/** Days that have not 24 hours, and other strange ones. */
const jumps: [zone: string, at: string][] = [
  ['Europe/Berlin', '2026-03-29T01:00Z'],
  ['Europe/Berlin', '2026-10-25T01:00Z'],
  ['America/Sao_Paulo', '2017-10-15T03:00Z'], // no midnight
  ['America/Sao_Paulo', '2018-02-18T02:00Z'], // back from midnight
  ['America/Havana', '2026-03-08T05:00Z'], // no midnight
  ['America/Havana', '2026-11-01T05:00Z'], // midnight twice, both of the new day
  ['America/St_Johns', '2010-11-07T02:31Z'], // at 00:01 back to the day before
  ['Australia/Lord_Howe', '2026-04-04T15:00Z'], // half an hour
  ['Australia/Lord_Howe', '2026-10-03T15:30Z'],
  ['Pacific/Apia', '2011-12-30T10:00Z'], // a whole day is left out
  ['America/Nuuk', '2026-10-25T01:00Z'],
  ['Asia/Beirut', '2026-10-24T21:00Z'],
];

const steady = ['UTC', 'Europe/Moscow', 'Asia/Kathmandu', 'Pacific/Kiritimati', 'America/New_York'];

/** A zone and an instant in it, mostly within two days of a jump of its clock. Whole minutes. */
export const moment: fc.Arbitrary<{ zone: string; instant: Date }> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .record({ jump: fc.constantFrom(...jumps), off: fc.integer({ min: -2 * 1440, max: 2 * 1440 }) })
      .map(({ jump: [zone, at], off }) => ({ zone, instant: later(new Date(at), minutes(off)) })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ zone: fc.constantFrom(...steady, ...jumps.map(([zone]) => zone)), off: fc.nat(20 * 365 * 1440) })
      .map(({ zone, off }) => ({ zone, instant: later(new Date('2010-01-01T00:00Z'), minutes(off)) })),
  },
);
