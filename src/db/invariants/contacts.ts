import { type NotNull, sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import { type ChannelName, type ContactClass, contactClasses } from '#domain/journey.ts';
import { countingStates, type MessageState } from '#domain/ledger.ts';
import {
  type Candidate,
  type Contact,
  defaultPolicy,
  judge,
  longestWindowDays,
  type PolicySettings,
} from '#domain/policy.ts';
import { defaultShop } from '#domain/shop.ts';
import { type Any, type Circumstances, type Invariant, mostTold } from './invariant.ts';

/** The contact policy, recomputed from what stands in the ledger by the very function that decides (`src/domain/policy.ts`). */

/** A contact as the ledger has it. */
interface Made extends Contact {
  customerId: string;
  /** The customer for whom the run was started: what two had before they were joined is judged apart. */
  startedFor: string;
  zone: string | null;
  isMarketing: boolean;
  templates: string[];
  journey: string;
  /** Whether one of its messages takes a slot still; failed and dropped ones did for a while. */
  counts: boolean;
}

/** The policy of each time. */
type PolicyAt = (at: Date) => PolicySettings;

interface Read {
  byCustomer: Map<string, Made[]>;
  policyAt: PolicyAt;
  zone: string;
  excluding: Excluding[];
}

interface Excluding {
  customerId: string;
  from: Date;
  to: Date | null;
}

/** One after another: it may be a transaction, which has one connection. */
async function read(db: Any): Promise<Read> {
  const contacts = await readContacts(db);
  const key = ({ customerId, startedFor }: Made) => `${customerId} ${startedFor}`;
  return {
    byCustomer: Map.groupBy(contacts, key),
    policyAt: await readPolicies(db),
    zone: await readZone(db),
    excluding: await readExcluding(db),
  };
}

async function readContacts(db: Any): Promise<Made[]> {
  const { rows } = await sql<Made & { states: MessageState[] }>`
    select m.customer_id as "customerId", coalesce(split_part(max(r.workflow_id), ':', 2), m.customer_id::text) as "startedFor",
      coalesce(m.run_id || ':' || m.block || ':' || m.iteration, m.id::text) as key, min(m.reserved_at) as at, m.class,
      array_agg(m.channel) as channels, m.run_id as "runId", bool_or(m.sale) as sale, max(m.zone) as zone,
      bool_and(m.kind = 'marketing') as "isMarketing", array_agg(m.template) as templates, m.journey, array_agg(m.state::text) as states
    from messages m left join runs r on r.id = m.run_id
    where m.counts group by m.customer_id, m.run_id, m.class, m.journey, 3
    order by 4, 3`.execute(db);
  const isCounted = (state: MessageState) => (countingStates as readonly MessageState[]).includes(state);
  return rows.map(({ states, ...row }) => ({ ...row, counts: states.some(isCounted) }));
}

async function readPolicies(db: Any): Promise<PolicyAt> {
  const versions = await db
    .selectFrom('settings')
    .select(['value', 'created_at'])
    .where('name', '=', 'policy')
    .orderBy('version', 'desc')
    .execute();
  return (at) =>
    (versions.find(({ created_at }) => created_at <= at)?.value as PolicySettings | undefined) ?? defaultPolicy;
}

async function readZone(db: Any): Promise<string> {
  const { rows } = await sql<{ zone: string | null }>`
    select value->>'zone' as zone from settings where name = 'shop' order by version desc limit 1`.execute(db);
  return rows[0]?.zone ?? defaultShop.zone;
}

function readExcluding(db: Any): Promise<Excluding[]> {
  return db
    .selectFrom('runs')
    .select(['customer_id as customerId', 'entered_at as from', 'ended_at as to'])
    .where('excludes_bulk', '=', true)
    .$narrowType<{ customerId: NotNull }>()
    .execute();
}

/** R1, R2: no contact broke a rule of the policy when it was made. */
export const capsKept: Invariant = async (db, circumstances) => {
  const all = await read(db);
  const broken: string[] = [];
  for (const contacts of all.byCustomer.values())
    for (const contact of contacts)
      if (contact.counts && obeys(contact, circumstances)) broken.push(...overCap(contact, contacts, all));
  return broken.slice(0, mostTold);
};

function obeys({ isMarketing, journey, templates }: Made, { journeys }: Circumstances): boolean {
  const free = journeys[journey]?.ignorePolicy ?? [];
  return isMarketing && !templates.every((template) => free.includes(template));
}

/** No rule looks further back. */
const farBackMs = (longestWindowDays + 1) * durationMs('P1D');

function overCap(contact: Made, contacts: readonly Made[], all: Read): string[] {
  const { at, key, customerId } = contact;
  const since = new Date(at.getTime() - farBackMs);
  const earlier = contacts.filter(
    (one) => one.key !== key && one.at >= since && one.at <= at && isBefore(one, contact),
  );
  const policy = all.policyAt(at);
  const excludesBulk = all.excluding.some(
    (run) => run.customerId === customerId && run.from <= at && (run.to === null || run.to > at),
  );
  const judged = (history: readonly Made[]) =>
    judge(
      { history: [...history], plans: [], excludesBulk },
      policy,
      candidateOf(contact),
      at,
      contact.zone ?? all.zone,
    );
  const verdict = judged(earlier.filter(({ counts }) => counts));
  // Of what failed or was dropped since, nobody knows whether it counted then. More contacts between two sales keep them apart.
  if (verdict.allowed || judged(earlier).allowed) return [];
  return [`contact ${key} to customer ${customerId} at ${at.toISOString()} breaks the rule ${verdict.rule}`];
}

/** Of one instant only one was decided first: the other saw it. */
const isBefore = (one: Made, other: Made) => one.at < other.at || one.key < other.key;

function candidateOf({ key, class: rank, channels, runId, sale, at }: Made): Candidate {
  return { key, class: rank, channels, runId, sale, due: at };
}

/** A deferral, and the one of the same step before it. */
interface Deferral {
  customerId: string;
  runId: string;
  class: ContactClass;
  key: string;
  channel: ChannelName;
  at: Date;
  beforeAt: Date;
  due: Date;
  zone: string | null;
}

/**
 * R1: what is sent of a lower class makes no planned contact of a higher one go later. A run that was put off had its plan stand in the
 * ledger of plans from then on; if the policy puts it off again when its time comes, and would not without what lower classes were
 * sent meanwhile, priorities were inverted. Where somebody of the same or a higher class was written to as well, nobody can tell.
 */
export const prioritiesKept: Invariant = async (db, { slackMs }) => {
  const all = await read(db);
  const deferrals = await readDeferrals(db);
  const contacts = Map.groupBy([...all.byCustomer.values()].flat(), ({ customerId }) => customerId);
  const broken = deferrals.flatMap((one) => inverted(one, contacts.get(one.customerId) ?? [], all, slackMs));
  return broken.slice(0, mostTold);
};

async function readDeferrals(db: Any): Promise<Deferral[]> {
  const { rows } = await sql<Deferral>`
    select * from (
      select d.customer_id as "customerId", d.run_id as "runId", r.class, d.run_id || ':' || d.block || ':' || d.iteration as key,
        d.channel, d.at, lag(d.at) over same as "beforeAt", lag(d.channel) over same as before_channel,
        coalesce((d.details->>'firstDue')::timestamptz, d.at) as due, d.details->>'zone' as zone, d.reason
      from decisions d join runs r on r.id = d.run_id where d.decision = 'defer'
      window same as (partition by d.run_id, d.block, d.iteration order by d.at, d.id)) deferred
    where "beforeAt" is not null and channel = before_channel and reason like 'policy:%'
      and reason not in ('policy:sale-share', 'policy:bulk-alone', 'policy:bulk-excluded')`.execute(db);
  return rows;
}

function inverted(deferral: Deferral, contacts: readonly Made[], { policyAt, zone }: Read, slackMs: number): string[] {
  const { runId, key, at, channel, due } = deferral;
  const policy = policyAt(at);
  if (policyAt(deferral.beforeAt) !== policy) return [];
  const history = contacts.filter((one) => one.counts && one.key !== key && one.at < at);
  const since = new Date(deferral.beforeAt.getTime() + slackMs);
  const meanwhile = history.filter((one) => one.at > since && one.runId !== runId);
  const rank = (one: ContactClass) => contactClasses.indexOf(one);
  const lower = meanwhile.filter((one) => rank(one.class) > rank(deferral.class));
  if (lower.length === 0 || lower.length < meanwhile.length) return [];
  const candidate = { key, class: deferral.class, channels: [channel], runId, sale: false, due };
  const judged = (made: readonly Made[]) =>
    judge({ history: [...made], plans: [], excludesBulk: false }, policy, candidate, at, deferral.zone ?? zone).allowed;
  if (judged(history) || !judged(history.filter((one) => !lower.includes(one)))) return [];
  const takers = lower.map((one) => one.key).join(', ');
  return [`run ${runId} was put off again at ${at.toISOString()}: of a lower class, ${takers} took its slot`];
}
