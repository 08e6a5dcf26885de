import { because, type Speaker } from '#domain/reasons-words.ts';
import { contracts, type JourneyName } from '#workflows/catalogue.ts';
import { countOf, type Figure, Tally, type Where } from './figures.ts';
import { type Counts, type Lists, spans, weekOf } from './lists.ts';
import type { Period } from './play.ts';
import type { About } from './prepare.ts';

/** Everything that the report says, as `report.json`: the same record, settings and code give the same bytes. */
export interface Report {
  version: 1;
  record: About;
  /** Journeys may begin in it; what was before is history. */
  period: Period;
  /** Sentences: what had to be taken for granted. */
  assumptions: string[];
  /** Mondays (UTC) of its weeks. */
  weeks: string[];
  /** Which of the journeys the record can set going at all. */
  journeys: JourneyInRecord[];
  sides: SideReport[];
}

export interface JourneyInRecord {
  journey: string;
  title: string;
  class: string;
  startsOn: readonly string[];
  /** Events of the record that start it. */
  starts: number;
}

export interface SideReport {
  name: string;
  title: string;
  settings: Record<string, unknown>;
  counts: Counts;
  totals: Record<'messages' | 'written' | 'runs' | 'waiting' | 'deferred' | 'stopped' | 'missed' | 'orders', Figure>;
  sent: SentBlock[];
  held: Held[];
  missed: { journey: string; reason: string; words: string; customers: Figure }[];
  outcomes: { journey: string; outcome: string; runs: Figure }[];
  overlap: Overlap[];
  /** Orders that a marketing message would have gone before, by days between, at most. */
  ordersAfter: Record<string, Figure>;
}

export interface SentBlock {
  journey: string;
  block: string;
  title: string;
  messages: Figure;
  customers: Figure;
  /** One for each of the report's weeks. */
  weeks: Figure[];
}

/** Decisions that let no message go, by what stood against it. */
export interface Held {
  journey: string;
  decision: string;
  reason: string;
  by: string | null;
  words: string;
  decisions: Figure;
  customers: Figure;
}

/** Messages of a journey whose customers have really ordered soon after, and soon before. */
export interface Overlap {
  journey: string;
  messages: Figure;
  /** By days, at most. */
  after: Record<string, Figure>;
  before: Record<string, Figure>;
}

export interface SideInput {
  name: string;
  title: string;
  settings: Record<string, unknown>;
  counts: Counts;
  lists: Lists;
}

export interface ReportInput {
  record: About;
  period: Period;
  assumptions: string[];
  journeys: readonly JourneyName[];
  sides: readonly SideInput[];
}

export function reportOf({ record, period, assumptions, journeys, sides }: ReportInput): Report {
  const weeks = weeksBetween(new Date(period.from), new Date(period.until));
  const inRecord = journeys.map((journey) => journeyInRecord(journey, record));
  return {
    version: 1,
    record,
    period,
    assumptions,
    weeks,
    journeys: inRecord,
    sides: sides.map((side) => sideReport(side, weeks, new Date(record.to))),
  };
}

function weeksBetween(from: Date, to: Date): string[] {
  const weeks: string[] = [];
  for (let at = Date.parse(weekOf(from)); at <= to.getTime(); at += 7 * 86_400_000) weeks.push(weekOf(new Date(at)));
  return weeks;
}

function journeyInRecord(journey: JourneyName, { names }: About): JourneyInRecord {
  const { title, class: its, startsOn } = contracts[journey];
  const starts = startsOn.reduce((sum, event) => sum + (names[event] ?? 0), 0);
  return { journey, title, class: its, startsOn, starts };
}

