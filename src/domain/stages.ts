import { durationMs } from './duration.ts';
import type { ProfileKind } from './journey.ts';
import type { Locale } from './shop.ts';

/** Komus' seven (P3), from the first order on: who has ordered nothing of a kind has no stage in it. */
export const stages = ['new', 'potential', 'loyal', 'at_risk', 'churning', 'lost', 'gone'] as const;
export type Stage = (typeof stages)[number];

export const stageTitles: Record<Stage, Record<Locale, string>> = {
  new: { en: 'New', ru: 'Новый' },
  potential: { en: 'Potential', ru: 'Потенциальный' },
  loyal: { en: 'Loyal', ru: 'Лояльный' },
  at_risk: { en: 'At risk', ru: 'В зоне риска' },
  churning: { en: 'Churning', ru: 'Уходящий' },
  lost: { en: 'Lost', ru: 'Потерянный' },
  gone: { en: 'Gone', ru: 'Ушедший' },
};

/** How long after the last order each begins, ISO 8601. */
export interface Intervals {
  atRisk: string;
  churning: string;
  lost: string;
  gone: string;
}

export interface StageRules {
  /** From so many orders on, who bought lately is `potential`, then `loyal`; before that, `new`. */
  potentialFrom: number;
  loyalFrom: number;
  intervals: Intervals;
  /** Intervals of a part of the year, in place of the usual ones. Of several that hold a day the first. */
  seasons: Season[];
}

export interface Season {
  name: string;
  /** Days of the year in the shop's zone, `MM-DD`, both included. It may go over the end of the year. */
  from: string;
  to: string;
  intervals: Intervals;
}

/** Settings `stages`, versioned. */
export type StageSettings = Record<ProfileKind, StageRules>;

export const defaultStages: StageSettings = {
  personal: {
    potentialFrom: 2,
    loyalFrom: 4,
    intervals: { atRisk: 'P90D', churning: 'P150D', lost: 'P240D', gone: 'P365D' },
    seasons: [],
  },
  corporate: {
    potentialFrom: 2,
    loyalFrom: 4,
    intervals: { atRisk: 'P45D', churning: 'P90D', lost: 'P150D', gone: 'P270D' },
    seasons: [],
  },
};

/** Those after which somebody slips away, ascending, in milliseconds. */
export function intervalsMs({ atRisk, churning, lost, gone }: Intervals): number[] {
  return [atRisk, churning, lost, gone].map(durationMs);
}

/** What holds on a day of the year, `MM-DD`. */
export function intervalsOn({ intervals, seasons }: StageRules, day: string): Intervals {
  const holds = ({ from, to }: Season) => (from <= to ? from <= day && day <= to : from <= day || day <= to);
  return seasons.find(holds)?.intervals ?? intervals;
}

/** The stage of who has ordered so often, `sinceMs` after the last order. */
export function stageOf(orders: number, sinceMs: number, rules: StageRules, intervals: Intervals): Stage {
  const passed = intervalsMs(intervals).filter((from) => sinceMs >= from).length;
  const slipping = (['at_risk', 'churning', 'lost', 'gone'] as const)[passed - 1];
  if (slipping !== undefined) return slipping;
  if (orders >= rules.loyalFrom) return 'loyal';
  return orders >= rules.potentialFrom ? 'potential' : 'new';
}
