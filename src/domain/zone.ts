import { Temporal } from 'temporal-polyfill';

/** Calendars are computed in a customer's zone, never by adding 24 h: a local day may have 23 or 25. */

export function isZone(name: string): boolean {
  try {
    Temporal.Now.zonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

export function at(instant: Date, zone: string): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(instant.getTime()).toZonedDateTimeISO(zone);
}

export function toDate(zoned: Temporal.ZonedDateTime): Date {
  return new Date(zoned.epochMilliseconds);
}

/** The first instant of the local day `days` after the one that holds `instant`; the last midnight where the clock
 *  goes back over it into the day before (St. John's, until 2011), which is not over till then. */
export function startOfDay(instant: Date, zone: string, days: number): Date {
  const day = at(instant, zone).toPlainDate().add({ days });
  const lastMidnight = day.toPlainDateTime().toZonedDateTime(zone, { disambiguation: 'later' });
  const before = lastMidnight.subtract({ milliseconds: 1 }).toPlainDate();
  return toDate(Temporal.PlainDate.compare(before, day) < 0 ? lastMidnight : day.toZonedDateTime(zone));
}

/** The zone that counts for a customer, and where it was taken from (R4). */
export function zoneOf(customer: string | null, shop: string): { zone: string; from: 'profile' | 'shop' } {
  return customer !== null && isZone(customer) ? { zone: customer, from: 'profile' } : { zone: shop, from: 'shop' };
}
