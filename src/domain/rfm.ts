import type { ProfileKind } from './journey.ts';
import type { Locale } from './shop.ts';

/** RFM: how recently, how often and for how much somebody bought (P2). Scores are counted from 1, the worst, up; how they are
 *  shown is a setting (`shownCode`). What is here, SQL does for all customers at once (`src/db/metrics`): a test compares the two. */

/**
 * How one figure becomes a score.
 *
 * `thresholds`: they are given; a figure scores one more for each that it reaches (`>=`).
 * `quantiles`: they are learnt: type-7 quantiles plus one unit (a day, an order, a minor unit of money), so that equal figures
 * score alike. As R's package `rfm` does it.
 * `ranks`: customers are put in a row by the figure, equal ones by their age, and the row is cut into equal parts with closed right
 * ends. As `pandas.qcut(figure.rank(method='first'), n)` does it: parts are equal, but equal figures may score differently.
 */
export type Axis = { by: 'thresholds'; at: number[] } | { by: 'quantiles' } | { by: 'ranks' };

export const axes = ['recency', 'frequency', 'money'] as const;
export type AxisName = (typeof axes)[number];
export type Scale = Record<AxisName, Axis>;

/** Codes have three scores an axis (111…333), scores five (111…555). */
export const bins = { codes: 3, scores: 5 } as const;
export type ScaleName = keyof typeof bins;
export const scaleNames = ['codes', 'scores'] as const;

/** Two scales for each kind of profile: companies order otherwise than people do. */
export type Scales = Record<ProfileKind, Scale>;

type Range = [from: number, to: number];

/** A named part of the 5×5×5 scores. */
export interface NamedSegment {
  key: string;
  title: Record<Locale, string>;
  recency: Range;
  frequency: Range;
  money: Range;
}

/** What customers of some codes are offered. `promo` is the shop's own word for it: a pool of codes, a campaign. */
export interface CodeOffer {
  /** Codes as they are shown; `x` stands for any digit: `33x`. */
  codes: string[];
  title: Record<Locale, string>;
  promo: string | null;
}

/** Settings `rfm`, versioned. */
export interface RfmSettings {
  /** `highest`: 333 is the best and 111 the worst; `lowest`: the reverse. */
  best: 'highest' | 'lowest';
  /** What the third digit is of: all that was spent, or the average cheque. */
  money: 'turnover' | 'average';
  codes: Scales;
  scores: Scales;
  /** Whose ranges hold all three scores; of several the first. */
  segments: NamedSegment[];
  /** Of several that match a code the first. */
  offers: CodeOffer[];
  /** Quantiles and ranks are learnt anew so often; in between they hold. ISO 8601. */
  learnEvery: string;
}

/** Of one customer and profile, at an instant. Money in minor units. */
export interface Figures {
  /** Whole days since the last order. */
  recency: number;
  /** Orders. */
  frequency: number;
  money: number;
}

/** Ascending, one fewer than there are scores: a figure's score is one more than it reaches of these. */
export type Thresholds = Record<AxisName, number[]>;

/** Between the smallest and the greatest value, linear between neighbours: type 7 of Hyndman and Fan, R's and NumPy's own. */
export function quantile(ascending: readonly number[], share: number): number {
  const place = share * (ascending.length - 1);
  const lower = Math.floor(place);
  const [low = Number.NaN, high = low] = [ascending[lower], ascending[Math.ceil(place)]];
  return low + (place - lower) * (high - low);
}

/** The place, counted from 1, that ends part `part` of `count` values in a row cut into `parts`. */
export function lastRank(count: number, part: number, parts: number): number {
  return 1 + Math.floor(((count - 1) * part) / parts);
}

