import { sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import type { EventsCondition, Leaf, TimeTest } from '#domain/segments.ts';
import { type Sql, timeTurns } from './tests.ts';

/** What was committed a little after its own time is looked at again. Business time. */
const overlapMs = durationMs('PT15M');

/** By what customers may come to answer otherwise: its name, and a query of their `customer_id`s, with repeats. */
export interface Touch {
  name: string;
  customers: Sql<unknown>;
}

/**
 * Of whom something came in between `since` and `now`, and whom time has carried over an edge of a leaf's window: nobody else
 * answers one of `leaves` otherwise at `now` than at `since`. Rather too many than too few.
 */
export function touchesOf(leaves: readonly Leaf[], since: Date, now: Date): Touch[] {
  const after = new Date(since.getTime() - overlapMs);
  const sources = [...new Set(leaves.flatMap((leaf) => sourcesOf[leaf.where]))];
  const turns = leaves.flatMap((leaf) => turnsOf(leaf, since, now));
  return [...sources.map((name) => ({ name, customers: sourceSql[name](after) })), ...turns, ceased];
}

/** Merged into others, or erased. */
const ceased: Touch = { name: 'ceased', customers: sql`select customer_id from customers_ceased` };

/** Who told something of themselves, ordered, looked: all of it comes as events. */
const sourceSql = {
  events: (after: Date) => sql`select customer_id from events where received_at >= ${after}`,
  customers: (after: Date) => sql`select id as customer_id from customers where created_at >= ${after}`,
  metrics: (after: Date) => sql`select customer_id from customer_metrics where changed_at >= ${after}
    union all select customer_id from stage_transitions where at >= ${after}`,
  consents: (after: Date) => sql`select customer_id from consents where at >= ${after}
    union all select customer_id from opt_ins where asked_at >= ${after}`,
  addresses: (after: Date) => sql`select customer_id from devices where created_at >= ${after}
    union all select i.customer_id from suppressions s join identities i on i.value = s.address where s.at >= ${after}
    union all select d.customer_id from suppressions s join devices d on d.address = s.address where s.at >= ${after}`,
  runs: (after: Date) => sql`select customer_id from runs where entered_at >= ${after} or ended_at >= ${after}`,
  messages: (after: Date) => sql`select customer_id from messages
    where accepted_at >= ${after} or opened_at >= ${after} or clicked_at >= ${after}`,
  members: (after: Date) => sql`select customer_id from segment_changes where at >= ${after}
    union all select m.customer_id from segments s join segment_members m on m.segment_id = s.id where s.expires_at >= ${after}`,
} as const satisfies Record<string, (after: Date) => Sql<unknown>>;

const sourcesOf: Readonly<Record<Leaf['where'], readonly (keyof typeof sourceSql)[]>> = {
  trait: ['events', 'customers'],
  customer: ['events', 'customers'],
  metric: ['metrics', 'customers'],
  rfm: ['metrics'],
  stage: ['metrics'],
  orders: ['events', 'metrics', 'customers'],
  events: ['events', 'customers'],
  consent: ['events', 'consents'],
  reachable: ['events', 'consents', 'addresses'],
  journey: ['runs'],
  message: ['messages'],
  segment: ['members'],
};

/** Windows of one table and test are one touch, whatever else their leaves ask. */
function turnsOf(leaf: Leaf, since: Date, now: Date): Touch[] {
  switch (leaf.where) {
    case 'stage':
      return turned(sql`customer_metrics`, 'stage_at', leaf.since, since, now);
    case 'orders':
      return turned(sql`orders`, 'placed_at', leaf.placed, since, now);
    case 'journey':
      return turned(sql`runs`, 'entered_at', leaf.entered, since, now);
    case 'message':
      return turned(sql`messages`, reactedAt[leaf.reaction], leaf.at, since, now);
    case 'events':
      return eventTurns(leaf, since, now);
    case 'customer': {
      const people = sql`(select id as customer_id, created_at, last_seen_at from customers) people`;
      return [
        ...turned(people, 'created_at', leaf.signedUp, since, now),
        ...turned(people, 'last_seen_at', leaf.seen, since, now),
      ];
    }
    default:
      return [];
  }
}

const reactedAt = { sent: 'accepted_at', opened: 'opened_at', clicked: 'clicked_at' } as const;

function turned(table: Sql<unknown>, column: string, test: TimeTest | undefined, since: Date, now: Date): Touch[] {
  const turns = timeTurns(sql.ref(column), test, since, now);
  const name = `${column} ${JSON.stringify(test)}`;
  return turns === null ? [] : [{ name, customers: sql`select customer_id from ${table} where ${turns}` }];
}

/** Received after they happened: only partitions from the edge of the window on are read. */
function eventTurns({ name, occurred }: EventsCondition, since: Date, now: Date): Touch[] {
  const durations = [occurred?.within, occurred?.before].flatMap((text) =>
    text === undefined ? [] : [durationMs(text)],
  );
  const from = new Date(since.getTime() - Math.max(0, ...durations));
  const named = sql`(select customer_id, occurred_at from events where name = ${name} and received_at >= ${from}) named`;
  return turned(named, 'occurred_at', occurred, since, now).map((touch) => ({
    ...touch,
    name: `${name} ${touch.name}`,
  }));
}
