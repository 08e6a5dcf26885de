import type { Trx } from '#db/connect.ts';
import { recommend as recommendTo } from '#db/recommend/recommend.ts';
import type { Recommendation, Recommended, Wish } from '#domain/recommend.ts';
import type { Candidate, Situation } from './mind.ts';

/** Goods for the customer whose situation it is (P6): docs/recommendations.md. One statement a source that is needed. */
export function recommend(trx: Trx, { facts, shop, now }: Situation, wish: Wish): Promise<Recommended[]> {
  const { id, region } = facts.customer;
  return recommendTo(trx, { customerId: id, region, shop, at: new Date(now) }, wish);
}

/** What a message's setting asks for, about these goods: each contact draws its own random ones, on all its channels the same. */
export function wishOf(
  { facts }: Situation,
  { block, iteration }: Pick<Candidate, 'block' | 'iteration'>,
  setting: Recommendation,
  about: readonly string[] = [],
): Wish {
  const runId = facts.run?.id ?? '';
  const seed = `${runId} ${block} ${iteration}`;
  return { ...setting, about, seed, ...(facts.run && { contact: { runId, block, iteration } }) };
}