function sideReport(
  { lists, name, title, settings, counts }: SideInput,
  weeks: readonly string[],
  now: Date,
): SideReport {
  const speaker: Speaker = { locale: 'en', zone: 'UTC', zoneFrom: null, now };
  const figure = (list: keyof Lists, where: Where = {}, of: Figure['of'] = 'lines') =>
    countOf({ list, where, of }, lists);
  return {
    ...{ name, title, settings, counts },
    totals: {
      messages: figure('messages'),
      written: figure('messages', {}, 'customers'),
      runs: figure('runs'),
      waiting: figure('runs', { outcome: 'waiting' }),
      deferred: figure('held', { decision: 'defer' }),
      stopped: figure('held', { decision: ['skip', 'drop', 'suppress'] }),
      missed: figure('missed', {}, 'customers'),
      orders: figure('orders'),
    },
    sent: sentBlocks(lists, weeks),
    held: heldBy(lists, speaker),
    missed: missedBy(lists, speaker),
    outcomes: outcomesOf(lists),
    overlap: overlapOf(lists),
    ordersAfter: bySpan((days) => figure('orders', { messagedWithin: days })),
  };
}

function sentBlocks(lists: Lists, weeks: readonly string[]): SentBlock[] {
  const { messages } = lists;
  const cells = new Tally('messages', messages, ['week', 'journey', 'block']).groups();
  const inWeek = new Map(cells.map(({ row, lines }) => [`${row.week} ${row.journey} ${row.block}`, lines]));
  const blocks = new Tally('messages', messages, ['journey', 'block']).groups();
  const all = blocks.map(({ row: { journey, block }, lines, customers }) => ({
    ...{ journey, block, title: titleOf(journey, block), messages: lines, customers },
    weeks: weeks.map((week) => inWeek.get(`${week} ${journey} ${block}`) ?? none({ week, journey, block })),
  }));
  return all.sort((a, b) => order(a.journey, b.journey) || placeOf(a) - placeOf(b) || order(a.block, b.block));
}

const none = (where: Where): Figure => ({ n: 0, list: 'messages', where, of: 'lines' });
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function blocksOf(journey: string): Readonly<Record<string, { title: string }>> {
  return Object.hasOwn(contracts, journey) ? contracts[journey as JourneyName].blocks : {};
}

const titleOf = (journey: string, block: string) => blocksOf(journey)[block]?.title ?? block;
const placeOf = ({ journey, block }: SentBlock) => Object.keys(blocksOf(journey)).indexOf(block);

function heldBy({ held }: Lists, speaker: Speaker): Held[] {
  const groups = new Tally('held', held, ['journey', 'decision', 'reason', 'by']).groups();
  const all = groups.map(({ row: { journey, decision, reason, by }, lines, customers }) => {
    const words = because(reason, { journey: by ?? undefined }, speaker);
    return { journey, decision, reason, by, words, decisions: lines, customers };
  });
  return all.sort((a, b) => b.customers.n - a.customers.n || order(JSON.stringify(a), JSON.stringify(b)));
}

function missedBy({ missed }: Lists, speaker: Speaker): SideReport['missed'] {
  const all = new Tally('missed', missed, ['journey', 'reason']).groups();
  const told = all.map(({ row: { journey, reason }, customers }) => {
    return { journey, reason, words: because(`not_entered:${reason}`, {}, speaker), customers };
  });
  return told.sort((a, b) => b.customers.n - a.customers.n || order(JSON.stringify(a), JSON.stringify(b)));
}

function outcomesOf({ runs }: Lists): SideReport['outcomes'] {
  const all = new Tally('runs', runs, ['journey', 'outcome']).groups();
  const told = all.map(({ row: { journey, outcome }, lines }) => ({ journey, outcome, runs: lines }));
  return told.sort((a, b) => order(a.journey, b.journey) || b.runs.n - a.runs.n || order(a.outcome, b.outcome));
}

function overlapOf(lists: Lists): Overlap[] {
  const journeys = new Tally('messages', lists.messages, ['journey']).groups();
  const all = journeys.map(({ row: { journey }, lines }) => {
    const near = (field: 'orderWithin' | 'orderedBefore') =>
      bySpan((days) => countOf({ list: 'messages', where: { journey, [field]: days }, of: 'lines' }, lists));
    return { journey, messages: lines, after: near('orderWithin'), before: near('orderedBefore') };
  });
  return all.sort((a, b) => order(a.journey, b.journey));
}

/** By days at most: what came within one day came within three, too. */
function bySpan(figure: (days: number[]) => Figure): Record<string, Figure> {
  return Object.fromEntries(spans.map((most) => [String(most), figure(spans.filter((days) => days <= most))]));
}
