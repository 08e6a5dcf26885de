import type { Db } from '#db/connect.ts';
import { currentSettings } from '#db/settings.ts';
import { forgetNews, type OfferChange, type Spread, type Spreading, spreadNext } from '#db/wish-news/spread.ts';
import { hasDropped } from '#domain/wish-news.ts';
import { contract } from '#workflows/item-event/contract.ts';
import { settings } from '#workflows/item-event/settings.ts';
import { isOn, rulesOf, spreadingOf } from './settings.ts';

/** Interests that are looked at in one transaction. */
const inOneTransaction = 1_000;

/**
 * Finds who cares for offers that have become better (J15), and writes down what they are to be told of and when their runs start, until no
 * change is left or `steps` transactions are done. `now` is business time. Answers how many are to be started.
 */
export async function spreadWishNews(
  db: Db,
  now: Date,
  { steps = Number.POSITIVE_INFINITY, atOnce = inOneTransaction }: { steps?: number; atOnce?: number } = {},
): Promise<number> {
  const own = settings.parse((await currentSettings(db, contract.name))?.value ?? {});
  const { freshMs, least } = rulesOf(own);
  const rulesFor = (change: OfferChange): Spreading | null => {
    const priceDrop =
      own.priceDrop.enabled && change.wasPrice !== null && hasDropped(change.wasPrice, change.price, least);
    const isNews = isOn(own) && (priceDrop || (own.backInStock && !change.wasInStock));
    return isNews ? { ...spreadingOf(own), now, priceDrop, limit: atOnce } : null;
  };
  let started = 0;
  for (let n = 0; n < steps; n += 1) {
    const one: Spread | null = await spreadNext(db, rulesFor);
    if (one === null) break;
    started += one.started;
  }
  await forgetNews(db, new Date(now.getTime() - 2 * freshMs));
  return started;
}
