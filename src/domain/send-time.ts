import { Temporal } from 'temporal-polyfill';
import { durationMs } from './duration.ts';
import { afterQuietHours } from './quiet-hours.ts';
import type { ShopSettings } from './shop.ts';
import { at, startOfDay, toDate, whenShown } from './zone.ts';

/** The best send time (R5): the hour at which this customer usually opens, smoothed by everybody's. */

type QuietHours = ShopSettings['quietHours'];

/** A number for each hour of the local day, from 0 to 23. */
export type ByHour = readonly number[];

export const hoursOfDay = 24;

/** So many opens of everybody's hours stand beside a customer's own: after ten of their own, both count the same. */
export const priorOpens = 10;

/** Of opens of all customers together: fewer say nothing about somebody who has opened nothing yet. */
export const fewestOpens = 50;

/** Of an open in an hour what it says about that hour; the rest goes to the two beside it: an open at 19:05 might as well have
 *  been at 18:55. */
const ownHour = 0.5;

/** How many of these instants were at each local hour. */
export function byHour(opens: readonly Date[], zone: string): number[] {
  const counts = Array<number>(hoursOfDay).fill(0);
  for (const open of opens) {
    const { hour } = at(open, zone);
    counts[hour] = (counts[hour] ?? 0) + 1;
  }
  return counts;
}

/** The chance that this customer's next open is in each hour; the 24 of them sum to 1. `strength`: as how many opens of their
 *  own everybody's hours count (additive smoothing; everybody's are smoothed by one open an hour). */
export function hourShares(own: ByHour, everybody: ByHour, strength = priorOpens): number[] {
  const usual = spread(counts(everybody).map((count) => count + 1));
  const usualTotal = sum(usual);
  const theirs = spread(counts(own));
  const total = sum(theirs) + strength;
  return theirs.map((count, hour) => (count + (strength * (usual[hour] ?? 0)) / usualTotal) / total);
}

/** The hour with the greatest share of those in which nothing is quiet, the earliest of equal ones; null where every hour has
 *  quiet minutes. */
export function bestHour(shares: ByHour, quietHours: QuietHours): number | null {
  const audible = [...shares.keys()].filter((hour) => !isQuiet(hour, quietHours));
  return audible.reduce<number | null>(
    (best, hour) => (best === null || (shares[hour] ?? 0) > (shares[best] ?? 0) ? hour : best),
    null,
  );
}

/** The best hour of a customer; null where too little is known: nobody should wait for an hour that is as good as any. */
export function learntHour(own: ByHour, everybody: ByHour, quietHours: QuietHours): number | null {
  if (sum(counts(own)) === 0 && sum(counts(everybody)) < fewestOpens) return null;
  return bestHour(hourShares(own, everybody), quietHours);
}

/** When a message goes that waits for the best hour of a customer: the next such instant from `now` on (`now` itself within
 *  the hour); null where no hour is learnt. `opens`: their own, business epoch ms; `everybody`: opens by local hour. */
export function nextBestTime(
  now: Date,
  opens: readonly number[],
  everybody: ByHour,
  zone: string,
  quietHours: QuietHours,
): Date | null {
  const own = byHour(
    opens.map((open) => new Date(open)),
    zone,
  );
  const hour = learntHour(own, everybody, quietHours);
  return hour === null ? null : atBestHour(now, zone, hour, quietHours);
}

/** The first instant from `instant` on at which a local clock shows `hour`. On a day whose clock jumps over the whole hour, the
 *  instant after the jump. What would be quiet nevertheless (it was no hour of `bestHour`) waits for the end of quiet hours. */
export function atBestHour(instant: Date, zone: string, hour: number, quietHours: QuietHours): Date {
  return afterQuietHours(nextHour(instant, zone, hour), zone, quietHours);
}

/**
 * When a wait of a day or more ends that began at `start` and would end at `due`: how many days it takes is the shop's to
 * say, the hour is the customer's. So it ends on the local day of `due`, at the best hour of that day, be it before or after
 * `due`; at `due` itself where that is within the hour. But never before half of the wait is over, so that a day is not
 * made a night: then at the first best hour after `due`. (The default quiet hours leave so much time between.)
 */
export function localDayBestHour(start: Date, due: Date, zone: string, hour: number, quietHours: QuietHours): Date {
  if (at(due, zone).hour === hour) return afterQuietHours(due, zone, quietHours);
  const half = (start.getTime() + due.getTime()) / 2;
  const earliest = new Date(Math.max(half, startOfDay(due, zone, 0).getTime()));
  const found = atBestHour(earliest, zone, hour, quietHours);
  return isSameDay(found, due, zone) ? found : atBestHour(due, zone, hour, quietHours);
}

/** When a wait ends that began at `start` and is due at `due`: one of a day or more at the best hour of that local day, where an
 *  hour is learnt. */
export function waitEnd(start: Date, due: Date, zone: string, hour: number | null, quietHours: QuietHours): Date {
  const isShort = due.getTime() - start.getTime() < durationMs('P1D');
  return hour === null || isShort ? due : localDayBestHour(start, due, zone, hour, quietHours);
}

function nextHour(instant: Date, zone: string, hour: number): Date {
  const local = at(instant, zone);
  if (local.hour === hour) return instant;
  const shown = [0, 1, 2].flatMap((ahead) => {
    const day = local.toPlainDate().add({ days: ahead });
    const when = whenShown(day.toPlainDateTime({ hour }), zone, instant);
    // A jump may leave out the end of the day with its hour, or the whole day.
    return when >= instant && at(when, zone).toPlainDate().equals(day) ? [when] : [];
  });
  return new Date(Math.min(...[...shown, ...putBack(local, hour)].map((when) => when.getTime())));
}

/** A clock that is put back may show the hour from its middle on (St. John's: from 00:01 to 23:01). */
function putBack(local: Temporal.ZonedDateTime, hour: number): Date[] {
  const change = local.getTimeZoneTransition('next');
  return change !== null && change.hour === hour ? [toDate(change)] : [];
}

function isSameDay(one: Date, other: Date, zone: string): boolean {
  return at(one, zone).toPlainDate().equals(at(other, zone).toPlainDate());
}

/** Whether any minute of the hour is quiet. */
function isQuiet(hour: number, { from, to }: QuietHours): boolean {
  if (from === to) return false;
  const [start, end] = [minuteOf(from), minuteOf(to)];
  const [first, last] = [hour * 60, hour * 60 + 59];
  return start < end ? first < end && last >= start : first < end || last >= start;
}

function minuteOf(time: string): number {
  const { hour, minute } = Temporal.PlainTime.from(time);
  return hour * 60 + minute;
}

/** 24 counts, none of them negative, whatever came out of a database. */
function counts(hours: ByHour): number[] {
  return Array.from({ length: hoursOfDay }, (_, hour) => Math.max(0, hours[hour] ?? 0));
}

function spread(hours: readonly number[]): number[] {
  const of = (hour: number) => hours[(hour + hoursOfDay) % hoursOfDay] ?? 0;
  return hours.map((count, hour) => ownHour * count + ((1 - ownHour) / 2) * (of(hour - 1) + of(hour + 1)));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
