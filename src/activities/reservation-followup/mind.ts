import { type Composer, lines, nothing, untrue } from '#activities/content.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import { seriesMind } from '#activities/series.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import { contract } from '#workflows/reservation-followup/contract.ts';
import { settings } from '#workflows/reservation-followup/settings.ts';

const settingsOf = settingsReader(settings, ({ shows }) => ({ shows }));

/** Items like the one that was reserved: the run's key. Where the shop has nothing else, there is nothing to say, a code or not. */
const otherItems: Composer = async (trx, situation, candidate) => {
  const { run } = situation.facts;
  const about = run === null ? [] : [run.key];
  const wish = wishOf(situation, candidate, settingsOf(situation.facts).shows, about);
  const goods = await recommend(trx, situation, { ...wish, exclude: about });
  return goods.length > 0 ? { ...nothing, goods: lines(goods) } : untrue('no_alternatives');
};

export const mind = seriesMind({
  contract,
  settings,
  compose: { 'other-items': otherItems, 'promo-code': otherItems },
});
