import { type Kysely, type RawBuilder, sql, type Transaction } from 'kysely';
import type { Spoken, Trail } from '#domain/intent.ts';
import type { ChannelName, ProfileKind } from '#domain/journey.ts';
import { countingStates, type MessageState } from '#domain/ledger.ts';
import type { Visitor } from '#domain/opens.ts';
import type { Ledger } from '#domain/policy.ts';
import type { Contactability } from '#domain/reach.ts';
import { contactabilityJson } from './contactability.ts';
import {
  type CustomerHabits,
  type CustomerHabitsJson,
  customerHabitsJson,
  customerHabitsOf,
  type Habits,
  habitsJson,
  inYearBefore,
} from './habits.ts';
import { epochMs } from './instants.ts';
import { type LedgerJson, ledgerJson, ledgerOf } from './ledger.ts';
import { inOrder } from './pipeline.ts';
import { latestSettings, type SettingsRef, settingsValues, type Versioned } from './remembered.ts';
import type { DB } from './schema.ts';
import { type Give, statement } from './statement.ts';
import { type TrailJson, trailJson, trailOf } from './trail.ts';

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
  customer: {
    id: string;
    kind: 'b2c' | 'b2b';
    locale: string | null;
    zone: string | null;
    region: string | null;
    firstName: string | null;
  };
  /** That the run is about; null: the customer. */
  profile: ProfileKind | null;
  gone: 'merged' | 'erased' | null;
  activitySeq: number;
  lastOrderAt: number | null;
  contact: Contactability;
  run: RunFacts | null;
  /** Runs of the journey and key that came to an end other than by joining, whosever they were; asked for only by who enters. */
  earlierRuns: number;
  /** The memory of the run that this one takes the place of: its customer was joined to this one. */
  inherited: { progress: unknown } | null;
  /** An order of this profile since the run's trigger; where the run is about the customer, of any profile. */
  ordered: boolean;
  /** Whether they ever ordered, and did not cancel it; null where the run is about one profile. */
  hasBought: boolean | null;
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

export interface FactsRequest {
  customerId: string;
  journey: string;
  key: string;
  /** Null: the run is about the customer, who is written to as what they are, a person or a company. */
  profile: ProfileKind | null;
  /** The run in question, or the live one of this workflow id. */
  run: { id: string } | { workflowId: string };
  now: Date;
}

/** Takes the customer's lock until the transaction ends. A statement of its own, before anything is read: in READ
 *  COMMITTED a statement sees what was committed when it *began*, not when it got the lock it waited for. */
export async function lockCustomer(trx: Transaction<DB>, customerId: string): Promise<void> {
  await lock(trx, customerId);
}

const lock = statement<string>((give) => sql`select 1 from customers where id = ${give((id) => id)} for update`);

/** What the customer's state is once the lock is there: two statements, sent together. */
export async function lockAndRead(trx: Transaction<DB>, request: FactsRequest): Promise<Facts | null> {
  const [, facts] = await inOrder([lockCustomer(trx, request.customerId), readFacts(trx, request)]);
  return facts;
}

/** Null where there is no such customer. Cheap enough to be asked for every decision: one statement. */
export async function readFacts(db: Kysely<DB>, request: FactsRequest): Promise<Facts | null> {
  const { run } = request;
  const whose = request.profile === null ? 'customer' : 'profile';
  const rows =
    'id' in run
      ? await ofRun[whose](db, { ...request, run: run.id })
      : await ofWorkflow[whose](db, { ...request, run: run.workflowId });
  const read = rows[0]?.facts;
  if (read === undefined) return null;
  const { ledger, trail, habits, settings: refs, ...rest } = read;
  const own = customerHabitsOf(habits.own);
  const settings = await settingsValues(db, refs);
  return {
    ...rest,
    profile: request.profile,
    settings,
    ledger: ledgerOf(ledger),
    trail: trailOf(trail),
    habits: { ...habits, own },
  };
}

