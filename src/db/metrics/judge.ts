import { type RawBuilder, sql } from 'kysely';
import type { Trx } from '#db/connect.ts';
import { type ProfileKind, profileKinds } from '#domain/journey.ts';
import { type AxisName, allCodes, axes, bins, type ScaleName, scaleNames, segmentOf } from '#domain/rfm.ts';
import { intervalsMs } from '#domain/stages.ts';
import type { Rules } from './rules.ts';
import { type AllThresholds, figureOf } from './thresholds.ts';

export interface Judging {
  rules: Rules;
  thresholds: AllThresholds;
  /** Whose: a relation with the columns of `customer_metrics` that come from orders. */
  people: RawBuilder<unknown>;
  /** Ranks are taken among `people`, who are everybody; else thresholds hold for them too. */
  byRank: boolean;
  now: Date;
}

/** Makes the table `judged`: code, score, segment and stage of `people` by the rules, and when they change next by time alone. */
export async function judge(trx: Trx, { rules, thresholds, people, byRank, now }: Judging): Promise<void> {
  const columns = [...places.map(column), 'intervals', 'potential_from', 'loyal_from'].map((name) => sql.ref(name));
  const given = profileKinds.map((profile) => sql`(${sql.join(valuesOf(profile, rules, thresholds))})`);
  const bin = (scale: ScaleName, axis: AxisName) => binOf(rules, scale, axis, byRank);
  const figures = axes.map((axis) => sql`${figureOf(axis, rules.rfm.money, now)} as ${sql.ref(axis)}`);
  const binned = places.map((place) => sql`${bin(place.scale, place.axis)} as ${sql.ref(`${column(place)}_bin`)}`);
  await sql`
    create temporary table judged on commit drop as
    with rules (profile, ${sql.join(columns)}) as (values ${sql.join(given)}),
    -- Each offset is a fence: without it what is computed here is computed anew wherever it is used.
    told as (select people.*, ${sql.join(figures)}, date_part('epoch', ${now}::timestamptz - last_order_at) * 1000 as since
      from ${people} people offset 0),
    binned as (select told.*, rules.*, ${sql.join(binned)}, width_bucket(since, intervals) as passed
      from told join rules as rules (kind, ${sql.join(columns)}) on rules.kind = told.profile offset 0),
    scored as (select *, ${codeSql('codes')} as code, ${codeSql('scores')} as score from binned offset 0)
    select customer_id, profile, orders, turnover, profit, discounted, first_order_at, last_order_at,
      code, score, (${segmentsOf(rules)}::text[])[(score / 100 - 1) * 25 + (score / 10 % 10 - 1) * 5 + score % 10] as segment,
      ${stageSql} as stage, ${changesSql} as changes_at
    from scored`.execute(trx);
  await sql`analyze judged`.execute(trx);
}

interface Place {
  scale: ScaleName;
  axis: AxisName;
}

const places: readonly Place[] = scaleNames.flatMap((scale) => axes.map((axis) => ({ scale, axis })));

function column({ scale, axis }: Place): string {
  return `${scale}_${axis}`;
}

function valuesOf(profile: ProfileKind, { intervals, stages }: Rules, thresholds: AllThresholds) {
  const { potentialFrom, loyalFrom } = stages[profile];
  return [
    sql`${profile}::text`,
    ...places.map(({ scale, axis }) => sql`${thresholds[profile][scale][axis]}::float8[]`),
    sql`${intervalsMs(intervals[profile])}::float8[]`,
    sql`${potentialFrom}::int`,
    sql`${loyalFrom}::int`,
  ];
}

