import { type Composer, line, lines, nothing, untrue } from '#activities/content.ts';
import type { Candidate, Situation } from '#activities/mind.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import type { Trx } from '#db/connect.ts';
import { type Bought, readBought } from '#db/purchases.ts';
import { dueGoods } from '#db/replenishment/due.ts';
import { switchedOn } from '#db/switched-on.ts';
import { readOrderKey } from '#domain/order-state.ts';
import type { GoodsLine } from '#rendering/model.ts';
import type { MessageName } from '#workflows/lifecycle/contract.ts';
import type { Settings } from '#workflows/lifecycle/settings.ts';
import { settingsOf } from './settings.ts';

/** What was given back is no line of the order any more, so no message speaks of it. */
const composers: Record<MessageName, Composer> = {
  'cross-sell': crossSell,
  'review-request': review,
  'top-up': topUp,
  news: async (trx, situation, candidate) => {
    const goods = await recommended('news', trx, situation, candidate);
    return goods.length > 0 ? { ...nothing, goods } : untrue('no_novelties');
  },
  'small-promo': shows('small-promo'),
  'bigger-promo': shows('bigger-promo'),
};

export const compose: Composer = (trx, situation, candidate) =>
  composers[candidate.message as MessageName](trx, situation, candidate);

function boughtIn(trx: Trx, { facts }: Situation): Promise<Bought[]> {
  const order = readOrderKey(facts.run?.key ?? '');
  return order === null ? Promise.resolve([]) : readBought(trx, order.orderId, facts.customer.region);
}

async function recommended(
  message: keyof Settings['goods'],
  trx: Trx,
  situation: Situation,
  candidate: Candidate,
  about: readonly string[] = [],
): Promise<GoodsLine[]> {
  const wish = wishOf(situation, candidate, settingsOf(situation.facts).raw.goods[message], about);
  return lines(await recommend(trx, situation, wish));
}

/** A code has something to say without goods. */
function shows(message: keyof Settings['goods']): Composer {
  return async (trx, situation, candidate) => ({
    ...nothing,
    goods: await recommended(message, trx, situation, candidate),
  });
}

async function crossSell(trx: Trx, situation: Situation, candidate: Candidate) {
  const about = (await boughtIn(trx, situation)).map(({ product }) => product);
  const goods = about.length === 0 ? [] : await recommended('cross-sell', trx, situation, candidate, about);
  return goods.length > 0 ? { ...nothing, goods } : untrue('no_alternatives');
}

/** Of what the catalogue has: what is gone from it cannot be reviewed there. */
async function review(trx: Trx, situation: Situation) {
  const goods = (await boughtIn(trx, situation)).flatMap(({ shown, quantity }) =>
    shown === null ? [] : [line({ ...shown, category: null, oldPrice: null }, quantity)],
  );
  return goods.length > 0 ? { ...nothing, goods } : untrue('no_goods');
}

/** At today's price, and only what can be bought today. Replenishment knows better when each of the goods runs out. */
async function topUp(trx: Trx, situation: Situation) {
  if (await isReplenished(trx, situation)) return untrue('replenishment_due');
  const { consumables } = settingsOf(situation.facts).raw;
  const goods = (await boughtIn(trx, situation)).flatMap(({ good, quantity, attributes }) =>
    good === null || (consumables === 'marked' && !isMarked(attributes)) ? [] : [line(good, quantity)],
  );
  return goods.length > 0 ? { ...nothing, goods } : untrue('no_goods');
}

/** As replenishment reads it (`src/db/replenishment/intervals.ts`). */
function isMarked({ consumable }: Bought['attributes']): boolean {
  return ['true', 'yes', '1'].includes(String(consumable).toLowerCase());
}

async function isReplenished(trx: Trx, { facts, now }: Situation): Promise<boolean> {
  const until = new Date(now + settingsOf(facts).yieldWithinMs);
  const due = await dueGoods(trx, facts.customer.id, until);
  return due.length > 0 && (await switchedOn(trx, ['replenishment'])).has('replenishment');
}
