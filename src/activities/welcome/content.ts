import { type Composer, lines, nothing } from '#activities/content.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import type { MessageName } from '#workflows/welcome/contract.ts';
import type { Settings } from '#workflows/welcome/settings.ts';
import { settingsOf } from './settings.ts';

/** Answers need no goods: a message that shows some goes without where there are none. Codes come by themselves. */
const says: Composer = async () => nothing;

const shows =
  (message: keyof Settings['goods']): Composer =>
  async (trx, situation, candidate) => {
    const wish = wishOf(situation, candidate, settingsOf(situation.facts).raw.goods[message]);
    return { ...nothing, goods: lines(await recommend(trx, situation, wish)) };
  };

const composers: Record<MessageName, Composer> = {
  'how-it-works': says,
  'first-order': shows('first-order'),
  originals: says,
  'try-on': says,
  novelties: shows('novelties'),
  'how-to-order': says,
  'company-papers': says,
  'company-range': shows('company-range'),
  'company-delivery': says,
  'company-manager': says,
  'company-lists': says,
  'company-terms': says,
};

export const compose: Composer = (trx, situation, candidate) =>
  composers[candidate.message as MessageName](trx, situation, candidate);
