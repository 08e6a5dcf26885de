import { type Kysely, type RawBuilder, sql } from 'kysely';
import { DatabaseError } from 'pg';
import type { ChannelName, ContactClass, MessageFlags, Next } from '#domain/journey.ts';
import type { BlockReason, DecisionReason, NotEnteredReason } from '#domain/reasons.ts';
import type { Locale } from '#domain/shop.ts';
import { newId } from './ids.ts';
import type { DB } from './schema.ts';

export interface NewRun {
  id: string;
  workflowId: string;
  journey: string;
  class: ContactClass;
  key: string;
  customerId: string;
  settingsVersion: number;
  triggerAt: Date;
  enteredAt: Date;
  readSeq: number;
  progress: unknown;
  next: Next;
  plan: PlanRow | null;
  excludesBulk: boolean;
}

/** The message that a live run waits to send: column `plan`. `until`: business epoch ms. */
export interface PlanRow {
  message: string;
  channel: ChannelName;
  until: number;
  obeys: boolean;
  counts: boolean;
  sale: boolean;
  /** Why it was not sent when it was due: a reason of the decision ledger. */
  heldBy?: string;
}

const planJson = (plan: PlanRow | null) => sql`${plan === null ? null : JSON.stringify(plan)}::jsonb`;

/** Opens a run and its first block. Under the customer's lock; a second live run of a workflow id violates `runs_live`. */
export async function insertRun(db: Kysely<DB>, run: NewRun): Promise<void> {
  await sql`
    with entered as (
      insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, read_seq,
        progress, block, due_at, plan, excludes_bulk)
      values (${run.id}, ${run.workflowId}, ${run.journey}, ${run.class}, ${run.key}, ${run.customerId}, ${run.settingsVersion},
        ${run.triggerAt}, ${run.enteredAt}, ${run.readSeq}, ${JSON.stringify(run.progress ?? {})}::jsonb,
        ${run.next.block}, ${new Date(run.next.due)}, ${planJson(run.plan)}, ${run.excludesBulk})
    )
    insert into run_blocks (run_id, block, iteration, entered_at)
    values (${run.id}, ${run.next.block}, ${run.next.iteration}, ${run.enteredAt})`.execute(db);
}

/** Counts somebody who met the trigger and did not enter (V2, holes). */
export async function countNotEntered(
  db: Kysely<DB>,
  entry: { journey: string; key: string; customerId: string; reason: NotEnteredReason; at: Date },
): Promise<void> {
  await sql`
    insert into not_entered (journey, key, customer_id, reason, first_at, last_at)
    values (${entry.journey}, ${entry.key}, ${entry.customerId}, ${entry.reason}, ${entry.at}, ${entry.at})
    on conflict (journey, key, customer_id, reason) do update set
      last_at = greatest(not_entered.last_at, excluded.last_at), times = not_entered.times + 1`.execute(db);
}

/** One line of the decision ledger. */
export interface DecisionRow {
  customerId: string;
  journey: string;
  runId: string;
  block: string;
  iteration: number;
  channel: string | null;
  decision: 'send' | 'defer' | 'skip' | 'drop' | 'suppress' | 'stop';
  reason: DecisionReason;
  until: Date | null;
  messageId: string | null;
  details: Record<string, unknown>;
}

/** Where a run goes after a request: written together with the answer, so that asking again gives the same one. */
export interface Move {
  runId: string;
  at: Date;
  /** The request that is answered for good; null while a submission is under way. */
  ask: number | null;
  answer: unknown;
  progress: unknown;
  readSeq: number;
  /** The block that this is about. Another one that the run was waiting in is passed, for the reason `turned`. */
  block: { name: string; iteration: number };
  turned: BlockReason | null;
  /** How the block ended; null: the run still waits in it. */
  left: { reason: BlockReason | null } | null;
  next: Next | null;
  /** The message that `next` waits to send. */
  plan: PlanRow | null;
}

/** Common table expressions that write a move and, where there is one, its decision. A request that was answered meanwhile
 *  (its worker was taken for dead, and another judged) moves nothing any more. */
