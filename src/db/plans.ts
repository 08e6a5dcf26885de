import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ChannelName, ContactClass } from '#domain/journey.ts';
import { defaultPolicy, type Ledger, type Plan, type PolicySettings } from '#domain/policy.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import type { Whereabouts } from '#domain/zone.ts';
import { historyJson, type LedgerJson, ledgerJson, ledgerOf, plansJson, takesSlot } from './ledger.ts';
import type { DB } from './schema.ts';

/** A planned contact as a live run has it. */
export interface PlannedMessage extends Plan {
  message: string;
  block: string | null;
  /** Why it was not sent when it was due, as the run tells it. */
  heldBy?: string;
}

/** Of one customer all that the contact policy needs to look ahead. */
export interface PlannedCustomer extends Whereabouts {
  id: string;
  kind: 'b2c' | 'b2b';
  ledger: Omit<Ledger, 'plans'> & { plans: PlannedMessage[] };
}

type Row = Omit<PlannedCustomer, 'ledger'> & { ledger: LedgerJson };

/** Null where there is no such customer. */
export async function plannedFor(db: Kysely<DB>, customerId: string, now: Date): Promise<PlannedCustomer | null> {
  const { rows } = await sql<Row>`
    select w.id, w.kind, w.zone, w.region, ${phone}, ${ledgerJson(now, sql`false`)} as ledger
    from customers w where w.id = ${customerId}`.execute(db);
  return rows.map(withMessages)[0] ?? null;
}

const phone = sql`(select phone from profiles where customer_id = w.id and phone is not null order by kind desc limit 1) as phone`;

/** Ids of the next `limit` customers, in their order, who have a planned contact. */
export async function plannedIds(db: Kysely<DB>, after: string, limit: number): Promise<string[]> {
  const { rows } = await sql<{ id: string }>`
    select customer_id as id from runs
    where ended_at is null and plan is not null and due_at is not null and customer_id > ${after}
    group by customer_id order by customer_id limit ${limit}`.execute(db);
  return rows.map(({ id }) => id);
}

/** As `plannedFor`, for many: tables are read by sets, not once for each. `since`: what was sent before is left out. */
export async function plannedForAll(db: Kysely<DB>, ids: readonly string[], since: Date): Promise<PlannedCustomer[]> {
  const { rows } = await sql<Row>`
    with asked as materialized (select unnest(${[...ids]}::uuid[]) as id),
    live as (
      select r.customer_id, bool_or(r.excludes_bulk) as excludes_bulk,
        ${plansJson} as plans
      from asked a join runs r on r.customer_id = a.id and r.ended_at is null group by 1
    ), sent as (
      select m.customer_id, ${historyJson} as history
      from asked a join messages m on m.customer_id = a.id and ${takesSlot(since)} group by 1
    )
    select w.id, w.kind, w.zone, w.region, ${phone}, jsonb_build_object('history', coalesce(history, '[]'),
      'plans', coalesce(plans, '[]'), 'excludesBulk', coalesce(excludes_bulk, false)) as ledger
    from asked a join customers w on w.id = a.id left join live on live.customer_id = w.id left join sent on sent.customer_id = w.id
    order by w.id`.execute(db);
  return rows.map(withMessages);
}

/** Plans are read whole, so that what a run says of its message is in them. */
function withMessages({ ledger, ...customer }: Row): PlannedCustomer {
  return { ...customer, ledger: ledgerOf(ledger) as PlannedCustomer['ledger'] };
}

/** The shop and the policy as they are set now. */
export async function voiceOf(db: Kysely<DB>): Promise<{ shop: ShopSettings; policy: PolicySettings }> {
  const { rows } = await sql<{ shop: Partial<ShopSettings> | null; policy: PolicySettings | null }>`
    select (select value from settings where name = 'shop' order by version desc limit 1) as shop,
      (select value from settings where name = 'policy' order by version desc limit 1) as policy`.execute(db);
  const { shop = null, policy = null } = rows[0] ?? {};
  return { shop: { ...defaultShop, ...shop }, policy: policy ?? defaultPolicy };
}

/** What a journey decided in a time, by decision and rule. */
export interface RuleCount {
  journey: string;
  decision: string;
  /** Of what the contact policy held or dropped; null of all else. */
  rule: string | null;
  count: number;
}

const ruleOf = (column: RawBuilder<unknown>) =>
  sql<string | null>`substring(${column} from '^(?:expired:)?(?:policy|planned):(.*)$')`;

/** Decisions of a time (half-open), counted. */
export async function ruleCounts(db: Kysely<DB>, from: Date, to: Date): Promise<RuleCount[]> {
  const { rows } = await sql<RuleCount>`
    select journey, decision, case when decision in ('defer', 'drop') then ${ruleOf(sql`reason`)} end as rule, count(*)::int as count
    from decisions where at >= ${from} and at < ${to} group by 1, 2, 3`.execute(db);
  return rows;
}

/** A rule as far as it says which contacts take its places. */
export interface RuleScope {
  name: string;
  channels: ChannelName[];
  classes: ContactClass[];
  windowMs: number;
}

/** Whose contacts had the places that `journey` wanted under a rule: by what it was held for (`planned`), and by what had been
 *  sent to those customers within the rule's window (`sent`). */
export interface Taker {
  rule: string;
  journey: string;
  planned: number;
  sent: number;
}

/** Of at most the newest `most` decisions of a journey by which rules held or dropped its messages. */
export async function slotTakers(
  db: Kysely<DB>,
  { journey, from, to, most }: { journey: string; from: Date; to: Date; most: number },
  rules: readonly RuleScope[],
): Promise<Taker[]> {
  const { rows } = await sql<Taker>`
    with rules as (
      select * from jsonb_to_recordset(${JSON.stringify(rules)}::jsonb)
        as r (name text, channels text[], classes text[], "windowMs" bigint)
    ), held as (
      select customer_id, run_id, at, reason, details->'blockedBy'->>'journey' as blocker, ${ruleOf(sql`reason`)} as rule
      from decisions where journey = ${journey} and at >= ${from} and at < ${to} and decision in ('defer', 'drop')
        and ${ruleOf(sql`reason`)} is not null
      order by at desc limit ${most}
    ), planned as (
      select rule, blocker as journey, count(*) as planned from held where blocker is not null group by 1, 2
    ), sent as (
      select h.rule, m.journey, count(distinct m.id) as sent
      from held h join rules r on r.name = h.rule join messages m on m.customer_id = h.customer_id
      where h.blocker is null and m.counts and m.state in ('reserved', 'submitting', 'accepted', 'delivered', 'unknown')
        and m.reserved_at <= h.at and m.reserved_at > h.at - r."windowMs" * interval '1 millisecond'
        and (m.run_id is null or m.run_id is distinct from h.run_id)
        and (cardinality(r.channels) = 0 or m.channel = any(r.channels)) and (cardinality(r.classes) = 0 or m.class = any(r.classes))
      group by 1, 2
    )
    select rule, journey, coalesce(planned, 0)::int as planned, coalesce(sent, 0)::int as sent
    from planned full join sent using (rule, journey)
    order by coalesce(planned, 0) + coalesce(sent, 0) desc, rule, journey`.execute(db);
  return rows;
}
