import {
  type Composer,
  categoryLink,
  line,
  lines,
  nothing,
  pickACategory,
  recommending,
  untrue,
} from '#activities/content.ts';
import type { Candidate, Situation } from '#activities/mind.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import type { Trx } from '#db/connect.ts';
import type { Touch } from '#domain/intent.ts';
import type { GoodsLine } from '#rendering/model.ts';
import type { MessageName } from '#workflows/abandonment/contract.ts';
import { settingsOf } from './settings.ts';

/** Which content each message has. A message that could not be true is skipped for the reason given. */
const composers: Record<MessageName, Composer> = {
  'cart-reminder': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  'cart-still-here': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  'cart-questions': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  'cart-last-call': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  'company-cart': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  'cart-promo': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  'cart-promo-expires': async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs) }),
  favourites: async (_, situation, { refs }) => ({ ...nothing, goods: touched(situation, refs).slice(0, 6) }),
  'favourites-alternatives': withAlternatives(1),
  view: withAlternatives(0),
  'view-expensive': withAlternatives(0),
  'view-alternatives': withAlternatives(1),
  category: ofCategory,
  'latest-updates': recommending((facts) => settingsOf(facts).raw.shows.latest, 'no_novelties'),
  'pick-a-category': pickACategory,
};

export const compose: Composer = (trx, situation, candidate) =>
  composers[candidate.message as MessageName](trx, situation, candidate);

/** The goods of the intent as the customer's region can buy them now, in the order of the trail. */
function touched({ facts: { trail } }: Situation, refs: readonly string[]): GoodsLine[] {
  const found = new Map<string, Touch>();
  for (const touch of [...trail.views, ...trail.favourites, ...trail.cart]) found.set(touch.product, touch);
  return refs.flatMap((ref) => {
    const touch = found.get(ref);
    return touch?.good ? [line(touch.good, touch.quantity)] : [];
  });
}

function withAlternatives(atLeast: number): Composer {
  return async (trx, situation, candidate) => {
    const { refs, message } = candidate;
    const goods = touched(situation, refs).slice(0, message === 'view-expensive' ? 1 : 3);
    const wish = wishOf(situation, candidate, settingsOf(situation.facts).raw.shows.alternatives, refs);
    const more = await recommend(trx, situation, { ...wish, exclude: known(situation) });
    return more.length < atLeast ? untrue('no_alternatives') : { ...nothing, goods, more: lines(more) };
  };
}

/** Nothing that the customer looked at or has in the cart is offered as something else. */
function known({ facts: { trail } }: Situation): string[] {
  return [...trail.cart, ...trail.favourites, ...trail.views].map((touch) => touch.product);
}

async function ofCategory(trx: Trx, situation: Situation, candidate: Candidate) {
  const setting = settingsOf(situation.facts).raw.shows.category;
  for (const category of candidate.refs) {
    const here = { ...setting, filters: { ...setting.filters, category } };
    const goods = await recommend(trx, situation, wishOf(situation, candidate, here));
    if (goods.length > 0) return { ...nothing, goods: lines(goods), category: categoryLink(situation.shop, category) };
  }
  return untrue('nothing_in_category');
}