/** Facts as PostgreSQL writes them. */
type Read = Omit<Facts, 'profile' | 'settings' | 'ledger' | 'trail' | 'habits'> & {
  settings: Record<keyof Facts['settings'], SettingsRef | null>;
  ledger: LedgerJson;
  trail: TrailJson;
  habits: { own: CustomerHabitsJson; everybody: Habits | null };
};

/** `run`: its id, or the workflow's. */
interface Asked extends Omit<FactsRequest, 'run'> {
  run: string;
}

/** A statement each for runs of a profile and of a customer: what is asked of the one need not be paid for by the other. */
const ofRun = { profile: runStatement(profileSql), customer: runStatement(customerSql) };
const ofWorkflow = { profile: workflowStatement(profileSql), customer: workflowStatement(customerSql) };

function runStatement(whose: Whose) {
  return statement<Asked, { facts: Read }>((give) =>
    factsSql(give, sql`r.id = ${give(({ run }) => run)}`, sql`'earlierRuns', 0, 'inherited', null`, whose(give)),
  );
}

function workflowStatement(whose: Whose) {
  return statement<Asked, { facts: Read }>((give) =>
    factsSql(
      give,
      sql`r.workflow_id = ${give(({ run }) => run)} and r.ended_at is null`,
      ofEntering(give),
      whose(give),
    ),
  );
}

/** Which profile `p` counts, and whose orders. */
type Whose = (give: Give<Asked>) => Record<'join' | 'ordered' | 'hasBought', RawBuilder<unknown>>;

function profileSql(give: Give<Asked>): ReturnType<Whose> {
  const profile = give<string | null>((asked) => asked.profile);
  return {
    join: sql`profiles p on p.customer_id = c.id and p.kind = ${profile}`,
    ordered: sql`o.customer_id = w.id and o.profile = ${profile}`,
    hasBought: sql`null`,
  };
}

/** The profile of what they are, if it has an address; else the one that has. */
function customerSql(): ReturnType<Whose> {
  return {
    join: sql`lateral (
      select * from profiles where customer_id = c.id
      order by coalesce(email, phone) is null, kind <> case c.kind when 'b2b' then 'corporate' else 'personal' end limit 1) p on true`,
    ordered: sql`o.customer_id = w.id`,
    hasBought: sql`exists (select from orders o where o.customer_id = w.id and o.state = 'placed')`,
  };
}

/** `thisRun` tells it from the others `r`. */
function factsSql(
  give: Give<Asked>,
  thisRun: RawBuilder<unknown>,
  history: RawBuilder<unknown>,
  whose: ReturnType<Whose>,
): RawBuilder<{ facts: Read }> {
  const customerId = give((asked) => asked.customerId);
  const journey = give((asked) => asked.journey);
  const key = give((asked) => asked.key);
  const profile = give<string>((asked) => asked.profile ?? 'personal');
  const now = give((asked) => asked.now);
  return sql`
    with who as (
      select c.*, p.email, p.phone, p.last_visit_at, p.last_activity_at, p.last_order_at, coalesce(p.activity_seq, 0) as activity_seq
      from customers c left join ${whose.join}
      where c.id = ${customerId}
    ), run as (select r.* from runs r where ${thisRun}),
    theirs as materialized (select * from runs where customer_id = ${customerId}),
    own as materialized (select * from messages m where m.customer_id = ${customerId} and (m.journey = ${journey} or ${inYearBefore(now)}))
    select json_build_object(
      'customer', json_build_object('id', w.id, 'kind', w.kind, 'locale', w.locale, 'zone', w.zone, 'region', w.region,
        'firstName', coalesce(w.traits->>'firstName', split_part(nullif(trim(w.traits->>'name'), ''), ' ', 1))),
      'gone', case when w.merged_into is not null then 'merged' when w.erased_at is not null then 'erased' end,
      'activitySeq', w.activity_seq,
      'lastOrderAt', ${epochMs(sql`w.last_order_at`)},
      'contact', ${contactabilityJson},
      'run', (select ${runJson} from run r),
      ${history},
      'hasBought', ${whose.hasBought},
      'ordered', exists (select from orders o, run r where ${whose.ordered}
        and o.state = 'placed' and o.placed_at >= r.trigger_at),
      'sent', coalesce((select json_agg(${sentJson} order by m.reserved_at) from messages m, run r where m.run_id = r.id), '[]'),
      'ledger', ${ledgerJson(now, thisRun, sql`own`)},
      'trail', ${trailJson(profile)},
      'spoken', ${spokenJson(journey, key)},
      'habits', json_build_object('own', ${customerHabitsJson(now, sql`own`)}, 'everybody', ${habitsJson}),
      'settings', json_build_object('journey', ${latestSettings(sql`${journey}::text`, sql`(select settings_version from run)`)},
        'shop', ${latestSettings(sql`'shop'`)}, 'policy', ${latestSettings(sql`'policy'`)})
    ) as facts
    from who w`;
}

