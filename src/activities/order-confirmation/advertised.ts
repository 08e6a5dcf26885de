import { lines } from '#activities/content.ts';
import type { Candidate, Situation } from '#activities/mind.ts';
import { recommend as recommended, wishOf } from '#activities/recommend.ts';
import type { Trx } from '#db/connect.ts';
import { reachOf, unreachableBecause } from '#domain/reach.ts';
import type { Recommendation } from '#domain/recommend.ts';
import type { GoodsLine } from '#rendering/model.ts';
import { contract } from '#workflows/order-confirmation/contract.ts';

interface Asked {
  recommend: Recommendation;
  recommendTo: 'granted' | 'reachable' | 'nobody';
  /** Those of the order. */
  products: string[];
}

/** Goods below a service letter, for those only whom advertising by e-mail may go to: without consent they get the bare letter. */
export async function advertised(
  trx: Trx,
  situation: Situation,
  candidate: Candidate,
  { recommend, recommendTo, products }: Asked,
): Promise<GoodsLine[]> {
  if (recommendTo === 'nobody' || recommend.from.length === 0 || !isAllowed(situation, recommendTo)) return [];
  return lines(await recommended(trx, situation, wishOf(situation, candidate, recommend, products)));
}

function isAllowed({ facts, shop }: Situation, recommendTo: 'granted' | 'reachable'): boolean {
  const reach = reachOf(facts.contact, 'email', contract.topic);
  const rules =
    recommendTo === 'granted' ? { ...shop, consent: { ...shop.consent, email: 'explicit' as const } } : shop;
  return unreachableBecause(reach, 'marketing', rules) === null;
}
