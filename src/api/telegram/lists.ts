import { escapeHtml } from '#channels/telegram/channel.ts';
import type { Awaited } from '#db/queue/awaited.ts';
import type { Good } from '#domain/intent.ts';
import type { Locale } from '#domain/shop.ts';
import { formatMoney, shorten } from '#rendering/helpers.ts';
import type { Words } from './words.ts';

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

/** What somebody waits for: their place, or how long it is kept for them. */
export function queueList(
  words: Pick<Words, 'queue' | 'place' | 'kept'>,
  items: readonly Awaited[],
  { locale, zone }: { locale: Locale; zone: string },
): string {
  const time = new Intl.DateTimeFormat(locale, { timeZone: zone, dateStyle: 'short', timeStyle: 'short' });
  const lines = items.map(({ item, name, url, position, until }) => {
    const place = position === 0 ? words.kept(until === null ? null : time.format(until)) : words.place(position ?? 0);
    return `• ${linkTo(url, name ?? item)}: ${place}`;
  });
  return [`<b>${escapeHtml(words.queue)}</b>`, ...lines].join('\n');
}

function linkTo(url: string | null, name: string): string {
  const shown = escapeHtml(shorten(name, longestName));
  return url === null || !/^https?:/.test(url) ? shown : `<a href="${escapeHtml(url)}">${shown}</a>`;
}
