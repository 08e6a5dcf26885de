import { Temporal } from 'temporal-polyfill';
import { zoneOfPhone } from './phone-zones.ts';
import { zoneOfRegion } from './region-zones.ts';
import type { ShopSettings } from './shop.ts';

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

/** When a clock next shows `local`, from `instant` on; the first instant after the jump if it never does. */
export function whenShown(local: Temporal.PlainDateTime, zone: string, instant: Date): Date {
  const earlier = local.toZonedDateTime(zone, { disambiguation: 'earlier' });
  const later = local.toZonedDateTime(zone, { disambiguation: 'later' });
  const isShown = earlier.toPlainDateTime().equals(local);
  if (!isShown) return toDate(earlier.getTimeZoneTransition('next') ?? later);
  // A clock that is put back shows it twice, and the first time may have passed.
  return toDate(toDate(earlier) >= instant ? earlier : later);
}

/** What a customer's zone may be told by. */
export interface Whereabouts {
  /** As they or their browser said: an IANA name, perhaps. */
  zone: string | null;
  /** In international form. */
  phone: string | null;
  region: string | null;
}

export type ZoneFrom = 'profile' | 'phone' | 'region' | 'shop';

/** The zone that counts for a customer, and where it was taken from (R4, `semantics.md`: Quiet hours). */
export function zoneOf(
  { zone, phone, region }: Whereabouts,
  shop: Pick<ShopSettings, 'zone' | 'regionZones'>,
): { zone: string; from: ZoneFrom } {
  if (zone !== null && isZone(zone)) return { zone, from: 'profile' };
  const byPhone = phone === null ? null : zoneOfPhone(phone);
  if (byPhone !== null && isZone(byPhone)) return { zone: byPhone, from: 'phone' };
  const byRegion = region === null ? null : zoneOfRegion(region, shop.regionZones);
  if (byRegion !== null && isZone(byRegion)) return { zone: byRegion, from: 'region' };
  return { zone: shop.zone, from: 'shop' };
}
