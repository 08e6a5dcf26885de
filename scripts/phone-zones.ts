/**
 * `node scripts/phone-zones.ts FILE`: makes `src/domain/phone-zones-data.ts` from libphonenumber's
 * `resources/timezones/map_data.txt` (Apache 2.0). To be run again with a newer file now and then: a new area code is
 * only a customer whose zone is not known.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What we know better than the file. `''`: numbers that are used all over a country of many zones. */
const corrections: Readonly<Record<string, string>> = {
  '740': 'Europe/Kaliningrad', // the file says Bucharest, which has summer time
  '79': '', // Russian mobiles; the file says Moscow
  '614': '', // Australian mobiles; the file says Sydney
  '3519': 'Europe/Lisbon', // Portuguese mobiles: 19 of 20 people live there
};

const [file] = process.argv.slice(2);
if (file === undefined)
  throw new Error('Say where map_data.txt of libphonenumber is: node scripts/phone-zones.ts FILE');

const listed = readFileSync(file, 'utf8')
  .split('\n')
  .filter((line) => /^\d/.test(line))
  .map((line) => line.split('|') as [string, string])
  .map(([prefix, zones]) => ({ prefix, zones: zones.split('&') }));

const uses = new Map<string, number>();
for (const { zones } of listed) for (const zone of zones) uses.set(zone, (uses.get(zone) ?? 0) + 1 / zones.length);

const clocks = new Map<string, string>([['', '']]);

/** What the clocks of a zone will show in the next two years: zones that agree in it are one to us. */
function clockOf(zone: string): string {
  const known = clocks.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat('en', { timeZone: zone, timeZoneName: 'longOffset' });
  const weeks = Array.from({ length: 104 }, (_, week) => Date.now() + week * 7 * 86_400_000);
  const clock = weeks.map((at) => format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value).join();
  clocks.set(zone, clock);
  return clock;
}

/** The best known of the zones where all show the same time, `''` where they do not. */
function oneOf(zones: string[]): string {
  if (new Set(zones.map(clockOf)).size > 1) return '';
  return zones.toSorted((a, b) => (uses.get(b) ?? 0) - (uses.get(a) ?? 0) || (a < b ? -1 : 1))[0] ?? '';
}

const zoneOf = new Map(listed.map(({ prefix, zones }) => [prefix, oneOf(zones)]));
for (const [prefix, zone] of Object.entries(corrections)) zoneOf.set(prefix, zone);

function inherited(prefix: string): string {
  for (let length = prefix.length - 1; length > 0; length -= 1) {
    const zone = zoneOf.get(prefix.slice(0, length));
    if (zone !== undefined) return zone;
  }
  return '';
}

const prefixes = new Map<string, string[]>();
for (const [prefix, zone] of zoneOf)
  if (clockOf(zone) !== clockOf(inherited(prefix))) prefixes.set(zone, [...(prefixes.get(zone) ?? []), prefix]);

/** As an entry of an object, in lines of at most 120 characters. */
function entry(zone: string): string {
  const words = (prefixes.get(zone) ?? []).sort().join(' ');
  if (words.length + zone.length < 109) return `  '${zone}': '${words}',\n`;
  return `  '${zone}': \`\n${words.replaceAll(/(.{1,116})(?: |$)/g, '    $1\n')}  \`,\n`;
}

writeFileSync(
  join(import.meta.dirname, '../src/domain/phone-zones-data.ts'),
  `/*
 * Made by scripts/phone-zones.ts from libphonenumber's resources/timezones/map_data.txt, condensed and in a few places
 * corrected. Copyright (C) 2012 The Libphonenumber Authors. Licensed under the Apache License, Version 2.0:
 * http://www.apache.org/licenses/LICENSE-2.0
 */

/** Zone → the prefixes of its numbers, without the plus; the longest prefix counts. \`''\`: cannot be told. */
export const phonePrefixes: Readonly<Record<string, string>> = {
${[...prefixes.keys()].sort().map(entry).join('')}};
`,
);
