import { durationMs } from './duration.ts';

/** Fewer opens than these have no tail worth a setting. */
export const fewestOpens = 10;

/** A wait as people would choose it: up to `upTo` in steps of `step`. */
const steps: readonly { upTo: string; step: string }[] = [
  { upTo: 'PT1H', step: 'PT5M' },
  { upTo: 'PT6H', step: 'PT30M' },
  { upTo: 'P2D', step: 'PT1H' },
  { upTo: 'P7D', step: 'PT6H' },
];

/** The `after` of a cascade's channel when nine of ten who will ever open have done so after `p90` ms: rounded up to a
 *  sensible step, ISO 8601. Null where `count` opens are too few to tell. */
export function suggestedAfter(p90: number, count: number): string | null {
  if (count < fewestOpens) return null;
  const { step } = steps.find(({ upTo }) => p90 <= durationMs(upTo)) ?? { step: 'P1D' };
  const ms = durationMs(step);
  return isoDurationOf(Math.max(1, Math.ceil(p90 / ms)) * ms);
}

/** Milliseconds as ISO 8601 in days, hours, minutes and seconds: `P1DT2H`, `PT0.5S`. */
export function isoDurationOf(ms: number): string {
  const part = (unit: number, name: string, of: number = Number.POSITIVE_INFINITY) => {
    const count = Math.floor((ms % of) / unit);
    return count === 0 ? '' : `${count}${name}`;
  };
  const [second, minute, hour, day] = [1000, 60_000, 3_600_000, 86_400_000];
  const seconds = (ms % minute) / second;
  const time = part(hour, 'H', day) + part(minute, 'M', hour) + (seconds === 0 ? '' : `${seconds}S`);
  const days = part(day, 'D');
  return days === '' && time === '' ? 'PT0S' : `P${days}${time === '' ? '' : `T${time}`}`;
}
