import { shorten } from '#rendering/helpers.ts';
import type { GoodsLine, MessageModel } from '#rendering/model.ts';

/** Lengths that names are cut to, one after the other, until the message fits. */
export const nameLengths = [120, 60, 40, 30, 24, 18, 12, 8] as const;

/** The model with every name of a product or category, and the shop's, on one line, without what turns the direction of the
 *  text around it, and at most so long. */
export function withNames(model: MessageModel, most: number): MessageModel {
  const named = <T extends { name: string }>(one: T): T => ({ ...one, name: shorten(clean(one.name), most) });
  return {
    ...model,
    shop: named(model.shop),
    goods: model.goods.map<GoodsLine>(named),
    more: model.more.map<GoodsLine>(named),
    category: model.category && named(model.category),
    categories: model.categories.map(named),
  };
}

/** Half a surrogate pair breaks a provider's JSON; an override of direction turns the link after it around. */
function clean(name: string): string {
  const line = name
    .slice(0, 1000)
    .toWellFormed()
    .replace(/[\u00ad\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffd]/g, '')
    .replace(/[\p{Cc}\s]+/gu, ' ')
    .trim();
  return line === '' ? '…' : line;
}
