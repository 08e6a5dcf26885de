import { settingsReader } from '#activities/settings-reader.ts';
import { durationMs } from '#domain/duration.ts';
import { type MessageName, type Part, selling } from '#workflows/welcome/contract.ts';
import { type Settings, settings } from '#workflows/welcome/settings.ts';

/** One message of a branch, with durations in ms. */
export type WelcomeStep = ReturnType<typeof prepare>['branches']['b2c'][number];

function prepare(raw: Settings) {
  const steps = (branch: keyof Settings['branches']) =>
    raw.branches[branch].map(({ message, after, validFor, part, cascade, promo }) => ({
      message,
      afterMs: durationMs(after),
      validForMs: durationMs(validFor),
      part: part ?? partOf(message),
      cascade: cascade ?? raw.cascade,
      promo: promo ?? raw.promo,
    }));
  return { raw, entryValidForMs: durationMs(raw.entryValidFor), branches: { b2c: steps('b2c'), b2b: steps('b2b') } };
}

function partOf(message: MessageName): Part {
  return selling.includes(message) ? 'selling' : 'teaching';
}

export const settingsOf = settingsReader(settings, prepare);
