import { sql } from 'kysely';
import { inBulk } from '#db/bulk.ts';
import type { Db, Trx } from '#db/connect.ts';
import { durationMs } from '#domain/duration.ts';
import { countFigures, takeOrderChanges } from './figures.ts';
import { judge, writeJudged } from './judge.ts';
import { type Rules, readRules } from './rules.ts';
import { learnThresholds, readThresholds } from './thresholds.ts';

/** Counts. */
export interface Refreshed extends Readonly<Record<string, number>> {
  /** Changes of orders since the last time. */
  changes: number;
  /** Customers and profiles whose orders were counted, and whose code, score and stage were looked at. */
  counted: number;
  judged: number;
  /** Changes of stage. */
  transitions: number;
  /** 1 where quantiles were learnt anew and everybody was judged by them. */
  learnt: number;
}

export interface RefreshOptions {
  /** Counts and judges everybody, trusting nothing that was kept. */
  full?: boolean;
}

/**
 * Brings metrics, RFM and stages up to `now` (business time, P2–P4). Looks at whose orders changed and at whom time has
 * carried over a boundary since the last time; at everybody where the rules changed or `learnEvery` has passed. Null where
 * another process is at it.
 */
export async function refreshMetrics(
  db: Db,
  now: Date,
  { full = false }: RefreshOptions = {},
): Promise<Refreshed | null> {
  const changes = await noteOrderChanges(db);
  return changes === null ? null : inBulk(db, name, (trx) => refresh(trx, now, full, changes));
}

/** Takes all changes of orders and notes whom they concern. Answers how many; null where another process is at it. */
export async function noteOrderChanges(db: Db): Promise<number | null> {
  for (let changes = 0; ; ) {
    const taken = await inBulk(db, name, (trx) => takeOrderChanges(trx, atOnce));
    if (taken === null) return null;
    changes += taken;
    if (taken < atOnce) return changes;
  }
}

const name = 'metrics';
/** Orders whose rows are held for a moment: intake, which may want the same ones, never waits for long. */
const atOnce = 20_000;

async function refresh(trx: Trx, now: Date, full: boolean, changes: number): Promise<Refreshed> {
  const rules = await readRules(trx, now);
  await countFigures(trx, rules.currency, full);
  const learnt = full || (await mustLearn(trx, rules, now));
  const everybody = full ? counted : sql`(${counted} union all ${kept})`;
  if (learnt) await learnThresholds(trx, rules.rfm, everybody, now);
  const thresholds = await readThresholds(trx, rules.rfm);
  const due = sql`(${counted} union all ${kept} and changes_at <= ${now})`;
  await judge(trx, { rules, thresholds, people: learnt ? everybody : due, byRank: learnt, now });
  const transitions = await writeJudged(trx, now, full ? goneOfAll : goneOfChanged);
  const { rows } = await sql<{ counted: number; judged: number }>`
    select (select count(*) from figures) as counted, (select count(*) from judged) as judged`.execute(trx);
  await sql`truncate metrics_changed`.execute(trx);
  await remember(trx, now, learnt, rules);
  const { counted: people = 0, judged = 0 } = rows[0] ?? {};
  return { changes, counted: people, judged, transitions, learnt: Number(learnt) };
}

const columns = sql.raw('customer_id, profile, orders, turnover, profit, discounted, first_order_at, last_order_at');
const counted = sql`(select ${columns} from figures)`;
const kept = sql`select ${columns} from customer_metrics m
  where not exists (select from metrics_changed c where (c.customer_id, c.profile) = (m.customer_id, m.profile))`;

const without = sql`not exists (select from figures f where (f.customer_id, f.profile) = (m.customer_id, m.profile))`;
const goneOfAll = sql`select customer_id, profile, stage from customer_metrics m where ${without}`;
const goneOfChanged = sql`select customer_id, profile, stage from customer_metrics m join metrics_changed using (customer_id, profile)
  where ${without}`;

/** Where the rules are others than everybody was judged by, what was learnt is old, or a kind of profile has taught nothing yet. */
async function mustLearn(trx: Trx, { key, rfm }: Rules, now: Date): Promise<boolean> {
  const state = await trx.selectFrom('metrics_state').selectAll().executeTakeFirst();
  if (!state || state.judged_by !== key) return true;
  if (now.getTime() - state.learnt_at.getTime() >= durationMs(rfm.learnEvery)) return true;
  const { rows } = await sql`
    select from figures f where not exists (select from customer_metrics m where m.profile = f.profile) limit 1`.execute(
    trx,
  );
  return rows.length > 0;
}

async function remember(trx: Trx, now: Date, learnt: boolean, { key }: Rules): Promise<void> {
  await sql`
    insert into metrics_state as s (refreshed_at, learnt_at, judged_by) values (${now}, ${now}, ${key})
    on conflict (only_row) do update set refreshed_at = excluded.refreshed_at, judged_by = excluded.judged_by,
      learnt_at = case when ${learnt}::boolean then excluded.learnt_at else s.learnt_at end`.execute(trx);
}
