import { sql } from 'kysely';
import type { MessageState } from '#domain/ledger.ts';
import type { Visitor } from '#domain/opens.ts';
import type { Trx } from './connect.ts';
import { newId } from './ids.ts';
import type { Known } from './provider-events.ts';
import { surestOpen } from './tracking.ts';

/** A row of the ledger, locked. */
export interface LockedMessage {
  id: string;
  customerId: string;
  state: MessageState;
  /** Null after erasure. */
  address: string | null;
}

/** All that new events say of one message. */
export interface Fold {
  id: string;
  /** It had not failed before, and has now. */
  fails: boolean;
  deliveredAt: Date | null;
  failedAt: Date | null;
  failedReason: string | null;
  openedAt: Date | null;
  openedBy: Visitor | null;
  clickedAt: Date | null;
  complainedAt: Date | null;
}

/** States that a failure changes. `delivered` is one: it says that the next server took the message, which may yet send it back
 *  (RFC 3464). So a message that ever failed has failed, in whatever order a provider's words come in. */
const mayFail: readonly MessageState[] = ['reserved', 'submitting', 'accepted', 'unknown', 'delivered'];

const surer: Record<Visitor, number> = { machine: 1, unknown: 2, human: 3 };

/** By message. */
export function foldOf(events: readonly Known[], messages: ReadonlyMap<string, LockedMessage>): Fold[] {
  const folds = new Map<string, Fold>();
  for (const event of events.toSorted((a, b) => a.at.getTime() - b.at.getTime())) {
    const message = event.messageId === null ? undefined : messages.get(event.messageId);
    if (message === undefined) continue;
    const fold = folds.get(message.id) ?? { ...nothing, id: message.id };
    folds.set(message.id, fold);
    add(fold, event, message);
  }
  return [...folds.values()];
}

const nothing: Omit<Fold, 'id'> = {
  fails: false,
  deliveredAt: null,
  failedAt: null,
  failedReason: null,
  openedAt: null,
  openedBy: null,
  clickedAt: null,
  complainedAt: null,
};

/** Events come in the order of their time: the first of each kind stays. */
function add(fold: Fold, { kind, at, by, reason }: Known, { state }: LockedMessage): void {
  const visitor = kind === 'read' ? 'human' : (by ?? 'unknown');
  const isHuman = visitor === 'human';
  switch (kind) {
    case 'failed':
    case 'bounced':
    case 'blocked':
      fold.failedReason ??= reason ?? kind;
      fold.failedAt ??= at;
      fold.fails = mayFail.includes(state);
      return;
    case 'delivered':
      fold.deliveredAt ??= at;
      return;
    case 'complained':
      fold.complainedAt ??= at;
      fold.deliveredAt ??= at;
      return;
    case 'clicked':
      if (!isHuman) return;
      fold.clickedAt ??= at;
      break;
    case 'opened':
    case 'read':
      break;
    case 'stopped':
    case 'wrote':
      return;
  }
  // A person's open says that it arrived.
  if (isHuman) fold.deliveredAt ??= at;
  if (fold.openedBy !== null && surer[visitor] <= surer[fold.openedBy]) return;
  fold.openedBy = visitor;
  fold.openedAt = at;
}

/** Changes the rows, which are locked, and keeps every event beside them. An event that comes before our own record of the
 *  submission says that the provider has the message: the record then finds it further on and changes nothing. */
export async function writeFolds(trx: Trx, folds: readonly Fold[], events: readonly Known[]): Promise<void> {
  if (folds.length === 0) return;
  const told = JSON.stringify(folds);
  await sql`
    with told as (
      select * from jsonb_to_recordset(${told}::jsonb) as t ("id" uuid, "deliveredAt" timestamptz, "failedAt" timestamptz,
        "failedReason" text, "openedAt" timestamptz, "openedBy" text, "clickedAt" timestamptz, "complainedAt" timestamptz)
    ), kept as (
      insert into message_events (id, at, message_id, kind, by)
      select * from unnest(${events.map(({ at }) => newId(at))}::uuid[], ${events.map(({ at }) => at.toISOString())}::timestamptz[],
        ${events.map(({ messageId }) => messageId)}::uuid[], ${events.map(({ kind }) => kind)}::text[],
        ${events.map(visitorOf)}::text[]) as e (id, at, message_id, kind, by)
      where message_id is not null and kind not in ('stopped', 'wrote')
    )
    update messages set
      ${surestOpen(sql`told."openedBy"`, sql`told."openedAt"`)},
      clicked_at = least(clicked_at, told."clickedAt"),
      complained_at = least(complained_at, told."complainedAt"),
      delivered_at = least(delivered_at, told."deliveredAt"),
      failed_reason = case when told."failedAt" < coalesce(failed_at, 'infinity') then told."failedReason" else failed_reason end,
      failed_at = least(failed_at, told."failedAt"),
      accepted_at = case when state in ('reserved', 'submitting', 'unknown')
        then coalesce(accepted_at, told."deliveredAt") else accepted_at end,
      state = case
        when told."failedAt" is not null and state = any(${[...mayFail]}::text[]) then 'failed'
        when told."deliveredAt" is not null and state in ('reserved', 'submitting', 'accepted', 'unknown') then 'delivered'
        else state end
    from told where messages.id = told.id`.execute(trx);
}

function visitorOf({ kind, by }: Known): Visitor | null {
  if (kind === 'read') return 'human';
  return kind === 'opened' || kind === 'clicked' ? (by ?? 'unknown') : null;
}
