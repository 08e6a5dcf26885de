import { Temporal } from 'temporal-polyfill';
import { type ProfileKind, profileKinds } from './journey.ts';
import { afterQuietHours } from './quiet-hours.ts';
import type { ShopSettings } from './shop.ts';
import { at, whenShown } from './zone.ts';

/** Journeys that a lifecycle stage or the calendar starts: keys of their runs, and when they begin. */

/** The key of a run that is about one profile on one occasion: `corporate:2026-Q3`. */
export function occasionKey(profile: ProfileKind, occasion: string): string {
  return `${profile}:${occasion}`;
}

const occasions = /^(personal|corporate)(?::\d{4}-(?:Q\d|\d\d-\d\d))?$/;

/** The profile that a run is about, as its key says; null: it is about the customer. */
export function profileOfKey(key: string): ProfileKind | null {
  const [, name] = occasions.exec(key) ?? [];
  return profileKinds.find((kind) => kind === name) ?? null;
}

/** `2026-Q3`, on the calendar of the zone. */
export function quarterOf(instant: Date, zone: string): string {
  const { year, month } = at(instant, zone);
  return `${year}-Q${Math.ceil(month / 3)}`;
}

/** A time without quiet hours in it; business epoch ms. */
export interface Window {
  from: number;
  ms: number;
}

/** The times out of quiet hours within `ms` from `now` on: who begins then need not be put off. Where there is none in it, the end of
 *  the quiet hours, without length; without `ms`, now. */
export function wakingHours(
  now: Date,
  ms: number,
  { zone, quietHours }: Pick<ShopSettings, 'zone' | 'quietHours'>,
): Window[] {
  if (ms === 0) return [{ from: now.getTime(), ms }];
  const end = now.getTime() + ms;
  const windows: Window[] = [];
  let from = afterQuietHours(now, zone, quietHours);
  const first = from.getTime();
  while (from.getTime() < end) {
    const until = Math.min(end, nextQuiet(from, zone, quietHours));
    windows.push({ from: from.getTime(), ms: until - from.getTime() });
    from = afterQuietHours(new Date(until), zone, quietHours);
  }
  return windows.length > 0 ? windows : [{ from: first, ms: 0 }];
}

/** When the next quiet hours begin after an instant that is not in any; never, where there are none. */
function nextQuiet(instant: Date, zone: string, { from, to }: ShopSettings['quietHours']): number {
  if (from === to) return Number.POSITIVE_INFINITY;
  const today = at(instant, zone).toPlainDate();
  for (let days = 0; ; days += 1) {
    const begins = whenShown(today.add({ days }).toPlainDateTime(Temporal.PlainTime.from(from)), zone, instant);
    if (begins > instant) return begins.getTime();
  }
}
