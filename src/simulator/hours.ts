import { at, toDate } from '#domain/zone.ts';
import type { Dice } from './dice.ts';

/** When people do things: on their own clock, mostly around an hour of theirs. */

const hour = 3_600_000;

/** How likely each hour of the local day is for somebody whose usual one is `peak`; nights are for sleeping. */
function weightsAround(peak: number): number[] {
  return Array.from({ length: 24 }, (_, local) => {
    const apart = Math.min(Math.abs(local - peak), 24 - Math.abs(local - peak));
    const isNight = local < 7;
    return (isNight ? 0.01 : 0.08) + Math.exp(-(apart ** 2) / 8);
  });
}

/** On the local day of `instant`, or the next if that time of day has passed. */
export function atUsualHour(instant: number, zone: string, peak: number, dice: Dice): number {
  const local = at(new Date(instant), zone);
  const time = { hour: dice.weighted(weightsAround(peak)), minute: dice.whole(0, 59), second: dice.whole(0, 59) };
  const that = toDate(local.with(time)).getTime();
  return that > instant ? that : toDate(local.add({ days: 1 }).with(time)).getTime();
}

/** When somebody reads what came at `instant`: in an hour in which they usually read, rather soon than late, within two days. */
export function whenRead(instant: number, zone: string, peak: number, dice: Dice): number {
  const { hour: first, minute } = at(new Date(instant), zone);
  const byHour = weightsAround(peak);
  const weights = Array.from({ length: 48 }, (_, ahead) => (byHour[(first + ahead) % 24] ?? 0) * Math.exp(-ahead / 10));
  const ahead = dice.weighted(weights);
  const least = ahead === 0 ? 1 : ahead * 60 - minute;
  return instant + least * 60_000 + dice.number() * (ahead === 0 ? (60 - minute) / 60 : 1) * hour;
}
