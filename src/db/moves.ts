import { type Kysely, type RawBuilder, sql } from 'kysely';
import type { ChannelName, Next } from '#domain/journey.ts';
import type { BlockReason, DecisionReason } from '#domain/reasons.ts';
import { newId } from './ids.ts';
import type { DB } from './schema.ts';
import { flaggedStatement, type Give } from './statement.ts';

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
  /** Of the block that the run waits in: with it the contact that is planned. */
  iteration: number;
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
  /** The block that the run waits in before. */
  from: string | null;
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

/** What of a run a move writes. */
export interface MoveFlags extends Record<string, boolean> {
  /** It is about another block than the run waited in. */
  turns: boolean;
  /** It ends the block. */
  leaves: boolean;
  /** The run comes to another block. */
  opens: boolean;
  /** The request is answered. */
  answers: boolean;
}

export function flagsOfMove({ from, block, left, next, ask }: Move): MoveFlags {
  const { name, iteration } = block;
  return {
    turns: from !== name || iteration > 1,
    leaves: left !== null,
    opens: next !== null && (next.block !== name || next.iteration !== iteration),
    answers: ask !== null,
  };
}

/** Common table expressions that write a move. A request that was answered meanwhile (its worker was taken for dead, and another
 *  judged) moves nothing any more. While a submission is under way `due_at` stays as it was: it stands in an index. */
export function moveCtes<Input extends Pick<Moving, 'move'>>(
  give: Give<Input>,
  { turns, leaves, opens, answers }: MoveFlags,
): RawBuilder<unknown> {
  const of = <T>(take: (move: Move) => T) => give(({ move }) => take(move));
  const [runId, at, ask] = [of((move) => move.runId), of((move) => move.at), sql`${of((move) => move.ask)}::int`];
  const here = sql`${of(({ block }) => block.name)}, ${of(({ block }) => block.iteration)}::int`;
  const left = sql`${leaves ? at : null}::timestamptz`;
  const result = sql.lit(leaves ? 'passed' : null);
  const reason = of((move) => move.left?.reason ?? null);
  const opened = sql`${of(({ next }) => next?.block ?? null)}::text`;
  const iteration = sql`${of(({ next }) => next?.iteration ?? null)}::int`;
  const answered = sql`asked = ${ask}, answer = ${of(({ answer }) => json(answer))}::jsonb,
    due_at = ${of(({ next }) => (next === null ? null : new Date(next.due)))}::timestamptz,`;
  const ctes = [
    sql`moved as (
      update runs set ${answers ? answered : sql``} progress = ${of(({ progress }) => json(progress))}::jsonb,
        read_seq = ${of(({ readSeq }) => readSeq)}, block = ${opened}, plan = ${of(({ plan }) => jsonOrNull(plan))}::jsonb
      where id = ${runId} and ended_at is null ${answers ? sql`and asked < ${ask}` : sql``}
      returning id
    )`,
    turns &&
      sql`passed as (
      update run_blocks set left_at = ${at}, result = 'passed', reason = ${of(({ turned }) => turned)}
      where run_id in (select id from moved) and left_at is null and (block, iteration) <> (${here})
        and (block, iteration) is distinct from (${opened}, ${iteration})
    ), here as (
      insert into run_blocks (run_id, block, iteration, entered_at, left_at, result, reason)
      select id, ${here}, ${at}::timestamptz, ${left}, ${result}, ${reason} from moved
      on conflict (run_id, block, iteration) do update
        set left_at = excluded.left_at, result = excluded.result, reason = excluded.reason
    )`,
    leaves &&
      !turns &&
      sql`here as (
      update run_blocks set left_at = ${left}, result = ${result}, reason = ${reason}
      where run_id in (select id from moved) and (block, iteration) = (${here})
    )`,
    // It may have been left for another block, and is come back to: an order that was given back sells again.
    opens &&
      sql`ahead as (
      insert into run_blocks (run_id, block, iteration, entered_at)
      select id, ${opened}, ${iteration}, ${at}::timestamptz from moved
      on conflict (run_id, block, iteration) do update
        set left_at = null, result = null, reason = null where run_blocks.left_at is not null
    )`,
  ];
  return sql.join(ctes.filter((cte) => cte !== false));
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

const decided = (give: Give<Moving>) =>
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

const movingOn = flaggedStatement<MoveFlags, Moving>(
  ({ move }) => flagsOfMove(move),
  (give, flags) => sql`
    with ${moveCtes(give, flags)}, decided as (${decided(give)})
    update messages set state = 'dropped', reason = ${give(({ decision }) => decision?.reason ?? 'changed')}
    where run_id = ${give(({ move }) => move.runId)} and state = 'reserved'
      and block is distinct from ${give(({ move }) => move.next?.block ?? null)}`,
);