function moveCtes(move: Move, decision: DecisionRow | null): RawBuilder<unknown> {
  const { runId, at, block, left, next } = move;
  const opened = next === null ? sql`null::text` : sql`${next.block}::text`;
  const iteration = next === null ? sql`null::int` : sql`${next.iteration}::int`;
  return sql`
    moved as (
      update runs set progress = ${JSON.stringify(move.progress)}::jsonb, read_seq = ${move.readSeq},
        asked = coalesce(${move.ask}::int, asked), answer = case when ${move.ask}::int is null then answer else ${JSON.stringify(move.answer)}::jsonb end,
        block = ${opened}, due_at = ${next === null ? null : new Date(next.due)}::timestamptz,
        plan = ${planJson(move.plan)}
      where id = ${runId} and ended_at is null and (${move.ask}::int is null or asked < ${move.ask}::int)
      returning id
    ), passed as (
      update run_blocks set left_at = ${at}, result = 'passed', reason = ${move.turned}
      where run_id in (select id from moved) and left_at is null and (block, iteration) <> (${block.name}, ${block.iteration})
        and (block, iteration) is distinct from (${opened}, ${iteration})
    ), here as (
      insert into run_blocks (run_id, block, iteration, entered_at, left_at, result, reason)
      select id, ${block.name}, ${block.iteration}::int, ${at}::timestamptz, ${left === null ? null : at}::timestamptz,
        ${left === null ? null : 'passed'}, ${left?.reason ?? null}
      from moved
      on conflict (run_id, block, iteration) do update
        set left_at = excluded.left_at, result = excluded.result, reason = excluded.reason
    ), ahead as (
      insert into run_blocks (run_id, block, iteration, entered_at)
      select id, ${opened}, ${iteration}, ${at}::timestamptz
      from moved where ${opened} is not null and (${opened}, ${iteration}) <> (${block.name}, ${block.iteration})
      on conflict do nothing
    )${decision === null ? sql`` : sql`, decided as (${decisionInsert(decision, at)})`}`;
}

function decisionInsert(row: DecisionRow, at: Date): RawBuilder<unknown> {
  return sql`
    insert into decisions (id, at, customer_id, journey, run_id, block, iteration, channel, decision, reason, until, message_id, details)
    values (${newId(at)}, ${at}, ${row.customerId}, ${row.journey}, ${row.runId}, ${row.block}, ${row.iteration}, ${row.channel},
      ${row.decision}, ${row.reason}, ${row.until}, ${row.messageId}, ${JSON.stringify(row.details)}::jsonb)`;
}

/** A move that sends nothing: wait, defer, skip, drop, suppress, stop. A message of the run that was reserved for
 *  another block than the one it waits for now gives its slot back. */
export async function moveOn(db: Kysely<DB>, move: Move, decision: DecisionRow | null): Promise<void> {
  await sql`
    with ${moveCtes(move, decision)}
    update messages set state = 'dropped', reason = ${decision?.reason ?? 'changed'}
    where run_id = ${move.runId} and state = 'reserved' and block is distinct from ${move.next?.block ?? null}`.execute(
    db,
  );
}

/** What is written to the ledger when a message goes to its channel. */
export interface Submission {
  id: string;
  customerId: string;
  runId: string;
  journey: string;
  block: string;
  iteration: number;
  channel: ChannelName;
  template: string;
  locale: Locale;
  class: ContactClass;
  flags: MessageFlags;
  settingsVersion: number;
  address: string | null;
  goods: string[];
  links: string[];
  dueAt: Date;
  leaseMs: number;
  provider: string;
  /** Minor units. */
  price: number;
  /** Whose clock counted: opens are counted by its hours. */
  zone: string;
}

/** Reserves the ledger row and takes the lease, together with the decision to send. The row goes straight to
 *  `submitting`: goal, consent and quiet hours were asked under the lock that this transaction still holds. */
export async function beginSubmitting(
  db: Kysely<DB>,
  message: Submission,
  move: Move,
  decision: DecisionRow,
): Promise<void> {
  const lease = sql`now() + ${message.leaseMs} * interval '1 millisecond'`;
  const isOpen = sql`messages.state in ('reserved', 'submitting')`;
  await sql`
    with ${moveCtes(move, decision)}, given_back as (
      update messages set state = 'dropped', reason = 'changed'
      where run_id = ${message.runId} and state = 'reserved' and id <> ${message.id}
    )
    insert into messages (id, customer_id, run_id, journey, block, iteration, channel, template, locale, class, kind, counts, sale,
      state, settings_version, address, goods, links, due_at, reserved_at, lease_until, attempts, provider, price,
      zone)
    values (${message.id}, ${message.customerId}, ${message.runId}, ${message.journey}, ${message.block}, ${message.iteration},
      ${message.channel}, ${message.template}, ${message.locale}, ${message.class}, ${message.flags.kind}, ${message.flags.counts}, ${message.flags.sale},
      'submitting', ${message.settingsVersion}, ${message.address}, ${message.goods}::text[], ${message.links}::text[],
      ${message.dueAt}, ${move.at}, ${lease}, 1, ${message.provider}, ${message.price}, ${message.zone})
    on conflict on constraint messages_once do update set
      state = case when ${isOpen} then 'submitting' end, attempts = messages.attempts + 1, lease_until = excluded.lease_until, template = excluded.template,
      locale = excluded.locale, address = excluded.address, goods = excluded.goods, links = excluded.links, zone = excluded.zone`
    .execute(db)
    .catch((error: unknown) => {
      throw isFinal(error) ? new Error(`message ${message.id}: its ledger row is final, nothing may be sent`) : error;
    });
}