/** What an axis says of `values`, in any order. Those of `ranks` score later comers as their neighbours were. */
export function thresholdsOf(axis: Axis, values: readonly number[], parts: number): number[] {
  if (axis.by === 'thresholds') return axis.at;
  if (values.length === 0) return [];
  const ascending = values.toSorted((a, b) => a - b);
  return Array.from({ length: parts - 1 }, (_, index) =>
    axis.by === 'quantiles'
      ? quantile(ascending, (index + 1) / parts) + 1
      : (ascending[lastRank(ascending.length, index + 1, parts) - 1] ?? 0) + 1,
  );
}

/** From 1 up: one more for each threshold that is reached. */
export function binOf(value: number, thresholds: readonly number[]): number {
  return 1 + thresholds.filter((threshold) => value >= threshold).length;
}

/** The part, from 1 up, that holds the `rank`th (from 1) of `count` in a row. */
export function binOfRank(rank: number, count: number, parts: number): number {
  return count === 1 ? 1 : Math.max(1, Math.ceil(((rank - 1) * parts) / (count - 1)));
}

/** 1 is the worst: of days the most, of orders and money the least. */
export function scoreOf(axis: AxisName, bin: number, parts: number): number {
  return axis === 'recency' ? parts + 1 - bin : bin;
}

/** Three digits: recency, frequency, money. */
export function codeOf(scores: Record<AxisName, number>): number {
  return scores.recency * 100 + scores.frequency * 10 + scores.money;
}

/** The code of each of `people`, in their order, which is also that of equals on an axis by ranks. */
export function codesOf(people: readonly Figures[], scale: Scale, parts: number): number[] {
  const scores = Object.fromEntries(axes.map((axis) => [axis, scoresOn(axis, people, scale[axis], parts)]));
  return people.map((_, index) => {
    const of = (axis: AxisName) => scores[axis]?.[index] ?? 1;
    return codeOf({ recency: of('recency'), frequency: of('frequency'), money: of('money') });
  });
}

function scoresOn(name: AxisName, people: readonly Figures[], axis: Axis, parts: number): number[] {
  const values = people.map((one) => one[name]);
  if (axis.by !== 'ranks') {
    const thresholds = thresholdsOf(axis, values, parts);
    return values.map((value) => scoreOf(name, binOf(value, thresholds), parts));
  }
  const row = values.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value);
  const found = Array<number>(values.length).fill(1);
  for (const [place, { index }] of row.entries())
    found[index] = scoreOf(name, binOfRank(place + 1, values.length, parts), parts);
  return found;
}

function digitsOf(code: number): Record<AxisName, number> {
  return { recency: Math.floor(code / 100), frequency: Math.floor(code / 10) % 10, money: code % 10 };
}

/** A code as the shop shows it, and back again. */
export function shownCode(code: number, parts: number, best: RfmSettings['best']): number {
  return best === 'highest' ? code : (parts + 1) * 111 - code;
}

/** All codes of a scale, the worst first. */
export function allCodes(parts: number): number[] {
  const scores = Array.from({ length: parts }, (_, index) => index + 1);
  return scores.flatMap((recency) =>
    scores.flatMap((frequency) => scores.map((money) => codeOf({ recency, frequency, money }))),
  );
}

export const otherSegment = 'others';

/** The key of the first segment that a 5×5×5 score lies in. */
export function segmentOf(score: number, segments: readonly NamedSegment[]): string {
  const scores = digitsOf(score);
  const holds = (segment: NamedSegment) =>
    axes.every((axis) => scores[axis] >= segment[axis][0] && scores[axis] <= segment[axis][1]);
  return segments.find(holds)?.key ?? otherSegment;
}

/** What customers of this code, as it is shown, are offered. */
export function offerOf(shown: number, offers: readonly CodeOffer[]): CodeOffer | null {
  return offers.find(({ codes }) => codes.some((pattern) => fitsCode(pattern, shown))) ?? null;
}

/** Whether a code, as it is shown, is of a pattern such as `33x`. */
export function fitsCode(pattern: string, shown: number): boolean {
  const digits = String(shown);
  return [...pattern].every((digit, index) => digit === 'x' || digit === digits[index]);
}
