import { type Kysely, sql } from 'kysely';
import { type DecisionRow, decisionInsert } from './moves.ts';
import type { DB } from './schema.ts';
import { flaggedStatement, type Give, statement } from './statement.ts';
import {
  addressCtes,
  type Recorded,
  recordedUpdate,
  type Submission,
  submissionInsert,
  unlessFinal,
} from './submissions.ts';

/** Messages of runs that have many customers: the ledger and its decisions as for every message, and no run that moves. */

interface Telling {
  decision: DecisionRow;
  at: Date;
}

const decided = (give: Give<Telling>) =>
  decisionInsert(
    give,
    ({ decision }) => decision,
    ({ at }) => at,
  );

/** Takes the ledger row and its lease, with the decision to send. `isNew`: the ledger has none of this contact. */
export async function beginTelling(db: Kysely<DB>, telling: Telling & Begun): Promise<void> {
  await unlessFinal(telling.message.id, submitting(db, telling));
}

interface Begun {
  message: Submission;
  isNew: boolean;
}

const submitting = flaggedStatement(
  ({ isNew }: Telling & Begun) => ({ isNew }),
  (give, { isNew }) => sql`with decided as (${decided(give)}) ${submissionInsert(give, ({ at }) => at, isNew)}`,
);

/** A decision that sends nothing; what was reserved for it before gives its slot back, unless it is only put off. What a worker died of
 *  submitting may have been sent. */
export async function holdTelling(db: Kysely<DB>, decision: DecisionRow, at: Date): Promise<void> {
  await holding(db, { decision, at });
}

const holding = statement<Telling>(
  (give) => sql`
    with decided as (${decided(give)})
    update messages set state = case state when 'reserved' then 'dropped' else 'unknown' end, reason = ${give(({ decision }) => decision.reason)}
    where run_id = ${give(({ decision }) => decision.runId)} and customer_id = ${give(({ decision }) => decision.customerId)}
      and block = ${give(({ decision }) => decision.block)} and iteration = ${give(({ decision }) => decision.iteration)}
      and channel = ${give(({ decision }) => decision.channel)} and state in ('reserved', 'submitting') and ${give(({ decision }) => decision.decision)} <> 'defer'`,
);

/** What became of a submission. */
export async function recordTelling(db: Kysely<DB>, recorded: Recorded, at: Date): Promise<void> {
  await recording(db, { recorded, at });
}

const recording = flaggedStatement(
  ({ recorded: { suppress, gone } }: { recorded: Recorded; at: Date }) => ({
    addresses: suppress !== null || gone !== null,
  }),
  (give, { addresses }) => {
    const at = ({ at: when }: { at: Date }) => when;
    return sql`${addresses ? sql`with ${addressCtes(give, at)}` : sql``} ${recordedUpdate(give, at)}`;
  },
);