/** What is asked only before there is a run. */
function ofEntering(give: Give<Asked>): RawBuilder<unknown> {
  const journey = give((asked) => asked.journey);
  return sql`
    'earlierRuns', (select count(*) from theirs e where e.journey = ${journey} and e.key = ${give((asked) => asked.key)}
      and e.ended_at is not null and e.outcome is distinct from 'exited:merged'),
    'inherited', ${inheritedJson(journey, give)}`;
}

/** The newest run of the journey and key, if it came with another customer and ended (or is about to) by the joining. */
function inheritedJson(journey: RawBuilder<string>, give: Give<Asked>): RawBuilder<unknown> {
  const key = give((asked) => asked.key);
  const workflow = give(({ run }) => run);
  return sql`(
    select json_build_object('progress', progress) from (
      select * from theirs e where e.journey = ${journey} and e.key = ${key}
      order by e.entered_at desc, e.id desc limit 1) newest
    where workflow_id <> ${workflow} and (ended_at is null or outcome = 'exited:merged'))`;
}

const runJson = sql`json_build_object('id', r.id, 'journey', r.journey, 'key', r.key, 'settingsVersion', r.settings_version,
  'triggerAt', ${epochMs(sql`r.trigger_at`)}, 'block', r.block, 'dueAt', ${epochMs(sql`r.due_at`)}, 'readSeq', r.read_seq,
  'progress', r.progress, 'asked', r.asked, 'answer', r.answer, 'heldBy', r.plan->>'heldBy', 'outcome', r.outcome)`;

const sentJson = sql`json_build_object('id', m.id, 'block', m.block, 'iteration', m.iteration, 'template', m.template,
  'channel', m.channel, 'kind', m.kind, 'state', m.state, 'leased', m.state = 'submitting' and m.lease_until > now(),
  'leaseLeftMs', greatest(0, coalesce(${epochMs(sql`m.lease_until - now()`)}, 0)), 'attempts', m.attempts,
  'acceptedAt', ${epochMs(sql`m.accepted_at`)}, 'failedAt', ${epochMs(sql`m.failed_at`)}, 'reservedAt', ${epochMs(sql`m.reserved_at`)},
  'openedBy', m.opened_by, 'clicked', m.clicked_at is not null)`;

/** The newest message of each branch in runs of this key: blocks are named `<branch>-<step>`. Dropped ones said nothing. */
function spokenJson(journey: RawBuilder<string>, key: RawBuilder<string>): RawBuilder<unknown> {
  return sql`coalesce((
    select json_agg(json_build_object('branch', branch, 'at', ${epochMs(sql`reserved_at`)}, 'goods', goods, 'runId', run_id))
    from (
      select distinct on (branch, run_id) branch, reserved_at, goods, run_id
      from (select regexp_replace(m.block, '-\\d+$', '') as branch, m.* from own m
        where m.journey = ${journey} and m.state = any(${countingStates}::text[])
          and (select r.key from runs r where r.id = m.run_id) = ${key}) named
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
