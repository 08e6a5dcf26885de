import { inBulk } from '#db/bulk.ts';
import type { Db, Trx } from '#db/connect.ts';
import { currentSettings } from '#db/settings.ts';
import { defaultRecommendations, type RecommendationSettings } from '#domain/recommendation-settings.ts';
import { recomputeHits } from './hits.ts';
import { recomputePairs } from './pairs.ts';

/** Hits and what goes together, as of `now` (business time): reads bounded windows of orders and interests, and changes the rows that
 *  changed. How many rows each has then; null where another process is at it. */
export function recomputeRecommendations(db: Db, now: Date): Promise<Record<string, number> | null> {
  return inBulk(db, 'recommendations', async (trx) => {
    const settings = await recommendationSettings(trx);
    const hits = await recomputeHits(trx, settings, now);
    const bought = await recomputePairs(trx, 'bought', settings, now);
    const seen = await recomputePairs(trx, 'seen', settings, now);
    return { hits, bought, seen };
  });
}

/** Settings that were saved before a field existed take its default. */
export async function recommendationSettings(db: Db | Trx): Promise<RecommendationSettings> {
  const saved = (await currentSettings(db, 'recommendations'))?.value;
  return { ...defaultRecommendations, ...(saved as Partial<RecommendationSettings> | undefined) };
}
