import { settingsReader } from '#activities/settings-reader.ts';
import { durationMs } from '#domain/duration.ts';
import { type Settings, settings } from '#workflows/reservation/settings.ts';

/** Settings with durations in ms. */
export interface Prepared {
  raw: Settings;
  holdForMs: number;
  offerWithinMs: number;
  validForMs: number;
}

const read = settingsReader(
  settings,
  (raw: Settings): Prepared => ({
    raw,
    holdForMs: durationMs(raw.holdFor),
    offerWithinMs: durationMs(raw.offerWithin),
    validForMs: durationMs(raw.validFor),
  }),
);

/** Those of a version; the defaults where nobody has saved any. */
export function settingsOf(version: { version: number; value: unknown } | null): Prepared {
  return read({ settings: { journey: version, shop: null, policy: null } });
}
