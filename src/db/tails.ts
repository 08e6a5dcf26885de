import { type Kysely, sql } from 'kysely';
import type { ChannelName } from '#domain/journey.ts';
import type { DB } from './schema.ts';

/** Half-open. */
export interface TailWindow {
  from: Date;
  to: Date;
}

/** How long people took to open, in ms from the provider's acceptance to a person's first open. */
export interface Tail {
  /** Null: all blocks of the journey together. */
  block: string | null;
  channel: ChannelName;
  count: number;
  p50: number;
  p80: number;
  p90: number;
  p95: number;
}

/** Tails of the journey's messages that were decided in the window, by channel and by block and channel. Quantiles are of type 7
 *  (linear between the two nearest opens), to the millisecond. */
export async function opensTails(db: Kysely<DB>, journey: string, { from, to }: TailWindow): Promise<Tail[]> {
  const { rows } = await sql<{ block: string | null; channel: ChannelName; count: number; seconds: number[] }>`
    select block, channel, count(*)::int as count,
      percentile_cont(array[0.5, 0.8, 0.9, 0.95]) within group (order by extract(epoch from opened_at - accepted_at)::float8) as seconds
    from messages
    where journey = ${journey} and reserved_at >= ${from} and reserved_at < ${to}
      and opened_by = 'human' and opened_at > accepted_at
    group by grouping sets ((channel), (block, channel))
    order by block nulls first, channel`.execute(db);
  return rows.map(({ seconds, ...tail }) => {
    const [p50 = 0, p80 = 0, p90 = 0, p95 = 0] = seconds.map((value) => Math.round(value * 1000));
    return { ...tail, p50, p80, p90, p95 };
  });
}
