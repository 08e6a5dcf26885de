import { durationMs } from './duration.ts';
import { afterQuietHours } from './quiet-hours.ts';
import type { ShopSettings } from './shop.ts';

const quarter = durationMs('PT15M');
/** Ends of quiet hours by zone and quiet hours, then by the number of the quarter of an hour. */
const ends = new Map<string, Map<number, number>>();
const mostEnds = 200_000;
let size = 0;

/** `afterQuietHours`, for a hundred thousand messages: calendars are slow, and all instants of a quarter of an hour have the same
 *  answer where quiet hours begin and end on one, and no clock has been changed within one since 2012. */
export function quietEnd(instant: Date, zone: string, quietHours: ShopSettings['quietHours']): Date {
  const { from, to } = quietHours;
  if (from === to) return instant;
  if (!isOnQuarter(from) || !isOnQuarter(to)) return afterQuietHours(instant, zone, quietHours);
  const number = Math.floor(instant.getTime() / quarter);
  const start = number * quarter;
  const known = endsOf(`${zone} ${from} ${to}`);
  let end = known.get(number);
  if (end === undefined) {
    end = afterQuietHours(new Date(start), zone, quietHours).getTime();
    known.set(number, end);
    size += 1;
  }
  return end === start ? instant : new Date(end);
}

function endsOf(key: string): Map<number, number> {
  if (size > mostEnds) {
    ends.clear();
    size = 0;
  }
  const known = ends.get(key) ?? new Map<number, number>();
  ends.set(key, known);
  return known;
}

function isOnQuarter(time: string): boolean {
  return Number(time.slice(3)) % 15 === 0;
}
