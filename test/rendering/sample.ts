import type { ChannelName } from '#domain/journey.ts';
import { defaultShop, type Locale } from '#domain/shop.ts';
import type { GoodsLine, MessageModel, RenderInput } from '#rendering/model.ts';
import { contract as welcome } from '#workflows/welcome/contract.ts';

const names = {
  en: [
    'Merino wool jumper',
    'Leather tote bag',
    'Silk scarf with a hand-rolled hem',
    'Suede loafers',
    'Wide-leg linen trousers',
    'Cashmere beanie',
  ],
  ru: [
    'Джемпер из шерсти мериноса',
    'Кожаная сумка-тоут',
    'Шёлковый платок с подшитым вручную краем',
    'Замшевые лоферы',
    'Широкие льняные брюки',
    'Кашемировая шапка',
  ],
};
const prices: [number, number | null][] = [
  [1_249_000, null],
  [3_490_000, 4_590_000],
  [590_000, null],
  [1_799_000, 2_199_000],
  [899_000, null],
  [420_000, 540_000],
];

export type Picture = (index: number) => string | null;

function line(locale: Locale, index: number, picture: Picture): GoodsLine {
  const [price, oldPrice] = prices[index % prices.length] ?? [100, null];
  return {
    id: `p-${index}`,
    name: names[locale][index % names[locale].length] ?? 'Thing',
    url: `https://shop.example/products/p-${index}?colour=sand&size=m`,
    imageUrl: picture(index),
    price: { amount: price, currency: 'RUB' },
    oldPrice: oldPrice === null ? null : { amount: oldPrice, currency: 'RUB' },
    quantity: index === 1 ? 2 : 1,
  };
}

/** A model with all there can be. */
export function fullModel(
  locale: Locale,
  picture: Picture = (index) => `https://shop.example/images/${index}.jpg`,
): MessageModel {
  const lines = [0, 1, 2, 3, 4, 5].map((index) => line(locale, index, picture));
  const categories = { en: ['Bags', 'Shoes', 'Knitwear', 'Scarves'], ru: ['Сумки', 'Обувь', 'Трикотаж', 'Платки'] }[
    locale
  ];
  return {
    shop: { ...defaultShop, name: 'Second Shelf', locale, imprint: 'Second Shelf LLC, 1 Example Street, Example City' },
    customer: { firstName: locale === 'ru' ? 'Анна' : 'Anna' },
    goods: lines.slice(0, 2),
    more: lines.slice(2),
    category: { name: categories[0] ?? '', url: 'https://shop.example/c/bags' },
    categories: categories.map((name, index) => ({ name, url: `https://shop.example/c/${index}` })),
    promo: { code: 'AUTUMN-7K2Q', percent: 10, amount: null, expires: '2026-11-29T15:00:00.000Z' },
    cartUrl: 'https://shop.example/cart',
    data: {},
  };
}

/** A model with as little as there can be: no name, no images, no old prices, no recommendations. */
export function minimalModel(locale: Locale): MessageModel {
  const full = fullModel(locale, () => null);
  const goods = full.goods.slice(0, 1).map((one) => ({ ...one, oldPrice: null, quantity: 1 }));
  return { ...full, customer: { firstName: null }, goods, more: [], category: null, categories: [], promo: null };
}

/** Welcome answers its questions also where there is neither a code nor anything to show. */
const speaksOfNothing: ReadonlySet<string> = new Set(Object.keys(welcome.messages));

/** As little as a journey's composer gives a message: what the message is about is there, and nothing else. */
export function leastModel(message: string, locale: Locale): MessageModel {
  const [full, least] = [fullModel(locale, () => null), minimalModel(locale)];
  if (speaksOfNothing.has(message)) return { ...least, goods: [] };
  if (message.includes('promo')) return { ...least, promo: full.promo };
  if (message.endsWith('-alternatives')) return { ...least, more: full.more.slice(0, 1) };
  if (message === 'category') return { ...least, category: full.category };
  if (message === 'pick-a-category') return { ...least, goods: [], categories: full.categories.slice(0, 2) };
  return least;
}

export const track = {
  messageId: '019ab5d0-7c00-7000-8000-000000000001',
  publicUrl: 'https://mail.shop.example',
  secret: 'a secret of tests',
};

type Of = Pick<RenderInput, 'journey' | 'message' | 'locale'>;

export function inputOf(of: Of, model: MessageModel): RenderInput<'email'> {
  return inputFor(of, 'email', model);
}

export function inputFor<Channel extends ChannelName>(
  { journey, message, locale }: Of,
  channel: Channel,
  model: MessageModel,
): RenderInput<Channel> {
  return { journey, message, locale, channel, model, track };
}
