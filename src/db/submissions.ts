import { type Kysely, sql } from 'kysely';
import { DatabaseError } from 'pg';
import type { ChannelName, ContactClass, MessageFlags } from '#domain/journey.ts';
import type { Locale } from '#domain/shop.ts';
import { type DecisionRow, decisionInsert, flagsOfMove, type Move, type MoveFlags, moveCtes } from './moves.ts';
import type { DB } from './schema.ts';
import { flaggedStatement, type Give } from './statement.ts';

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
  /** What it shows beside them. */
  shown: string[];
  links: string[];
  dueAt: Date;
  leaseMs: number;
  provider: string;
  /** Minor units. */
  price: number;
  /** Whose clock counted: opens are counted by its hours. */
  zone: string;
}

/** What is written beside it. */
export interface Submitting {
  /** Null: the run stands there already. */
  move: Move | null;
  decision: DecisionRow;
  at: Date;
  /** Another message of the run was reserved, and is not sent now. */
  givesBack: boolean;
  /** The ledger has no row of this contact: under the lock nobody makes one meanwhile. */
  isNew: boolean;
}

/** Reserves the ledger row and takes the lease, together with the decision to send. The row goes straight to
 *  `submitting`: goal, consent and quiet hours were asked under the lock that this transaction still holds. */
export async function beginSubmitting(db: Kysely<DB>, message: Submission, beside: Submitting): Promise<void> {
  const { move } = beside;
  const begun = move === null ? staying(db, { message, ...beside }) : turning(db, { message, ...beside, move });
  await unlessFinal(message.id, begun);
}

type Begun = Submitting & { message: Submission };

type Flags = Pick<Submitting, 'givesBack' | 'isNew'>;

const staying = flaggedStatement<Flags & Record<string, boolean>, Begun>(
  ({ givesBack, isNew }) => ({ givesBack, isNew }),
  (give, { givesBack, isNew }) =>
    sql`with ${besideCtes(give, givesBack)} ${submissionInsert(give, ({ at }) => at, isNew)}`,
);

const turning = flaggedStatement<MoveFlags & Flags, Begun & { move: Move }>(
  ({ move, givesBack, isNew }) => ({ ...flagsOfMove(move), givesBack, isNew }),
  (give, { givesBack, isNew, ...flags }) =>
    sql`with ${moveCtes(give, flags)}, ${besideCtes(give, givesBack)} ${submissionInsert(give, ({ at }) => at, isNew)}`,
);

function besideCtes<Input extends Begun>(give: Give<Input>, givesBack: boolean) {
  const decided = decisionInsert(
    give,
    ({ decision }) => decision,
    ({ at }) => at,
  );
  const given = sql`, given_back as (
    update messages set state = 'dropped', reason = 'changed'
    where run_id = ${give(({ message }) => message.runId)} and state = 'reserved' and id <> ${give(({ message }) => message.id)})`;
  return sql`decided as (${decided}) ${givesBack ? given : sql``}`;
}

/** The ledger row goes to `submitting`: a new one, or one that may be there already. Who is mistaken about a new one breaks
 *  `messages_once`, and asks again. */
export function submissionInsert<Input extends { message: Submission }>(
  give: Give<Input>,
  at: (input: Input) => Date,
  isNew: boolean,
) {
  const of = <T>(take: (message: Submission) => T) => give(({ message }) => take(message));
  return sql`
    insert into messages (id, customer_id, run_id, journey, block, iteration, channel, template, locale, class, kind, counts, sale,
      state, settings_version, address, goods, shown, links, due_at, reserved_at, lease_until, attempts, provider, price,
      zone)
    values (${of((one) => one.id)}, ${of((one) => one.customerId)}, ${of((one) => one.runId)}, ${of((one) => one.journey)},
      ${of((one) => one.block)}, ${of((one) => one.iteration)}, ${of((one) => one.channel)}, ${of((one) => one.template)},
      ${of((one) => one.locale)}, ${of((one) => one.class)}, ${of(({ flags }) => flags.kind)}, ${of(({ flags }) => flags.counts)},
      ${of(({ flags }) => flags.sale)}, 'submitting', ${of((one) => one.settingsVersion)}, ${of((one) => one.address)},
      ${of((one) => one.goods)}::text[], ${of((one) => one.shown)}::text[], ${of((one) => one.links)}::text[], ${of((one) => one.dueAt)}, ${give(at)},
      now() + ${of((one) => one.leaseMs)} * interval '1 millisecond', 1, ${of((one) => one.provider)}, ${of((one) => one.price)},
      ${of((one) => one.zone)})
    ${isNew ? sql`` : again}`;
}

