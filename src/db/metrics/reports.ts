import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import { currentSettings } from '#db/settings.ts';
import type { ProfileKind } from '#domain/journey.ts';
import { defaultLtv, type LtvBand, type LtvSettings } from '#domain/ltv.ts';
import type { Stage } from '#domain/stages.ts';

/** Customers of a part, and what they have brought. Money in minor units of the shop's currency. */
export interface Part {
  customers: number;
  orders: number;
  turnover: number;
  /** Of those whose costs are known; null where no one's are. */
  profit: number | null;
}

const part = sql`count(*)::int as customers, coalesce(sum(orders), 0)::bigint as orders, coalesce(sum(turnover), 0)::bigint as turnover,
  sum(profit)::bigint as profit`;

/** When metrics were last brought up to date; null before the first time. */
export async function refreshedAt(db: Db): Promise<Date | null> {
  const row = await db.selectFrom('metrics_state').select('refreshed_at').executeTakeFirst();
  return row?.refreshed_at ?? null;
}

/** By the codes that somebody has. */
export async function byCode(db: Db, profile: ProfileKind): Promise<(Part & { code: number })[]> {
  const { rows } = await sql<Part & { code: number }>`
    select code, ${part} from customer_metrics where profile = ${profile} group by code order by code`.execute(db);
  return rows;
}

export async function bySegment(db: Db, profile: ProfileKind): Promise<(Part & { segment: string })[]> {
  const { rows } = await sql<Part & { segment: string }>`
    select segment, ${part} from customer_metrics where profile = ${profile} group by segment`.execute(db);
  return rows;
}

export async function byStage(db: Db, profile: ProfileKind): Promise<(Part & { stage: Stage })[]> {
  const { rows } = await sql<Part & { stage: Stage }>`
    select stage, ${part} from customer_metrics where profile = ${profile} group by stage`.execute(db);
  return rows;
}

export interface Moves {
  from: Stage | null;
  to: Stage | null;
  count: number;
}

/** Between which stages customers went in [`from`, `to`). */
export async function moves(db: Db, profile: ProfileKind, from: Date, to: Date): Promise<Moves[]> {
  const { rows } = await sql<Moves>`
    select from_stage as "from", to_stage as "to", count(*)::int as count from stage_transitions
    where profile = ${profile} and at >= ${from} and at < ${to} group by 1, 2 order by 3 desc, 1, 2`.execute(db);
  return rows;
}

export async function ltvSettings(db: Db): Promise<LtvSettings> {
  return { ...defaultLtv, ...((await currentSettings(db, 'ltv'))?.value as Partial<LtvSettings> | undefined) };
}

export interface BandPart extends Part {
  band: LtvBand;
  /** Where it begins, minor units. */
  from: number;
}

/** By bands of what customers have brought. Shares of customers become amounts by type-7 quantiles. */
export async function byLtv(db: Db, profile: ProfileKind, { of, bands }: LtvSettings): Promise<BandPart[]> {
  const value = of === 'turnover' ? sql`turnover` : sql`profit`;
  const people = sql`(select *, ${value}::float8 as value from customer_metrics where profile = ${profile} and ${value} is not null) people`;
  const starts = bands.map(({ from }) =>
    'amount' in from
      ? sql`${from.amount}::float8`
      : sql`coalesce(percentile_cont(${from.share}::float8) within group (order by value), 0)`,
  );
  const found = await sql<{ starts: number[] }>`select array[${sql.join(starts)}] as starts from ${people}`.execute(db);
  const amounts = found.rows[0]?.starts ?? [];
  const { rows } = await sql<Part & { place: number }>`
    select width_bucket(value, ${amounts}::float8[]) as place, ${part} from ${people} group by 1`.execute(db);
  const empty: Part = { customers: 0, orders: 0, turnover: 0, profit: null };
  return bands.map((band, index) => {
    const { place: _, ...counted } = { ...empty, place: 0, ...rows.find(({ place }) => place === index + 1) };
    return { band, from: Math.ceil(amounts[index] ?? 0), ...counted };
  });
}
