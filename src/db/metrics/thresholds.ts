import { type RawBuilder, sql } from 'kysely';
import type { Db, Trx } from '#db/connect.ts';
import { type ProfileKind, profileKinds } from '#domain/journey.ts';
import {
  type Axis,
  type AxisName,
  axes,
  bins,
  type RfmSettings,
  type ScaleName,
  scaleNames,
  type Thresholds,
} from '#domain/rfm.ts';

export type AllThresholds = Record<ProfileKind, Record<ScaleName, Thresholds>>;

/** What an axis goes by, of a relation with the columns of `customer_metrics`: whole days, orders, minor units. */
export function figureOf(axis: AxisName, money: RfmSettings['money'], now: Date): RawBuilder<number> {
  if (axis === 'recency') return sql`floor(date_part('epoch', ${now}::timestamptz - last_order_at) / 86400)`;
  if (axis === 'frequency') return sql`orders::float8`;
  return money === 'turnover' ? sql`turnover::float8` : sql`((2 * turnover + orders) / (2 * orders))::float8`;
}

interface Place {
  profile: ProfileKind;
  scale: ScaleName;
  axis: AxisName;
}

/** The quantiles and ranks of everybody, kept until they are learnt anew. `everybody` has the columns of `customer_metrics`. */
export async function learnThresholds(
  trx: Trx,
  rfm: RfmSettings,
  everybody: RawBuilder<unknown>,
  now: Date,
): Promise<void> {
  await sql`delete from rfm_thresholds`.execute(trx);
  const learnt = places().filter(({ profile, scale, axis }) => rfm[scale][profile][axis].by !== 'thresholds');
  if (learnt.length === 0) return;
  const columns = learnt.map(({ profile, scale, axis }, index) => {
    const value = learntBy(rfm[scale][profile][axis], figureOf(axis, rfm.money, now), bins[scale]);
    return sql`case when profile = ${sql.lit(profile)} then ${value} end as ${sql.ref(`place_${index}`)}`;
  });
  const { rows } = await sql<Record<string, number[] | null>>`
    select profile, ${sql.join(columns)} from ${everybody} people group by profile`.execute(trx);
  for (const [index, { profile, scale, axis }] of learnt.entries()) {
    const thresholds = rows.map((row) => row[`place_${index}`]).find((value) => value);
    if (thresholds)
      await sql`insert into rfm_thresholds (profile, scale, axis, thresholds)
        values (${profile}, ${scale}, ${axis}, ${thresholds}::float8[])`.execute(trx);
  }
}

function places(): Place[] {
  return profileKinds.flatMap((profile) =>
    scaleNames.flatMap((scale) => axes.map((axis) => ({ profile, scale, axis }))),
  );
}

/** As `thresholdsOf` of the domain. Axes of one figure share one sort. */
function learntBy(axis: Axis, figure: RawBuilder<number>, parts: number): RawBuilder<number[]> {
  const cuts = Array.from({ length: parts - 1 }, (_, index) => index + 1);
  if (axis.by === 'quantiles') {
    const shares = sql.lit(`{${cuts.map((cut) => cut / parts).join(',')}}`);
    return sql`(select array_agg(value + 1 order by place) from unnest(
      percentile_cont(${shares}::float8[]) within group (order by ${figure})) with ordinality as cut (value, place))`;
  }
  const ends = cuts.map(
    (cut) =>
      sql`(array_agg(${figure} order by ${figure}))[1 + (count(*) - 1) * ${sql.lit(cut)} / ${sql.lit(parts)}] + 1`,
  );
  return sql`array[${sql.join(ends)}]`;
}

/** Those that were given, and those that were learnt; of what nobody has taught yet there are none. */
export async function readThresholds(db: Db | Trx, rfm: RfmSettings): Promise<AllThresholds> {
  const learnt = await db.selectFrom('rfm_thresholds').selectAll().execute();
  const of = ({ profile, scale, axis }: Place): number[] => {
    const wanted = rfm[scale][profile][axis];
    if (wanted.by === 'thresholds') return wanted.at;
    return learnt.find((row) => row.profile === profile && row.scale === scale && row.axis === axis)?.thresholds ?? [];
  };
  const scaleOf = (profile: ProfileKind, scale: ScaleName): Thresholds => ({
    recency: of({ profile, scale, axis: 'recency' }),
    frequency: of({ profile, scale, axis: 'frequency' }),
    money: of({ profile, scale, axis: 'money' }),
  });
  const both = (profile: ProfileKind) => ({ codes: scaleOf(profile, 'codes'), scores: scaleOf(profile, 'scores') });
  return { personal: both('personal'), corporate: both('corporate') };
}
