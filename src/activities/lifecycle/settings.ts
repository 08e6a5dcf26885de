import { settingsReader } from '#activities/settings-reader.ts';
import { durationMs } from '#domain/duration.ts';
import { type Settings, settings } from '#workflows/lifecycle/settings.ts';

/** One message of the year, with durations in ms. */
export type YearStep = ReturnType<typeof prepare>['steps'][number];

function prepare(raw: Settings) {
  return {
    raw,
    entryValidForMs: durationMs(raw.entryValidFor),
    overMs: durationMs(raw.over),
    yieldWithinMs: durationMs(raw.yieldWithin),
    steps: raw.steps.map(({ message, at, from, validFor, cascade, promo }) => ({
      message,
      atMs: durationMs(at),
      from,
      validForMs: durationMs(validFor),
      cascade: cascade ?? raw.cascade,
      promo: promo ?? null,
    })),
  };
}

export const settingsOf = settingsReader(settings, prepare);
