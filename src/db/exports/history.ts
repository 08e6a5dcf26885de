import { sql } from 'kysely';
import type { DecisionView } from '#db/decisions.ts';
import { selectMessages } from '#db/messages.ts';
import { among, type ExportedTable } from './table.ts';

interface StoredEvent {
  id: string;
  receivedAt: Date;
  occurredAt: Date;
  source: string | null;
  messageId: string;
  type: string;
  name: string;
  customerId: string;
  profile: string;
  /** As it came. */
  payload: unknown;
}

const eventKey = [
  ['received_at', 'timestamptz'],
  ['id', 'uuid'],
] as const;

export const events: ExportedTable<StoredEvent> = {
  from: 'events',
  key: eventKey,
  isLog: true,
  read: (db, wanted) =>
    db
      .selectFrom('events as e')
      .leftJoin('sources as s', 's.id', 'e.source_id')
      .select(['e.id', 'e.received_at as receivedAt', 'e.occurred_at as occurredAt', 's.name as source'])
      .select([
        'e.message_id as messageId',
        'e.type',
        'e.name',
        'e.customer_id as customerId',
        'e.profile',
        'e.payload',
      ])
      .where(among('e', eventKey, wanted))
      .execute(),
  keyOf: ({ receivedAt, id }) => [receivedAt, id],
};

const momentKey = [
  ['at', 'timestamptz'],
  ['id', 'uuid'],
] as const;

/** As the open API shows one; its details as they are stored. */
type Decision = Omit<DecisionView, 'details'> & { details: unknown };

export const decisions: ExportedTable<Decision> = {
  from: 'decisions',
  key: momentKey,
  isLog: true,
  read: (db, wanted) =>
    db
      .selectFrom('decisions as d')
      .select(['d.id', 'd.at', 'd.customer_id as customerId', 'd.journey', 'd.run_id as runId', 'd.block as step'])
      .select([
        'd.iteration',
        'd.channel',
        'd.decision',
        'd.reason',
        'd.until',
        'd.message_id as messageId',
        'd.details',
      ])
      .where(among('d', momentKey, wanted))
      .execute(),
  keyOf: ({ at, id }) => [at, id],
};

interface Engagement {
  id: string;
  at: Date;
  messageId: string;
  kind: string;
  by: string | null;
  link: number | null;
}

/** No log: providers tell late what was long ago. */
export const engagements: ExportedTable<Engagement> = {
  from: 'message_events',
  key: momentKey,
  read: (db, wanted) =>
    db
      .selectFrom('message_events as e')
      .select(['e.id', 'e.at', 'e.message_id as messageId', 'e.kind', 'e.by', 'e.link'])
      .where(among('e', momentKey, wanted))
      .execute(),
  keyOf: ({ at, id }) => [at, id],
};

const idKey = [['id', 'uuid']] as const;

/** No address: it is the customer's profile that has one. */
export const messages: ExportedTable<Awaited<ReturnType<ReturnType<typeof selectMessages>['execute']>>[number]> = {
  from: 'messages',
  key: idKey,
  read: (db, wanted) =>
    selectMessages(db)
      .where(among('messages', idKey, wanted))
      .execute(),
  keyOf: ({ id }) => [id],
};

interface Run {
  id: string;
  journey: string;
  key: string;
  customerId: string | null;
  settingsVersion: number;
  triggerAt: Date;
  enteredAt: Date;
  block: string | null;
  dueAt: Date | null;
  endedAt: Date | null;
  outcome: string | null;
  blocks: {
    block: string;
    iteration: number;
    enteredAt: string;
    leftAt: string | null;
    result: string | null;
    reason: string | null;
  }[];
}

/** ISO 8601, as all instants of the open API. */
const utc = (column: string) => sql`to_char(${sql.ref(column)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const blocks = sql<
  Run['blocks']
>`coalesce((select json_agg(json_build_object('block', b.block, 'iteration', b.iteration,
  'enteredAt', ${utc('b.entered_at')}, 'leftAt', ${utc('b.left_at')}, 'result', b.result, 'reason', b.reason)
  order by b.entered_at, b.block, b.iteration) from run_blocks b where b.run_id = r.id), '[]')`;

export const runs: ExportedTable<Run> = {
  from: 'runs',
  key: idKey,
  parts: [['run_blocks', 'run_id']],
  read: (db, wanted) =>
    db
      .selectFrom('runs as r')
      .select(['r.id', 'r.journey', 'r.key', 'r.customer_id as customerId', 'r.settings_version as settingsVersion'])
      .select(['r.trigger_at as triggerAt', 'r.entered_at as enteredAt', 'r.block', 'r.due_at as dueAt'])
      .select(['r.ended_at as endedAt', 'r.outcome', blocks.as('blocks')])
      .where(among('r', idKey, wanted))
      .execute(),
  keyOf: ({ id }) => [id],
};

const missedKey = [
  ['journey', 'text'],
  ['key', 'text'],
  ['customer_id', 'uuid'],
  ['reason', 'text'],
] as const;

interface NotEntered {
  journey: string;
  key: string;
  customerId: string;
  reason: string;
  firstAt: Date;
  lastAt: Date;
  times: number;
}

export const notEntered: ExportedTable<NotEntered> = {
  from: 'not_entered',
  key: missedKey,
  read: (db, wanted) =>
    db
      .selectFrom('not_entered as n')
      .select(['n.journey', 'n.key', 'n.customer_id as customerId', 'n.reason'])
      .select(['n.first_at as firstAt', 'n.last_at as lastAt', 'n.times'])
      .where(among('n', missedKey, wanted))
      .execute(),
  keyOf: ({ journey, key, customerId, reason }) => [journey, key, customerId, reason],
};
