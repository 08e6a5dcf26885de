import { type Composer, lines, nothing, untrue } from '#activities/content.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import { stageMind } from '#activities/stage.ts';
import { contract } from '#workflows/win-back/contract.ts';
import { settings } from '#workflows/win-back/settings.ts';

const settingsOf = settingsReader(settings, ({ goods }) => ({ goods }));

/** Goods and a code; where there is neither, there is nothing to offer. */
const offer: Composer = async (trx, situation, candidate) => {
  const wish = wishOf(situation, candidate, settingsOf(situation.facts).goods);
  const goods = await recommend(trx, situation, wish);
  return goods.length > 0 || candidate.promo ? { ...nothing, goods: lines(goods) } : untrue('no_alternatives');
};

/** Win-back (J13). */
export const mind = stageMind({ contract, settings, compose: { offer, 'company-offer': offer } });
