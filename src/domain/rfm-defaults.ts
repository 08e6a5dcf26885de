import type { NamedSegment, RfmSettings, Scale, Scales } from './rfm.ts';
import type { Locale } from './shop.ts';

const words: Record<Locale, { recency: string[]; frequency: string[]; money: string[] }> = {
  en: {
    recency: ['long ago', 'sleeping', 'recent'],
    frequency: ['one-off', 'rare', 'frequent'],
    money: ['low cheque', 'middle cheque', 'high cheque'],
  },
  ru: {
    recency: ['давние', 'спящие', 'недавние'],
    frequency: ['разовые', 'редкие', 'частые'],
    money: ['с низким чеком', 'со средним чеком', 'с высоким чеком'],
  },
};

/** MI's name of a three-digit code, 3 the best: `111` is long ago, one-off, low cheque. */
export function codeName(code: number, locale: Locale): string {
  const { recency, frequency, money } = words[locale];
  const [r = 1, f = 1, m = 1] = [...String(code)].map(Number);
  return `${recency[r - 1]}, ${frequency[f - 1]}, ${money[m - 1]}`;
}

type Ranges = [recency: [number, number], frequency: [number, number], money: [number, number]];

function segment(key: string, en: string, ru: string, ...[recency, frequency, money]: Ranges): NamedSegment {
  return { key, title: { en, ru }, recency, frequency, money };
}

/** The usual ten, with the ranges of R's package `rfm`. */
export const usualSegments: NamedSegment[] = [
  segment('champions', 'Champions', 'Чемпионы', [5, 5], [5, 5], [5, 5]),
  segment('potential_loyalist', 'Potential Loyalist', 'Почти лояльные', [3, 5], [3, 5], [2, 5]),
  segment('loyal', 'Loyal Customers', 'Лояльные', [2, 4], [2, 4], [2, 4]),
  segment('promising', 'Promising', 'Многообещающие', [3, 4], [1, 3], [3, 5]),
  segment('new', 'New Customers', 'Новые', [4, 5], [1, 3], [1, 5]),
  segment('cant_lose', "Can't Lose Them", 'Нельзя потерять', [1, 2], [3, 4], [4, 5]),
  segment('at_risk', 'At Risk', 'В зоне риска', [1, 2], [2, 5], [4, 5]),
  segment('need_attention', 'Need Attention', 'Требуют внимания', [1, 3], [3, 5], [3, 5]),
  segment('about_to_sleep', 'About To Sleep', 'Засыпающие', [2, 3], [1, 3], [1, 4]),
  segment('lost', 'Lost', 'Потерянные', [1, 1], [1, 5], [1, 5]),
];

const codes = (recencyDays: [number, number], orders: [number, number]): Scale => ({
  recency: { by: 'thresholds', at: recencyDays },
  frequency: { by: 'thresholds', at: orders },
  money: { by: 'quantiles' },
});
const quintiles: Scale = {
  recency: { by: 'quantiles' },
  frequency: { by: 'quantiles' },
  money: { by: 'quantiles' },
};
const forBoth = (scale: Scale): Scales => ({ personal: scale, corporate: scale });

export const defaultRfm: RfmSettings = {
  best: 'highest',
  money: 'turnover',
  // One order is one-off, from four on they are frequent; who has not come for half a year sleeps, for a year is long gone.
  codes: { personal: codes([180, 365], [2, 4]), corporate: codes([60, 180], [2, 6]) },
  scores: forBoth(quintiles),
  segments: usualSegments,
  offers: [],
  learnEvery: 'P7D',
};
