import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ChannelName, Next } from '#domain/journey.ts';
import type { BlockReason, DecisionReason } from '#domain/reasons.ts';
import { newId } from './ids.ts';
import type { DB } from './schema.ts';
import { type Give, statement } from './statement.ts';

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

/** A move, with its decision where there is one. */
export interface Moving {
  move: Move;
  decision: DecisionRow | null;
}

export const json = (value: unknown) => JSON.stringify(value);
const jsonOrNull = (value: unknown) => (value === null ? null : JSON.stringify(value));

/** Common table expressions that write a move. A request that was answered meanwhile (its worker was taken for dead, and another
 *  judged) moves nothing any more. */
export function moveCtes<Input extends Pick<Moving, 'move'>>(give: Give<Input>): RawBuilder<unknown> {
  const of = <T>(take: (move: Move) => T) => give(({ move }) => take(move));
  const [runId, at, ask] = [of((move) => move.runId), of((move) => move.at), sql`${of((move) => move.ask)}::int`];
  const here = sql`${of(({ block }) => block.name)}, ${of(({ block }) => block.iteration)}::int`;
  const opened = sql`${of(({ next }) => next?.block ?? null)}::text`;
  const iteration = sql`${of(({ next }) => next?.iteration ?? null)}::int`;
  return sql`
    moved as (
      update runs set progress = ${of(({ progress }) => json(progress))}::jsonb, read_seq = ${of(({ readSeq }) => readSeq)},
        asked = coalesce(${ask}, asked), answer = case when ${ask} is null then answer else ${of(({ answer }) => json(answer))}::jsonb end,
        block = ${opened}, due_at = ${of(({ next }) => (next === null ? null : new Date(next.due)))}::timestamptz,
        plan = ${of(({ plan }) => jsonOrNull(plan))}::jsonb
      where id = ${runId} and ended_at is null and (${ask} is null or asked < ${ask})
      returning id
    ), passed as (
      update run_blocks set left_at = ${at}, result = 'passed', reason = ${of(({ turned }) => turned)}
      where run_id in (select id from moved) and left_at is null and (block, iteration) <> (${here})
        and (block, iteration) is distinct from (${opened}, ${iteration})
    ), here as (
      insert into run_blocks (run_id, block, iteration, entered_at, left_at, result, reason)
      select id, ${here}, ${at}::timestamptz, ${of((move) => (move.left === null ? null : move.at))}::timestamptz,
        ${of(({ left }) => (left === null ? null : 'passed'))}, ${of(({ left }) => left?.reason ?? null)}
      from moved
      on conflict (run_id, block, iteration) do update
        set left_at = excluded.left_at, result = excluded.result, reason = excluded.reason
    ), ahead as (
      insert into run_blocks (run_id, block, iteration, entered_at)
      select id, ${opened}, ${iteration}, ${at}::timestamptz
      from moved where ${opened} is not null and (${opened}, ${iteration}) <> (${here})
      on conflict do nothing
    )`;
}

/** Nothing is written where there is no decision. */
export function decisionInsert<Input>(
  give: Give<Input>,
  rowOf: (input: Input) => DecisionRow | null,
  at: (input: Input) => Date,
) {
  const of = <T>(take: (row: DecisionRow) => T) =>
    give((input) => {
      const row = rowOf(input);
      return row === null ? null : take(row);
    });
  const id = give((input) => (rowOf(input) === null ? null : newId(at(input))));
  return sql`
    insert into decisions (id, at, customer_id, journey, run_id, block, iteration, channel, decision, reason, until, message_id, details)
    select one.* from (select ${id}::uuid as id, ${give(at)}::timestamptz, ${of((row) => row.customerId)}::uuid,
      ${of((row) => row.journey)}, ${of((row) => row.runId)}::uuid, ${of((row) => row.block)}, ${of((row) => row.iteration)}::int,
      ${of((row) => row.channel)}, ${of((row) => row.decision)}, ${of((row) => row.reason)}, ${of((row) => row.until)}::timestamptz,
      ${of((row) => row.messageId)}::uuid, ${of(({ details }) => json(details))}::jsonb) one
    where id is not null`;
}

export const decided = (give: Give<Moving>) =>
  decisionInsert(
    give,
    ({ decision }) => decision,
    ({ move }) => move.at,
  );

/** A move that sends nothing: wait, defer, skip, drop, suppress, stop. A message of the run that was reserved for
 *  another block than the one it waits for now gives its slot back. */
export async function moveOn(db: Kysely<DB>, move: Move, decision: DecisionRow | null): Promise<void> {
  await movingOn(db, { move, decision });
}

const movingOn = statement<Moving>(
  (give) => sql`
    with ${moveCtes(give)}, decided as (${decided(give)})
    update messages set state = 'dropped', reason = ${give(({ decision }) => decision?.reason ?? 'changed')}
    where run_id = ${give(({ move }) => move.runId)} and state = 'reserved'
      and block is distinct from ${give(({ move }) => move.next?.block ?? null)}`,
);
