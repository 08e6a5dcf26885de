import type { Expected } from './forecast.ts';
import type { ChannelName, ContactClass } from './journey.ts';
import type { DecisionReason } from './reasons.ts';
import { startOfDay } from './zone.ts';

/** Expected messages of a whole shop, counted by week. */

export type CustomerKind = 'b2c' | 'b2b';

interface Group {
  journey: string;
  class: ContactClass;
  channel: ChannelName;
  kind: CustomerKind;
}

export interface WeekCount extends Group {
  /** From 0: the week that begins today. */
  week: number;
  messages: number;
}

export interface NeverCount extends Group {
  reason: DecisionReason;
  messages: number;
}

/** Starts of the weeks, and the end of the last: local midnights of the shop, the first one today's. */
export function weekStarts(now: Date, zone: string, weeks: number): Date[] {
  return Array.from({ length: weeks + 1 }, (_, week) => startOfDay(now, zone, week * 7));
}

export class Tally {
  readonly #starts: readonly Date[];
  readonly #weeks = new Map<string, WeekCount>();
  readonly #never = new Map<string, NeverCount>();
  customers = 0;
  runs = 0;
  /** Messages that are expected after the last week. */
  later = 0;

  constructor(starts: readonly Date[]) {
    this.#starts = starts;
  }

  add(kind: CustomerKind, expected: readonly Expected[]): void {
    this.customers += 1;
    this.runs += expected.length;
    for (const { plan, at, reason } of expected) {
      const { journey, class: rank, channel } = plan;
      const group = { journey, class: rank, channel, kind };
      if (at === null) this.#miss(group, reason ?? 'expired:late');
      else this.#expect(group, at);
    }
  }

  #expect(group: Group, at: Date): void {
    const week = this.#starts.findLastIndex((start) => start <= at);
    if (week === this.#starts.length - 1) this.later += 1;
    else bump(this.#weeks, { week, ...group });
  }

  #miss(group: Group, reason: DecisionReason): void {
    bump(this.#never, { ...group, reason });
  }

  /** In the order of time, then the most messages first. */
  weeks(): WeekCount[] {
    return [...this.#weeks.values()].toSorted((a, b) => a.week - b.week || b.messages - a.messages);
  }

  /** The most messages first. */
  never(): NeverCount[] {
    return [...this.#never.values()].toSorted((a, b) => b.messages - a.messages);
  }
}

function bump<Row extends Group>(counts: Map<string, Row & { messages: number }>, row: Row): void {
  const key = Object.values(row).join('\n');
  const known = counts.get(key);
  if (known === undefined) counts.set(key, { ...row, messages: 1 });
  else known.messages += 1;
}
