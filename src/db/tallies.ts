import { sql } from 'kysely';
import type { Db } from './connect.ts';

export interface WeekTally {
  /** The Monday, a date of UTC. */
  week: string;
  journey: string;
  messages: number;
}

/** Messages that a channel took, by the week in which it did and by journey. */
export async function messagesByWeek(db: Db): Promise<WeekTally[]> {
  const { rows } = await sql<WeekTally>`
    select to_char(date_trunc('week', accepted_at, 'UTC') at time zone 'UTC', 'YYYY-MM-DD') as week, journey, count(*)::int as messages
    from messages where accepted_at is not null group by 1, 2 order by 1, 2`.execute(db);
  return rows;
}

export interface DecisionTally {
  decision: string;
  reason: string;
  count: number;
}

/** The most frequent first. */
export async function decisionsByReason(db: Db): Promise<DecisionTally[]> {
  const { rows } = await sql<DecisionTally>`
    select decision, reason, count(*)::int as count from decisions group by 1, 2 order by 3 desc, 1, 2`.execute(db);
  return rows;
}
