import { escapeHtml } from '#channels/telegram/channel.ts';
import type { Awaited } from '#db/telegram.ts';
import type { Good } from '#domain/intent.ts';
import type { Locale } from '#domain/shop.ts';
import { formatMoney, shorten } from '#rendering/helpers.ts';

/** A message holds 4096 characters; of a list as long as this nobody reads more anyway. */
export const listed = 10;
const longestName = 120;

/** Goods under a heading, in Telegram's HTML. */
export function goodsList(heading: string, goods: readonly Good[], locale: Locale): string {
  const lines = goods.map(({ name, url, price, oldPrice, currency }) => {
    const now = formatMoney({ amount: price, currency }, locale);
    const before = oldPrice === null ? '' : ` <s>${formatMoney({ amount: oldPrice, currency }, locale)}</s>`;
    return `${linkTo(url, name)}\n<b>${now}</b>${before}`;
  });
  return [`<b>${escapeHtml(heading)}</b>`, ...lines].join('\n\n');
}

export function queueList(heading: string, items: readonly Awaited[]): string {
  const lines = items.map(({ product, name, url }) => `• ${linkTo(url, name ?? product)}`);
  return [`<b>${escapeHtml(heading)}</b>`, ...lines].join('\n');
}

function linkTo(url: string | null, name: string): string {
  const shown = escapeHtml(shorten(name, longestName));
  return url === null || !/^https?:/.test(url) ? shown : `<a href="${escapeHtml(url)}">${shown}</a>`;
}
