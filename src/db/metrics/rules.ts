import type { Db, Trx } from '#db/connect.ts';
import { currentSettings, currentShop } from '#db/settings.ts';
import { type ProfileKind, profileKinds } from '#domain/journey.ts';
import type { RfmSettings } from '#domain/rfm.ts';
import { defaultRfm } from '#domain/rfm-defaults.ts';
import { defaultStages, type Intervals, intervalsOn, type StageSettings } from '#domain/stages.ts';
import { at } from '#domain/zone.ts';

/** By what customers are judged at an instant. */
export interface Rules {
  rfm: RfmSettings;
  stages: StageSettings;
  /** Those of the season. */
  intervals: Record<ProfileKind, Intervals>;
  currency: string;
  /** Other rules have another: everybody is to be judged anew. */
  key: string;
}

export async function rfmSettings(db: Db | Trx): Promise<{ version: number; value: RfmSettings }> {
  const saved = await currentSettings(db, 'rfm');
  return { version: saved?.version ?? 0, value: { ...defaultRfm, ...(saved?.value as Partial<RfmSettings>) } };
}

export async function readRules(db: Db | Trx, now: Date): Promise<Rules> {
  const rfm = await rfmSettings(db);
  const savedStages = (await currentSettings(db, 'stages'))?.value as Partial<StageSettings> | undefined;
  const shop = await currentShop(db);
  const stages = { ...defaultStages, ...savedStages };
  const day = at(now, shop.zone).toPlainDate().toString().slice(5);
  const [personal, corporate] = profileKinds.map((kind) => intervalsOn(stages[kind], day)) as [Intervals, Intervals];
  const intervals = { personal, corporate };
  const key = JSON.stringify([rfm.version, stages, intervals, shop.currency]);
  return { rfm: rfm.value, stages, intervals, currency: shop.currency, key };
}
