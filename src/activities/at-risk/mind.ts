import { type Composer, lines, nothing } from '#activities/content.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import { stageMind } from '#activities/stage.ts';
import { contract } from '#workflows/at-risk/contract.ts';
import { settings } from '#workflows/at-risk/settings.ts';

const settingsOf = settingsReader(settings, ({ goods }) => ({ goods }));

/** The code is what the message is about: it goes without goods, too. */
const goods: Composer = async (trx, situation, candidate) => {
  const wish = wishOf(situation, candidate, settingsOf(situation.facts).goods);
  return { ...nothing, goods: lines(await recommend(trx, situation, wish)) };
};

/** At risk (J12). */
export const mind = stageMind({
  contract,
  settings,
  compose: { promo: goods, 'promo-ends': goods, 'company-promo': goods, 'company-promo-ends': goods },
});
