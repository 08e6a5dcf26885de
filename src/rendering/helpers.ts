import type { HelperDelegate, HelperOptions } from 'handlebars';
import type { Money } from '#domain/money.ts';
import type { Locale } from '#domain/shop.ts';
import type { Links } from './links.ts';
import type { GoodsLine, MessageModel } from './model.ts';

/** What templates reach by `{{@name}}`, beside their model. */
export interface TemplateData {
  locale: Locale;
  zone: string;
  words: Record<string, string>;
  links: Links;
  openUrl: string;
  unsubscribeUrl: string;
  /** It is no advertising, so that there is nothing to unsubscribe from. */
  isService: boolean;
  confirmUrl: string;
}

const dataOf = (options: HelperOptions): TemplateData => options.data as TemplateData;

/** Formatters are slow to make and quick to use. */
function kept<T>(make: (...key: string[]) => T): (...key: string[]) => T {
  const made = new Map<string, T>();
  return (...key) => {
    const name = key.join(' ');
    const known = made.get(name) ?? make(...key);
    made.set(name, known);
    return known;
  };
}

const moneyFormat = kept((locale = 'en', currency = 'RUB') => {
  const options = { style: 'currency', currency, currencyDisplay: 'narrowSymbol' } as const;
  const format = new Intl.NumberFormat(locale, { ...options, trailingZeroDisplay: 'stripIfInteger' });
  return { format, minorUnits: 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2) };
});
const dateFormat = kept((locale = 'en', timeZone = 'UTC', zoneName = '') => {
  const options = { day: 'numeric', month: 'long', hour: '2-digit', minute: '2-digit' } as const;
  const named = zoneName === '' ? {} : ({ timeZoneName: 'short' } as const);
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { ...options, ...named, timeZone });
});
/** As few characters as an SMS can do with: `29.11, 18:00`; the month by name where its number could be taken for the day. */
const momentFormat = kept((locale = 'en', timeZone = 'UTC') => {
  const month = locale === 'en' ? 'short' : '2-digit';
  const options = { day: '2-digit', month, hour: '2-digit', minute: '2-digit', timeZone } as const;
  return new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, options);
});
const pluralRules = kept((locale = 'en') => new Intl.PluralRules(locale));

/** Money for reading: `1 290 ₽`, `€12.50`. The currency says how many minor units make one. */
export function formatMoney(money: Money, locale: Locale): string {
  const { format, minorUnits } = moneyFormat(locale, money.currency);
  return format.format(money.amount / minorUnits);
}

/** Forms in the order of CLDR: English `one other`, Russian `one few many`. */
function plural(count: number, forms: string[], locale: Locale): string {
  const order = locale === 'ru' ? ['one', 'few', 'many'] : ['one', 'other'];
  return forms[order.indexOf(pluralRules(locale).select(count))] ?? forms.at(-1) ?? '';
}

/** What a promo code takes off: `10%`, `500 ₽`. */
function off({ percent, amount }: NonNullable<MessageModel['promo']>, locale: Locale): string {
  return amount === null ? `${percent}%` : formatMoney(amount, locale);
}

function discount({ price, oldPrice }: GoodsLine): number {
  return oldPrice ? Math.round((1 - price.amount / oldPrice.amount) * 100) : 0;
}

/** What the lines cost together, in the currency of the first. */
function total(lines: GoodsLine[]): Money {
  const amount = lines.reduce((sum, { price, quantity }) => sum + price.amount * quantity, 0);
  return { amount, currency: lines[0]?.price.currency ?? '' };
}

/** What a reader takes for one character may be several; cutting inside shows another one, or half of one. */
const characters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Cuts at a word; one that would leave a stump is cut inside. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const cut = text.slice(0, characters.segment(text.slice(0, most + 64)).containing(most - 1)?.index ?? most - 1);
  const space = cut.lastIndexOf(' ');
  return `${(space > most / 2 ? cut.slice(0, space) : cut).replace(/[\s,.;:–—-]+$/, '')}…`;
}

function pairs<T>(items: T[]): T[][] {
  return items.flatMap((_, index) => (index % 2 === 0 ? [items.slice(index, index + 2)] : []));
}

/** What templates may call. */
export const helpers: Record<string, HelperDelegate> = {
  track: (target: string, options: HelperOptions) => dataOf(options).links.track(target),
  money: (money: Money, options: HelperOptions) => formatMoney(money, dataOf(options).locale),
  off: (promo: NonNullable<MessageModel['promo']>, options: HelperOptions) => off(promo, dataOf(options).locale),
  date: (iso: string, options: HelperOptions) =>
    dateFormat(dataOf(options).locale, dataOf(options).zone).format(new Date(iso)),
  moment: (iso: string, options: HelperOptions) =>
    momentFormat(dataOf(options).locale, dataOf(options).zone).format(new Date(iso)),
  /** With the zone's name, where a customer may live in another. */
  instant: (iso: string, options: HelperOptions) =>
    dateFormat(dataOf(options).locale, dataOf(options).zone, 'named').format(new Date(iso)),
  total: (lines: GoodsLine[]) => total(lines),
  plural: (count: number, ...rest: unknown[]) =>
    plural(count, rest.slice(0, -1) as string[], dataOf(rest.at(-1) as HelperOptions).locale),
  discount: (line: GoodsLine) => discount(line),
  short: (text: string, most: number) => shorten(text, most),
  initial: (text: string) => (Array.from(text.trim())[0] ?? '·').toUpperCase(),
  pairs: (items: unknown[]) => pairs(items),
  first: (items: unknown[], count: number) => items.slice(0, count),
  rest: (items: unknown[], from: number) => items.slice(from),
  minus: (a: number, b: number) => a - b,
  gt: (a: number, b: number) => a > b,
};
