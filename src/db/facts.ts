import type { Kysely } from 'kysely';
import type { Spoken, Trail } from '#domain/intent.ts';
import type { ChannelName, ProfileKind } from '#domain/journey.ts';
import type { MessageState } from '#domain/ledger.ts';
import type { Visitor } from '#domain/opens.ts';
import type { Ledger } from '#domain/policy.ts';
import type { Contactability } from '#domain/reach.ts';
import { askedBy, type FactsJson, ofRun, ofWorkflow } from './facts-statements.ts';
import { type CustomerHabits, customerHabitsOf, type Habits } from './habits.ts';
import { ledgerOf } from './ledger.ts';
import { inOrder } from './pipeline.ts';
import { settingsValues, type Versioned } from './remembered.ts';
import type { DB } from './schema.ts';
import { trailOf } from './trail.ts';

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

/** What the customer's state is; null where there is no such customer. */
export async function readFacts(db: Kysely<DB>, request: FactsRequest): Promise<Facts | null> {
  const [facts = null] = await readAllFacts(db, [request]);
  return facts;
}

/** The same for many, in their order: one statement for each of the four ways to ask. Cheap enough for every decision. */
export async function readAllFacts(db: Kysely<DB>, requests: readonly FactsRequest[]): Promise<(Facts | null)[]> {
  const all: (Facts | null)[] = requests.map(() => null);
  const asked = Map.groupBy(requests.entries(), ([, { run, profile }]) => {
    const statements = 'id' in run ? ofRun : ofWorkflow;
    return profile === null ? statements.customer : statements.profile;
  });
  const read = await inOrder([...asked].map(([reading, those]) => reading(db, those.map(askedBy))));
  for (const { place, facts } of read.flat()) {
    const profile = requests[place]?.profile ?? null;
    all[place] = await factsOf(db, facts, profile);
  }
  return all;
}

async function factsOf(db: Kysely<DB>, read: FactsJson, profile: ProfileKind | null): Promise<Facts> {
  const { ledger, trail, habits, settings: refs, ...rest } = read;
  const own = customerHabitsOf(habits.own);
  const settings = await settingsValues(db, refs);
  return {
    ...rest,
    profile,
    settings,
    ledger: ledgerOf(ledger),
    trail: trailOf(trail),
    habits: { ...habits, own },
  };
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