/** From 1 up, ascending by the figure. `width_bucket` counts the thresholds that are reached. */
function binOf({ rfm }: Rules, scale: ScaleName, axis: AxisName, byRank: boolean): RawBuilder<number> {
  const byThresholds = sql`1 + width_bucket(${sql.ref(axis)}, ${sql.ref(column({ scale, axis }))})`;
  const ranked = profileKinds.filter((profile) => rfm[scale][profile][axis].by === 'ranks');
  if (!byRank || ranked.length === 0) return sql`${byThresholds}`;
  const rank = sql`row_number() over (partition by told.profile order by ${sql.ref(axis)}, customer_id)`;
  const count = sql`count(*) over (partition by told.profile)`;
  const parts = sql.lit(bins[scale]);
  // Rounded up, as `binOfRank`.
  const byPlace = sql`greatest(1, ((${rank} - 1) * ${parts} + ${count} - 2) / nullif(${count} - 1, 0))::int`;
  return sql`case when told.profile = any(${sql.val(ranked)}::text[]) then ${byPlace} else ${byThresholds} end`;
}

/** 1 is the worst, so that the most days score least. */
function codeSql(scale: ScaleName): RawBuilder<number> {
  const [recency, frequency, money] = axes.map((axis) => sql.ref(`${column({ scale, axis })}_bin`));
  return sql`((${sql.lit(bins[scale] + 1)} - ${recency}) * 100 + ${frequency} * 10 + ${money})::smallint`;
}

/** Keys by score, from 111 to 555. */
function segmentsOf({ rfm }: Rules): string[] {
  return allCodes(bins.scores).map((score) => segmentOf(score, rfm.segments));
}

const stageSql = sql`case
  when passed > 0 then (array['at_risk', 'churning', 'lost', 'gone'])[passed]
  when orders >= loyal_from then 'loyal' when orders >= potential_from then 'potential' else 'new' end`;

/** The element behind those that are reached is the next; `least` passes over nulls. */
const changesSql = sql`last_order_at + least(
  make_interval(days => ceil(codes_recency[codes_recency_bin])::int),
  make_interval(days => ceil(scores_recency[scores_recency_bin])::int),
  make_interval(secs => intervals[passed + 1] / 1000))`;

/** Writes what `judged` says of whom; who is in `metrics_changed` and has no orders any more goes. Answers how many moved on. */
export async function writeJudged(trx: Trx, now: Date, gone: RawBuilder<unknown>): Promise<number> {
  const { numAffectedRows } = await sql`
    insert into stage_transitions (customer_id, profile, from_stage, to_stage, at)
    select j.customer_id, j.profile, m.stage, j.stage, ${now}::timestamptz
    from judged j left join customer_metrics m using (customer_id, profile)
    -- Who is seen for the first time in any other stage comes from an import: nobody moved.
    where m.stage is distinct from j.stage and (m.stage is not null or j.stage = 'new')
    union all select customer_id, profile, stage, null, ${now}::timestamptz from (${gone}) gone
    order by 1, 2`.execute(trx);
  await sql`delete from customer_metrics m using (${gone}) gone
    where (m.customer_id, m.profile) = (gone.customer_id, gone.profile)`.execute(trx);
  const facts = ['orders', 'turnover', 'profit', 'discounted', 'first_order_at', 'last_order_at'];
  const columns = [...facts, 'code', 'score', 'segment', 'stage', 'changes_at'];
  const list = (alias: string) => sql.raw(columns.map((name) => `${alias}.${name}`).join(', '));
  await sql`
    merge into customer_metrics m using judged j on m.customer_id = j.customer_id and m.profile = j.profile
    when matched and (${list('m')}) is distinct from (${list('j')}) then
      update set ${sql.raw(columns.map((name) => `${name} = j.${name}`).join(', '))}, changed_at = ${now},
        stage_at = case when m.stage = j.stage then m.stage_at else ${now}::timestamptz end
    when not matched then insert (customer_id, profile, stage_at, changed_at, ${sql.raw(columns.join(', '))})
      values (j.customer_id, j.profile, ${now}, ${now}, ${list('j')})`.execute(trx);
  return Number(numAffectedRows ?? 0);
}
