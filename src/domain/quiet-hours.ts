import { Temporal } from 'temporal-polyfill';
import type { ShopSettings } from './shop.ts';
import { at, whenShown } from './zone.ts';

/**
 * When a message may go that must not disturb: `instant` itself outside the quiet hours, else their end on the
 * customer's clock. Where the clock jumps over that time, the first instant after the jump.
 */
export function afterQuietHours(instant: Date, zone: string, { from, to }: ShopSettings['quietHours']): Date {
  if (from === to) return instant;
  const local = at(instant, zone);
  const time = local.toPlainTime();
  const start = Temporal.PlainTime.from(from);
  const end = Temporal.PlainTime.from(to);
  const isAfter = (a: Temporal.PlainTime, b: Temporal.PlainTime) => Temporal.PlainTime.compare(a, b) >= 0;
  const overnight = isAfter(start, end);
  const quiet = overnight ? isAfter(time, start) || !isAfter(time, end) : isAfter(time, start) && !isAfter(time, end);
  if (!quiet) return instant;
  const day = overnight && isAfter(time, start) ? local.toPlainDate().add({ days: 1 }) : local.toPlainDate();
  // Asked again, for where a jump of the clock ends in quiet hours.
  return afterQuietHours(whenShown(day.toPlainDateTime(end), zone, instant), zone, { from, to });
}
