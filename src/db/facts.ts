import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Spoken, Trail } from '#domain/intent.ts';
import type { ChannelName } from '#domain/journey.ts';
import { countingStates, type MessageState } from '#domain/ledger.ts';
import type { Visitor } from '#domain/opens.ts';
import type { Ledger } from '#domain/policy.ts';
import type { Contactability } from '#domain/reach.ts';
import { contactabilityJson } from './contactability.ts';
import { goodJson } from './goods.ts';
import { type CustomerHabits, customerHabitsJson, type Habits, habitsJson } from './habits.ts';
import { ledgerJson, ledgerOf } from './ledger.ts';
import { inOrder } from './pipeline.ts';
import type { DB } from './schema.ts';

/** A live or ended run, as it stands in the database. Instants are business epoch ms. */
export interface RunFacts {
  id: string;
  journey: string;
  key: string;
  settingsVersion: number;
  triggerAt: number;
  block: string | null;
  dueAt: number | null;
  readSeq: number;
  progress: unknown;
  asked: number;
  answer: unknown;
  /** Why the message that it waits for was put off, if it was. */
  heldBy: string | null;
  outcome: string | null;
}

/** A message of the run, oldest first. `leased`: somebody is submitting it right now. */
export interface SentFacts {
  id: string;
  block: string;
  iteration: number;
  template: string;
  channel: ChannelName;
  kind: 'marketing' | 'service';
  state: MessageState;
  leased: boolean;
  leaseLeftMs: number;
  attempts: number;
  acceptedAt: number | null;
  failedAt: number | null;
  reservedAt: number;
  openedBy: Visitor | null;
  clicked: boolean;
}

/** All that entering, deciding and finishing depend on, in one read. */
export interface Facts {
  customer: { id: string; locale: string | null; zone: string | null; region: string | null; firstName: string | null };
  gone: 'merged' | 'erased' | null;
  activitySeq: number;
  lastOrderAt: number | null;
  contact: Contactability;
  run: RunFacts | null;
  earlierRuns: number;
  /** The memory of the run that this one takes the place of: its customer was joined to this one. */
  inherited: { progress: unknown } | null;
  /** An order of this profile since the run's trigger. */
  ordered: boolean;
  sent: SentFacts[];
  /** What the customer was sent and what other runs plan to send. */
  ledger: Ledger;
  trail: Trail;
  /** What each block said last in other runs of this journey. */
  spoken: { branch: string; at: number; goods: string[]; runId: string }[];
  /** What is learnt of when and on which channel people react (R3, R5). */
  habits: { own: CustomerHabits; everybody: Habits | null };
  settings: { journey: Versioned | null; shop: Versioned | null; policy: Versioned | null };
}

export interface Versioned {
  version: number;
  value: unknown;
}

export interface FactsRequest {
  customerId: string;
  journey: string;
  key: string;
  profile: 'personal' | 'corporate';
  /** The run in question, or the live one of this workflow id. */
  run: { id: string } | { workflowId: string };
  now: Date;
}

const ms = (column: RawBuilder<unknown>) => sql`(extract(epoch from ${column}) * 1000)::bigint`;
const latest = (name: RawBuilder<unknown>, version: RawBuilder<unknown> = sql`null`) => sql`(
  select jsonb_build_object('version', s.version, 'value', s.value) from settings s
  where s.name = ${name} and (${version}::int is null or s.version = ${version}::int)
  order by s.version desc limit 1)`;

/** Takes the customer's lock until the transaction ends. A statement of its own, before anything is read: in READ
 *  COMMITTED a statement sees what was committed when it *began*, not when it got the lock it waited for. */
export async function lockCustomer(trx: Transaction<DB>, customerId: string): Promise<void> {
  await sql`select 1 from customers where id = ${customerId} for update`.execute(trx);
}

/** What the customer's state is once the lock is there: two statements, sent together. */
export async function lockAndRead(trx: Transaction<DB>, request: FactsRequest): Promise<Facts | null> {
  const [, facts] = await inOrder([lockCustomer(trx, request.customerId), readFacts(trx, request)]);
  return facts;
}

/** Null where there is no such customer. Cheap enough to be asked for every decision: one statement. */
export async function readFacts(db: Kysely<DB>, request: FactsRequest): Promise<Facts | null> {
  const { customerId, journey, key, profile, run, now } = request;
  const thisRun = 'id' in run ? sql`r.id = ${run.id}` : sql`r.workflow_id = ${run.workflowId} and r.ended_at is null`;
  const { rows } = await sql<{ facts: Facts }>`
    with who as (
      select c.*, p.email, p.phone, p.last_visit_at, p.last_activity_at, p.last_order_at, coalesce(p.activity_seq, 0) as activity_seq
      from customers c left join profiles p on p.customer_id = c.id and p.kind = ${profile}
      where c.id = ${customerId}
    ), run as (select r.* from runs r where ${thisRun})
    select jsonb_build_object(
      'customer', jsonb_build_object('id', w.id, 'locale', w.locale, 'zone', w.zone, 'region', w.region,
        'firstName', coalesce(w.traits->>'firstName', split_part(nullif(trim(w.traits->>'name'), ''), ' ', 1))),
      'gone', case when w.merged_into is not null then 'merged' when w.erased_at is not null then 'erased' end,
      'activitySeq', w.activity_seq,
      'lastOrderAt', ${ms(sql`w.last_order_at`)},
      'contact', ${contactabilityJson},
      'run', (select ${runJson} from run r),
      'earlierRuns', (select count(*) from runs e where e.customer_id = w.id and e.journey = ${journey}),
      'inherited', ${inheritedJson(request)},
      'ordered', exists (select from orders o, run r where o.customer_id = w.id and o.profile = ${profile}
        and o.state = 'placed' and o.placed_at >= r.trigger_at),
      'sent', coalesce((select jsonb_agg(${sentJson} order by m.reserved_at) from messages m, run r where m.run_id = r.id), '[]'),
      'ledger', ${ledgerJson(now, thisRun)},
      'trail', ${trailJson(profile)},
      'spoken', ${spokenJson(journey, key)},
      'habits', jsonb_build_object('own', ${customerHabitsJson(now)}, 'everybody', ${habitsJson}),
      'settings', jsonb_build_object('journey', ${latest(sql`${journey}::text`, sql`(select settings_version from run)`)},
        'shop', ${latest(sql`'shop'`)}, 'policy', ${latest(sql`'policy'`)})
    ) as facts
    from who w`.execute(db);
  const facts = rows[0]?.facts;
  return facts === undefined ? null : { ...facts, ledger: ledgerOf(facts.ledger) };
}

