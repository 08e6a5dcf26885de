import { sql, type Transaction } from 'kysely';
import type { Db } from './connect.ts';
import { type DecisionView, listDecisions } from './decisions.ts';
import { type MessageRow, messagesOf } from './messages.ts';
import type { DB, Json } from './schema.ts';

type Any = Db | Transaction<DB>;
type Before = readonly [Date, string] | null;

/** One thing that happened to a customer. `id` and `at` together are its place in the order. */
export type Moment = { at: Date; id: string } & (
  | { type: 'event'; event: EventView }
  | { type: 'decision'; decision: DecisionView }
  | { type: 'message'; message: MessageRow }
  | { type: 'engagement'; engagement: EngagementView }
);

export interface EventView {
  name: string;
  type: string;
  profile: string;
  source: string | null;
  messageId: string;
  receivedAt: Date;
  /** As it came. */
  payload: Json;
}

/** Opened, clicked, delivered, bounced … */
export interface EngagementView {
  messageId: string;
  kind: string;
  by: string | null;
  link: number | null;
}

/** Of things at one instant the effect is newer than its cause. */
const ranks = { event: 0, decision: 1, message: 2, engagement: 3 } as const satisfies Record<Moment['type'], number>;

/** The place of a moment in the order: time, rank, id. */
export type Place = readonly [at: Date, rank: number, id: string];

export function placeOf({ at, type, id }: Moment): Place {
  return [at, ranks[type], id];
}

const ids = { least: '00000000-0000-0000-0000-000000000000', most: 'ffffffff-ffff-ffff-ffff-ffffffffffff' };

/** What `before` means to the rows of one rank, which are ordered by time and id alone. */
function beforeIn(rank: number, before: Place | null): Before {
  if (!before) return null;
  const [at, cut, id] = before;
  return [at, rank === cut ? id : rank < cut ? ids.most : ids.least];
}

/** Everything of these customers, newest first: each source is read in its own index order, then they are merged. */
export async function timeline(
  db: Any,
  customerIds: readonly string[],
  before: Place | null,
  limit: number,
): Promise<Moment[]> {
  const [events, decisions, messages, engagements] = await Promise.all([
    eventsOf(db, customerIds, beforeIn(ranks.event, before), limit),
    listDecisions(db, customerIds, beforeIn(ranks.decision, before), limit),
    messagesOf(db, customerIds, beforeIn(ranks.message, before), limit),
    engagementsOf(db, customerIds, beforeIn(ranks.engagement, before), limit),
  ]);
  const moments: Moment[] = [
    ...events.map(({ id, at, ...event }) => ({ at, id, type: 'event' as const, event })),
    ...decisions.map((decision) => ({ at: decision.at, id: decision.id, type: 'decision' as const, decision })),
    ...messages.map((message) => ({ at: message.reservedAt, id: message.id, type: 'message' as const, message })),
    ...engagements.map(({ id, at, ...engagement }) => ({ at, id, type: 'engagement' as const, engagement })),
  ];
  return moments.sort(newestFirst).slice(0, limit);
}

function newestFirst(a: Moment, b: Moment): number {
  return b.at.getTime() - a.at.getTime() || ranks[b.type] - ranks[a.type] || (a.id < b.id ? 1 : -1);
}

/** Events of these customers, newest first. */
export function eventsOf(
  db: Any,
  customerIds: readonly string[],
  before: Before,
  limit: number,
): Promise<(EventView & { id: string; at: Date })[]> {
  let query = db
    .selectFrom('events as e')
    .leftJoin('sources as s', 's.id', 'e.source_id')
    .select(['e.id', 'e.occurred_at as at', 'e.name', 'e.type', 'e.profile', 's.name as source'])
    .select(['e.message_id as messageId', 'e.received_at as receivedAt', 'e.payload'])
    .where('e.customer_id', 'in', customerIds);
  if (before) query = query.where(sql<boolean>`(e.occurred_at, e.id) < (${before[0]}, ${before[1]}::uuid)`);
  return query.orderBy('e.occurred_at', 'desc').orderBy('e.id', 'desc').limit(limit).execute();
}

function engagementsOf(db: Any, customerIds: readonly string[], before: Before, limit: number) {
  let query = db
    .selectFrom('message_events as e')
    .innerJoin('messages as m', 'm.id', 'e.message_id')
    .select(['e.id', 'e.at', 'e.message_id as messageId', 'e.kind', 'e.by', 'e.link'])
    .where('m.customer_id', 'in', customerIds);
  if (before) query = query.where(sql<boolean>`(e.at, e.id) < (${before[0]}, ${before[1]}::uuid)`);
  return query.orderBy('e.at', 'desc').orderBy('e.id', 'desc').limit(limit).execute();
}