/** A row that is not open has no state to go to. The database must refuse it: the transaction's COMMIT is on its way already. */
function isFinal(error: unknown): boolean {
  return error instanceof DatabaseError && error.column === 'state' && error.code === '23502';
}

/** What became of a submission, and where the run goes from there: one statement. */
export interface Recorded {
  messageId: string;
  state: 'accepted' | 'failed' | 'unknown';
  providerId: string | null;
  reason: string | null;
  suppress: { channel: string; address: string; reason: 'bounced' | 'blocked' } | null;
  /** Devices that take nothing any more. */
  gone: { channel: string; addresses: readonly string[] } | null;
}

/** `unknown` gives way to a late answer. What a provider told before it answered stays, and gets the id that the answer brings. */
export async function recordSubmission(db: Kysely<DB>, recorded: Recorded, move: Move): Promise<void> {
  const { messageId, state, providerId, reason, suppress, gone } = recorded;
  const suppressed =
    suppress === null
      ? sql``
      : sql`, suppressed as (
          insert into suppressions (channel, address, reason, at)
          values (${suppress.channel}, ${suppress.address}, ${suppress.reason}, ${move.at})
          on conflict (channel, address) do nothing)`;
  const forgotten =
    gone === null
      ? sql``
      : sql`, forgotten as (
          delete from devices where channel = ${gone.channel} and address = any(${[...gone.addresses]}::text[]))`;
  const isOpen = sql`state in ('submitting', 'unknown')`;
  await sql`
    with ${moveCtes(move, null)}${suppressed}${forgotten}
    update messages set provider_id = coalesce(${providerId}, provider_id), lease_until = null,
      state = case when ${isOpen} then ${state}::text else state end,
      accepted_at = case when ${state}::text = 'accepted' then coalesce(accepted_at, ${move.at}::timestamptz) else accepted_at end,
      failed_at = case when ${isOpen} and ${state}::text = 'failed' then ${move.at}::timestamptz else failed_at end,
      failed_reason = case when not ${isOpen} then failed_reason when ${state}::text <> 'accepted' then ${reason}::text end
    where id = ${messageId} and (${isOpen} or (state in ('delivered', 'failed') and lease_until is not null))`.execute(
    db,
  );
}

/** Surely not accepted: the row keeps its slot and is asked about again. */
export async function giveBack(db: Kysely<DB>, messageId: string, reason: string): Promise<void> {
  await db
    .updateTable('messages')
    .set({ state: 'reserved', lease_until: null, reason })
    .where('id', '=', messageId)
    .where('state', '=', 'submitting')
    .execute();
}

/** The planned contact of a run that goes on waiting. */
export async function planAgain(db: Kysely<DB>, runId: string, plan: PlanRow | null): Promise<void> {
  await sql`update runs set plan = ${planJson(plan)} where id = ${runId} and ended_at is null`.execute(db);
}

/** Closes a run: whoever waited in a block dropped out there, and what was reserved is given back. What a worker died of
 *  submitting before the run was cancelled may have been sent: nobody tries it again. */
export async function closeRun(
  db: Kysely<DB>,
  run: { id: string; at: Date; outcome: DecisionReason; answer: unknown },
  decision: DecisionRow | null,
): Promise<void> {
  await sql`
    with closed as (
      update runs set ended_at = ${run.at}, outcome = ${run.outcome}, answer = ${JSON.stringify(run.answer)}::jsonb,
        block = null, due_at = null, plan = null
      where id = ${run.id}
    ), dropped as (
      update run_blocks set left_at = ${run.at}, result = 'dropped', reason = ${run.outcome}
      where run_id = ${run.id} and left_at is null
    )${decision === null ? sql`` : sql`, decided as (${decisionInsert(decision, run.at)})`}
    update messages set state = case state when 'reserved' then 'dropped' else 'unknown' end, reason = ${run.outcome}
    where run_id = ${run.id} and state in ('reserved', 'submitting')`.execute(db);
}
