import { durationMs } from '#domain/duration.ts';
import { type Settings, settings } from '#workflows/reservation/settings.ts';

/** Settings with durations in ms. */
export interface Prepared {
  raw: Settings;
  holdForMs: number;
  offerWithinMs: number;
  validForMs: number;
}

/** Those of a version; the defaults where nobody has saved any. */
export function settingsOf(version: { value: unknown } | null): Prepared {
  const raw = settings.parse(version?.value ?? {});
  const [holdForMs, offerWithinMs, validForMs] = [raw.holdFor, raw.offerWithin, raw.validFor].map(durationMs) as [
    number,
    number,
    number,
  ];
  return { raw, holdForMs, offerWithinMs, validForMs };
}
