import { settingsReader } from '#activities/settings-reader.ts';
import type { Spreading } from '#db/wish-news/spread.ts';
import { durationMs } from '#domain/duration.ts';
import type { NewsRules } from '#domain/wish-news.ts';
import { type Settings, settings } from '#workflows/item-event/settings.ts';

/** A journey that tells of neither is switched off. */
export function isOn({ enabled, backInStock, priceDrop }: Settings): boolean {
  return enabled && (backInStock || priceDrop.enabled);
}

/** The settings of J15 as its run reads them. */
export const settingsOf = settingsReader(settings, (own) => ({
  enabled: isOn(own),
  cascade: own.cascade,
  entryValidForMs: durationMs(own.entryValidFor),
  collectMs: durationMs(own.collect),
  validForMs: durationMs(own.validFor),
  waitersHearPrices: own.priceDrop.waiting,
  rules: rulesOf(own),
}));

/** What is news, to whoever looks for those who care; nothing, where the journey is off. */
export function spreadingOf(own: Settings): Omit<Spreading, 'now' | 'limit'> {
  const { enabled, backInStock, priceDrop, perMinute } = own;
  const { freshMs, againAfterMs, least } = rulesOf(own);
  const drop = enabled && priceDrop.enabled ? least : null;
  const waitersHearPrices = priceDrop.waiting;
  return { backInStock: enabled && backInStock, drop, waitersHearPrices, perMinute, freshMs, againAfterMs };
}

/** News may wait as long as its message, after it was collected. */
export function rulesOf({ collect, validFor, priceAgainAfter, priceDrop }: Settings): Omit<NewsRules, 'now'> {
  const { share, amount } = priceDrop;
  return {
    freshMs: durationMs(collect) + durationMs(validFor),
    againAfterMs: durationMs(priceAgainAfter),
    least: { share, amount },
  };
}
