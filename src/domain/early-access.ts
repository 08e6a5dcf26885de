import { Temporal } from 'temporal-polyfill';
import { at, startOfDay, toDate, whenShown } from './zone.ts';

export const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export type Weekday = (typeof weekdays)[number];

/** Goods published on one day of the week are for the registered only, until a time after it (SF: Friday's until Monday).
 *  On the shop's clock; `until` is at most a week later. */
export interface EarlyAccess {
  weekday: Weekday;
  until: { weekday: Weekday; time: string };
}

/** Published from `from` on and before `to`. */
export interface Published {
  from: Date;
  to: Date;
}

/** What those who are not registered do not see at `instant`; null where they see all. */
export function hiddenAt(instant: Date, early: EarlyAccess | null, zone: string): Published | null {
  if (early === null) return null;
  const today = at(instant, zone).dayOfWeek;
  const ago = (today - number(early.weekday) + 7) % 7;
  // On that weekday itself the goods of a week ago may be hidden still: `until` comes later this day.
  for (const days of [-ago, -ago - 7]) {
    const from = startOfDay(instant, zone, days);
    if (instant < shownFrom(from, early, zone)) return { from, to: startOfDay(instant, zone, days + 1) };
  }
  return null;
}

/** When what was published on the day that begins at `from` is for everybody. */
function shownFrom(from: Date, { weekday, until }: EarlyAccess, zone: string): Date {
  const later = (number(until.weekday) - number(weekday) + 7) % 7 || 7;
  const day = at(from, zone).toPlainDate().add({ days: later });
  return whenShown(day.toPlainDateTime(Temporal.PlainTime.from(until.time)), zone, toDate(at(from, zone)));
}

/** As ISO 8601 counts them: Monday is 1. */
function number(weekday: Weekday): number {
  return weekdays.indexOf(weekday) + 1;
}
