import type { Db } from '#db/connect.ts';
import { type ReplenishmentRules, refreshReplenishment } from '#db/replenishment/refresh.ts';
import { chooseDue } from '#db/replenishment/start.ts';
import { currentSettings, currentShop } from '#db/settings.ts';
import { durationMs } from '#domain/duration.ts';
import { wakingHours } from '#domain/occasions.ts';
import { contract } from '#workflows/replenishment/contract.ts';
import { type Settings, settings } from '#workflows/replenishment/settings.ts';

const day = durationMs('P1D');

/**
 * The nightly job of J14: brings run-outs up to date, and writes down the starts of those whose goods run out, spread over the day. Where
 * the journey is switched off, run-outs are kept all the same: other journeys ask for them. Null where another process is at it.
 */
export async function replenish(db: Db, now: Date): Promise<Readonly<Record<string, number>> | null> {
  const own = settings.parse((await currentSettings(db, contract.name))?.value ?? {});
  const refreshed = await refreshReplenishment(db, now, rulesOf(own));
  if (refreshed === null) return null;
  const isOn = own.enabled && own.series.length > 0;
  const windows = wakingHours(now, durationMs(own.spreadOver), await currentShop(db));
  const [aheadMs, horizonMs, pauseMs] = [own.ahead, own.horizon, own.pause].map(durationMs) as [number, number, number];
  const started = isOn ? await chooseDue(db, { now, aheadMs, horizonMs, pauseMs, windows }) : 0;
  return { ...refreshed, started };
}

/** What the model goes by. */
export function rulesOf({
  consumables,
  fallback,
  trust,
  quantity,
  household,
  staysDue,
  learnEvery,
}: Settings): ReplenishmentRules {
  return {
    model: {
      fallbackDays: durationMs(fallback) / day,
      trust,
      stretch: { quantity, household: household.exponent },
      usualHousehold: household.usual,
      staysDue,
    },
    consumables,
    householdTrait: household.trait,
    learnEveryMs: durationMs(learnEvery),
  };
}
