import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import type { DB } from './schema.ts';

type Any = Db | Transaction<DB>;

/** Half-open: from ≤ t < to. */
export interface Window {
  from: Date | null;
  to: Date | null;
}

export interface BlockCount {
  block: string;
  entered: number;
  waiting: number;
  passed: number;
  dropped: number;
  reasons: { result: 'passed' | 'dropped'; reason: string; count: number }[];
}

const inWindow = (column: string, { from, to }: Window) => sql<boolean>`
  (${from}::timestamptz is null or ${sql.ref(column)} >= ${from}) and (${to}::timestamptz is null or ${sql.ref(column)} < ${to})`;

/** Per block, over the runs that entered in the window (V1): entered = waiting + passed + dropped. */
export async function blockCounts(db: Any, journey: string, window: Window): Promise<BlockCount[]> {
  const { rows } = await sql<BlockCount>`
    with counted as (
      select b.block, b.result, b.reason, count(*) as n
      from runs r join run_blocks b on b.run_id = r.id
      where r.journey = ${journey} and ${inWindow('r.entered_at', window)}
      group by b.block, b.result, b.reason
    )
    select block, sum(n)::int as entered, coalesce(sum(n) filter (where result is null), 0)::int as waiting,
      coalesce(sum(n) filter (where result = 'passed'), 0)::int as passed,
      coalesce(sum(n) filter (where result = 'dropped'), 0)::int as dropped,
      coalesce(json_agg(json_build_object('result', result, 'reason', reason, 'count', n) order by n desc, result, reason)
        filter (where reason is not null), '[]') as reasons
    from counted group by block`.execute(db);
  return rows;
}

export interface RunCounts {
  entries: number;
  live: number;
  outcomes: { outcome: string; count: number }[];
}

/** Runs that entered in the window, and how those of them that are over ended. */
export async function runCounts(db: Any, journey: string, window: Window): Promise<RunCounts> {
  const { rows } = await sql<{ outcome: string | null; live: boolean; count: number }>`
    select outcome, ended_at is null as live, count(*)::int as count from runs r
    where journey = ${journey} and ${inWindow('r.entered_at', window)}
    group by 1, 2 order by 3 desc, 1`.execute(db);
  const total = (counted: typeof rows) => counted.reduce((sum, row) => sum + row.count, 0);
  return {
    entries: total(rows),
    live: total(rows.filter((row) => row.live)),
    outcomes: rows.flatMap(({ outcome, count }) => (outcome === null ? [] : [{ outcome, count }])),
  };
}

export interface Hole {
  reason: string;
  /** Customers who last met the trigger in the window and did not enter. */
  customers: number;
  /** How often that happened to them, ever. */
  times: number;
  lastAt: Date;
  /** The ten it happened to last. */
  examples: string[];
}

/** Who met a trigger and did not enter, by reason, largest first. */
export async function holes(db: Any, journey: string, window: Window): Promise<Hole[]> {
  const { rows } = await sql<Hole>`
    with missed as (
      select reason, customer_id, sum(times) as times, max(last_at) as last_at
      from not_entered n where journey = ${journey} and ${inWindow('n.last_at', window)}
      group by reason, customer_id
    )
    select reason, count(*)::int as customers, sum(times)::int as times, max(last_at) as "lastAt",
      (array_agg(customer_id order by last_at desc))[1:10] as examples
    from missed group by reason order by 2 desc, 1`.execute(db);
  return rows;
}

/** Live runs by journey, all of them. */
export async function liveRuns(db: Any): Promise<Map<string, number>> {
  const { rows } = await sql<{ journey: string; count: number }>`
    select journey, count(*)::int as count from runs where ended_at is null group by journey`.execute(db);
  return new Map(rows.map(({ journey, count }) => [journey, count]));
}