/** The newest run of the journey and key, if it came with another customer and ended (or is about to) by the joining. */
function inheritedJson({ journey, key, run }: FactsRequest): RawBuilder<unknown> {
  if ('id' in run) return sql`null`;
  return sql`(
    select jsonb_build_object('progress', progress) from (
      select * from runs e where e.customer_id = w.id and e.journey = ${journey} and e.key = ${key}
      order by e.entered_at desc, e.id desc limit 1) newest
    where workflow_id <> ${run.workflowId} and (ended_at is null or outcome = 'exited:merged'))`;
}

const runJson = sql`jsonb_build_object('id', r.id, 'journey', r.journey, 'key', r.key, 'settingsVersion', r.settings_version,
  'triggerAt', ${ms(sql`r.trigger_at`)}, 'block', r.block, 'dueAt', ${ms(sql`r.due_at`)}, 'readSeq', r.read_seq,
  'progress', r.progress, 'asked', r.asked, 'answer', r.answer, 'heldBy', r.plan->>'heldBy', 'outcome', r.outcome)`;

const sentJson = sql`jsonb_build_object('id', m.id, 'block', m.block, 'iteration', m.iteration, 'template', m.template,
  'channel', m.channel, 'kind', m.kind, 'state', m.state, 'leased', m.state = 'submitting' and m.lease_until > now(),
  'leaseLeftMs', greatest(0, coalesce(${ms(sql`m.lease_until - now()`)}, 0)), 'attempts', m.attempts,
  'acceptedAt', ${ms(sql`m.accepted_at`)}, 'failedAt', ${ms(sql`m.failed_at`)}, 'reservedAt', ${ms(sql`m.reserved_at`)},
  'openedBy', m.opened_by, 'clicked', m.clicked_at is not null)`;

/** What the customer did with this profile: the newest 50 of each kind, with what the region can buy. */
function trailJson(profile: string): RawBuilder<Trail> {
  const touches = (rows: RawBuilder<unknown>) => sql`coalesce((
    select jsonb_agg(jsonb_build_object('product', coalesce(p.id, t.ref), 'at', ${ms(sql`t.at`)}, 'quantity', t.quantity,
      'boughtAt', (select ${ms(sql`max(o.placed_at)`)} from order_lines l join orders o using (order_id)
        where o.customer_id = w.id and o.state = 'placed' and l.product_id in (p.id, p.sku, t.ref)),
      'good', ${goodJson(sql`w.region`)}) order by t.at desc)
    from (${rows} order by at desc limit 50) t
    left join lateral (select * from products where id = t.ref or sku = t.ref order by id = t.ref desc limit 1) p on true), '[]')`;
  const interest = (kind: string) =>
    touches(sql`
    select ref, last_at as at, 1 as quantity from interests
    where customer_id = w.id and profile = ${profile} and kind = ${kind} and removed_at is null`);
  return sql<Trail>`jsonb_build_object(
    'cart', ${touches(sql`select product_id as ref, updated_at as at, quantity from cart_items
      where customer_id = w.id and profile = ${profile} and quantity > 0`)},
    'favourites', ${interest('favourite')},
    'views', ${interest('view')},
    'categories', coalesce((select jsonb_agg(jsonb_build_object('ref', ref, 'at', ${ms(sql`last_at`)}) order by last_at desc)
      from interests where customer_id = w.id and profile = ${profile} and kind = 'category' and removed_at is null), '[]'),
    'lastVisitAt', ${ms(sql`w.last_visit_at`)}, 'lastActivityAt', ${ms(sql`w.last_activity_at`)})`;
}

/** The newest message of each branch in runs of this key: blocks are named `<branch>-<step>`. Dropped ones said nothing. */
function spokenJson(journey: string, key: string): RawBuilder<unknown> {
  return sql`coalesce((
    select jsonb_agg(jsonb_build_object('branch', branch, 'at', ${ms(sql`reserved_at`)}, 'goods', goods, 'runId', run_id))
    from (
      select distinct on (branch, run_id) branch, reserved_at, goods, run_id
      from (select regexp_replace(m.block, '-\\d+$', '') as branch, m.* from messages m join runs on runs.id = m.run_id
        where m.customer_id = w.id and m.journey = ${journey} and runs.key = ${key} and m.state = any(${countingStates}::text[])) named
      order by branch, run_id, reserved_at desc
    ) last), '[]')`;
}

/** `spoken` as the intent rules want it: per branch the newest, leaving out the runs that `skip` names. */
export function spokenBy(facts: Pick<Facts, 'spoken'>, skip: string | null): Spoken {
  const spoken: Record<string, { at: number; goods: string[] }> = {};
  for (const { branch, at, goods, runId } of facts.spoken) {
    const known = spoken[branch];
    if (runId !== skip && (known === undefined || known.at < at)) spoken[branch] = { at, goods };
  }
  return spoken;
}