const again = sql`on conflict on constraint messages_once do update set
  state = case when messages.state in ('reserved', 'submitting') then 'submitting' end, attempts = messages.attempts + 1,
  lease_until = excluded.lease_until, template = excluded.template, locale = excluded.locale, address = excluded.address,
  goods = excluded.goods, shown = excluded.shown, links = excluded.links, zone = excluded.zone`;

export async function unlessFinal(messageId: string, submitted: Promise<unknown>): Promise<void> {
  await submitted.catch((error: unknown) => {
    throw isFinal(error) ? new Error(`message ${messageId}: its ledger row is final, nothing may be sent`) : error;
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
  const { suppress, gone } = recorded;
  const recording = suppress === null && gone === null ? recordingOnly : recordingAddresses;
  await recording(db, { recorded, move });
}

interface Recording {
  recorded: Recorded;
  move: Move;
}

const recordingOnly = flaggedStatement<MoveFlags, Recording>(
  ({ move }) => flagsOfMove(move),
  (give, flags) => sql`with ${moveCtes(give, flags)} ${recordedUpdate(give, ({ move }) => move.at)}`,
);

/** With addresses that nothing is sent to any more. */
const recordingAddresses = flaggedStatement<MoveFlags, Recording>(
  ({ move }) => flagsOfMove(move),
  (give, flags) => sql`
    with ${moveCtes(give, flags)}, ${addressCtes(give, ({ move }) => move.at)} ${recordedUpdate(give, ({ move }) => move.at)}`,
);

/** Forgets addresses that turned out to be none. */
export function addressCtes<Input extends { recorded: Recorded }>(give: Give<Input>, at: (input: Input) => Date) {
  const suppressed = <T>(take: (one: NonNullable<Recorded['suppress']>) => T) =>
    give(({ recorded: { suppress } }) => suppress && take(suppress));
  return sql`
    suppressed as (
      insert into suppressions (channel, address, reason, at)
      select * from (select ${suppressed((one) => one.channel)}::text as channel, ${suppressed((one) => one.address)}::text,
        ${suppressed((one) => one.reason)}::text, ${give(at)}::timestamptz) one where channel is not null
      on conflict (channel, address) do nothing
    ), forgotten as (
      delete from devices where channel = ${give(({ recorded }) => recorded.gone?.channel ?? null)}
        and address = any(${give(({ recorded }) => [...(recorded.gone?.addresses ?? [])])}::text[]))`;
}

/** What became of a submission, in the ledger. */
export function recordedUpdate<Input extends { recorded: Recorded }>(give: Give<Input>, when: (input: Input) => Date) {
  const of = <T>(take: (recorded: Recorded) => T) => give(({ recorded }) => take(recorded));
  const [state, at] = [sql`${of((one) => one.state)}::text`, sql`${give(when)}::timestamptz`];
  const isOpen = sql`state in ('submitting', 'unknown')`;
  return sql`
    update messages set provider_id = coalesce(${of((one) => one.providerId)}, provider_id), lease_until = null,
      state = case when ${isOpen} then ${state} else state end,
      accepted_at = case when ${state} = 'accepted' then coalesce(accepted_at, ${at}) else accepted_at end,
      failed_at = case when ${isOpen} and ${state} = 'failed' then ${at} else failed_at end,
      failed_reason = case when not ${isOpen} then failed_reason when ${state} <> 'accepted' then ${of((one) => one.reason)}::text end
    where id = ${of((one) => one.messageId)} and (${isOpen} or (state in ('delivered', 'failed') and lease_until is not null))`;
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
