import { Temporal } from 'temporal-polyfill';

/** What a date of a file is written by: `iso`, or a pattern of YYYY, YY, M, MM, D, DD, H, HH, h, hh, m, mm, s, ss, A. */
export const isoDates = 'iso';

type Unit = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second';

const tokens: Readonly<Record<string, { digits: string; unit: Unit }>> = {
  YYYY: { digits: '(\\d{4})', unit: 'year' },
  YY: { digits: '(\\d{2})', unit: 'year' },
  MM: { digits: '(\\d{2})', unit: 'month' },
  M: { digits: '(\\d{1,2})', unit: 'month' },
  DD: { digits: '(\\d{2})', unit: 'day' },
  D: { digits: '(\\d{1,2})', unit: 'day' },
  HH: { digits: '(\\d{2})', unit: 'hour' },
  H: { digits: '(\\d{1,2})', unit: 'hour' },
  hh: { digits: '(\\d{2})', unit: 'hour' },
  h: { digits: '(\\d{1,2})', unit: 'hour' },
  mm: { digits: '(\\d{2})', unit: 'minute' },
  m: { digits: '(\\d{1,2})', unit: 'minute' },
  ss: { digits: '(\\d{2})', unit: 'second' },
  s: { digits: '(\\d{1,2})', unit: 'second' },
};

/** Reads dates of one pattern as instants (epoch ms); null for what is no such date. A wall time is of `zone`, and of the two that
 *  it has when the clock is put back, the first. */
export function dateReader(pattern: string, zone: string): (text: string) => number | null {
  const read = pattern === isoDates ? isoDate : patterned(pattern);
  // Lines of one order, one after the other, say the same.
  let [last, instant]: [string, number | null] = ['', null];
  return (text) => {
    if (text !== last) [last, instant] = [text, read(text.trim(), zone)];
    return instant;
  };
}

/** Whether a pattern names a day. */
export function isPattern(pattern: string): boolean {
  if (pattern === isoDates) return true;
  const units = unitsOf(pattern);
  return (['year', 'month', 'day'] as const).every((unit) => units.filter((one) => one === unit).length === 1);
}

function isoDate(text: string, zone: string): number | null {
  // With an offset of its own it is an instant by itself.
  if (/(?:Z|[+-]\d{2}:?\d{2})$/i.test(text)) {
    const ms = Date.parse(text);
    return Number.isNaN(ms) ? null : ms;
  }
  try {
    return inZone(Temporal.PlainDateTime.from(text.replace(' ', 'T')), zone);
  } catch {
    return null;
  }
}

function patterned(pattern: string): (text: string, zone: string) => number | null {
  const units = unitsOf(pattern);
  const hasHalf = pattern.includes('A');
  const expression = new RegExp(`^${pattern.split(splitter).map(partOf).join('')}$`, 'i');
  return (text, zone) => {
    const match = expression.exec(text);
    if (match === null) return null;
    const found = { year: 0, month: 1, day: 1, hour: 0, minute: 0, second: 0 };
    for (const [index, unit] of units.entries()) found[unit] = Number(match[index + 1]);
    if (found.year < 100) found.year += 2000;
    if (hasHalf) found.hour = (found.hour % 12) + (/pm/i.test(text) ? 12 : 0);
    try {
      return inZone(Temporal.PlainDateTime.from(found, { overflow: 'reject' }), zone);
    } catch {
      return null;
    }
  };
}

const splitter = /(YYYY|YY|MM?|DD?|HH?|hh?|mm?|ss?|A)/;

function partOf(part: string): string {
  if (part === 'A') return '[AP]M';
  return tokens[part]?.digits ?? part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function unitsOf(pattern: string): Unit[] {
  return pattern.split(splitter).flatMap((part) => tokens[part]?.unit ?? []);
}

function inZone(wall: Temporal.PlainDateTime, zone: string): number {
  return wall.toZonedDateTime(zone).epochMilliseconds;
}
