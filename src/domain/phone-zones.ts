import { phonePrefixes } from './phone-zones-data.ts';

const zones = new Map(
  Object.entries(phonePrefixes).flatMap(([zone, prefixes]) =>
    prefixes
      .trim()
      .split(/\s+/)
      .map((prefix) => [prefix, zone] as const),
  ),
);
const longest = Math.max(...[...zones.keys()].map((prefix) => prefix.length));

/** The zone in which a phone number is at home; null where its prefix does not tell, as of most Russian mobiles, and
 *  where it is no number in international form (`+74951234567`). */
export function zoneOfPhone(phone: string): string | null {
  if (!/^\+[1-9]\d{6,14}$/.test(phone)) return null;
  for (let length = longest; length > 0; length -= 1) {
    const zone = zones.get(phone.slice(1, 1 + length));
    if (zone !== undefined) return zone || null;
  }
  return null;
}
