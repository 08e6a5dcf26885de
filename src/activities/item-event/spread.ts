import type { Db } from '#db/connect.ts';
import { currentSettings } from '#db/settings.ts';
import { dropIdleChanges, forgetNews, spreadNext } from '#db/wish-news/spread.ts';
import { contract } from '#workflows/item-event/contract.ts';
import { settings } from '#workflows/item-event/settings.ts';
import { spreadingOf } from './settings.ts';

const everything = {
  /** Changes, or parts of one with many who care; each is a transaction. */
  steps: Number.POSITIVE_INFINITY,
  /** No more steps are taken once so many are found. */
  enough: Number.POSITIVE_INFINITY,
  /** Interests that are looked at in one transaction. */
  atOnce: 1_000,
};

/**
 * Finds who cares for offers that have become better (J15), and writes down what they are to be told of and when their runs start, until no
 * change is left or enough is done. `now` is business time. Answers how many are to be started.
 */
export async function spreadWishNews(db: Db, now: Date, options: Partial<typeof everything> = {}): Promise<number> {
  const { steps, enough, atOnce } = { ...everything, ...options };
  const own = settings.parse((await currentSettings(db, contract.name))?.value ?? {});
  const rules = { ...spreadingOf(own), now, limit: atOnce };
  await dropIdleChanges(db, rules);
  let started = 0;
  for (let n = 0; n < steps && started < enough; n += 1) {
    const more = await spreadNext(db, rules);
    if (more === null) break;
    started += more;
  }
  await forgetNews(db, new Date(now.getTime() - 2 * rules.freshMs));
  return started;
}
