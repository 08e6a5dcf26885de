import type { Locale } from './shop.ts';

/** Customers by what they have brought so far (P4). A band begins at an amount, or above a share of all customers. */
export interface LtvBand {
  key: string;
  title: Record<Locale, string>;
  /** `amount`: minor units; `share`: of customers, from 0 to 1, who bring less. */
  from: { amount: number } | { share: number };
}

/** Settings `ltv`, versioned. */
export interface LtvSettings {
  /** Customers whose costs are not known have no profit, and are in no band of it. */
  of: 'turnover' | 'profit';
  /** Ascending. */
  bands: LtvBand[];
}

export const defaultLtv: LtvSettings = {
  of: 'turnover',
  bands: [
    { key: 'low', title: { en: 'Low', ru: 'Низкий' }, from: { share: 0 } },
    { key: 'middle', title: { en: 'Middle', ru: 'Средний' }, from: { share: 0.5 } },
    { key: 'high', title: { en: 'High', ru: 'Высокий' }, from: { share: 0.8 } },
    { key: 'top', title: { en: 'Top', ru: 'Самый высокий' }, from: { share: 0.95 } },
  ],
};
