import { type RawBuilder, sql } from 'kysely';
import { countingStates } from '#domain/ledger.ts';
import { contactabilityJson } from './contactability.ts';
import type { Facts, FactsRequest } from './facts.ts';
import { type CustomerHabitsJson, customerHabitsJson, type Habits, habitsJson, inYearBefore } from './habits.ts';
import { epochMs } from './instants.ts';
import { type LedgerJson, ledgerJson } from './ledger.ts';
import { latestSettings, type SettingsRef } from './remembered.ts';
import { statement } from './statement.ts';
import { type TrailJson, trailJson } from './trail.ts';

/** Facts as PostgreSQL writes them. */
export type FactsJson = Omit<Facts, 'profile' | 'settings' | 'ledger' | 'trail' | 'habits'> & {
  settings: Record<keyof Facts['settings'], SettingsRef | null>;
  ledger: LedgerJson;
  trail: TrailJson;
  habits: { own: CustomerHabitsJson; everybody: Habits | null };
};

/** A row `a` of what is asked. `run`: its id, or the workflow's. */
interface Asked extends Omit<FactsRequest, 'run' | 'now'> {
  place: number;
  run: string;
  now: string;
}

export function askedBy([place, { run, now, ...request }]: [number, FactsRequest]): Asked {
  return { ...request, place, run: 'id' in run ? run.id : run.workflowId, now: now.toISOString() };
}

const asked = {
  customerId: sql<string>`a."customerId"`,
  journey: sql<string>`a.journey`,
  key: sql<string>`a.key`,
  profile: sql<string | null>`a.profile`,
  run: sql<string>`a.run`,
  now: sql<Date>`a.now`,
};

/** Which profile `p` counts, and whose orders. */
type Whose = Record<'join' | 'ordered' | 'hasBought', RawBuilder<unknown>>;

const ofProfile: Whose = {
  join: sql`profiles p on p.customer_id = c.id and p.kind = ${asked.profile}`,
  ordered: sql`o.customer_id = w.id and o.profile = ${asked.profile}`,
  hasBought: sql`null`,
};

/** The profile of what they are, if it has an address; else the one that has. */
const ofCustomer: Whose = {
  join: sql`lateral (
    select * from profiles where customer_id = c.id
    order by coalesce(email, phone) is null, kind <> case c.kind when 'b2b' then 'corporate' else 'personal' end limit 1) p on true`,
  ordered: sql`o.customer_id = w.id`,
  hasBought: sql`exists (select from orders o where o.customer_id = w.id and o.state = 'placed')`,
};

function runStatement(whose: Whose) {
  return factsStatement(sql`r.id = ${asked.run}::uuid`, sql`'earlierRuns', 0, 'inherited', null`, whose);
}

function workflowStatement(whose: Whose) {
  return factsStatement(sql`r.workflow_id = ${asked.run} and r.ended_at is null`, ofEntering, whose);
}

function factsStatement(thisRun: RawBuilder<unknown>, history: RawBuilder<unknown>, whose: Whose) {
  return statement<readonly Asked[], { place: number; facts: FactsJson }>(
    (give) => sql`
      select a.place, f.facts
      from json_to_recordset(${give((rows) => JSON.stringify(rows))}::json) as a
          (place int, "customerId" uuid, journey text, key text, profile text, run text, now timestamptz),
        lateral (${factsSql(thisRun, history, whose)}) f`,
  );
}

/** `thisRun` tells it from the others `r`. */
function factsSql(thisRun: RawBuilder<unknown>, history: RawBuilder<unknown>, whose: Whose): RawBuilder<unknown> {
  const { customerId, journey, key, now } = asked;
  const profile = sql<string>`coalesce(${asked.profile}, 'personal')`;
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

/** The newest run of the journey and key, if it came with another customer and ended (or is about to) by the joining. */
const inheritedJson = sql`(
  select json_build_object('progress', progress) from (
    select * from theirs e where e.journey = ${asked.journey} and e.key = ${asked.key}
    order by e.entered_at desc, e.id desc limit 1) newest
  where workflow_id <> ${asked.run} and (ended_at is null or outcome = 'exited:merged'))`;

/** What is asked only before there is a run. */
const ofEntering = sql`
  'earlierRuns', (select count(*) from theirs e where e.journey = ${asked.journey} and e.key = ${asked.key}
    and e.ended_at is not null and e.outcome is distinct from 'exited:merged'),
  'inherited', ${inheritedJson}`;

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

/** A statement each for runs of a profile and of a customer: what is asked of the one need not be paid for by the other. */
export const ofRun = { profile: runStatement(ofProfile), customer: runStatement(ofCustomer) };
export const ofWorkflow = { profile: workflowStatement(ofProfile), customer: workflowStatement(ofCustomer) };
