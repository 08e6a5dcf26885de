import { sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import type { Leaf } from '#domain/segments.ts';
import { type Sql, timeTurns } from './tests.ts';

/** What was committed a little after its own time is looked at again. Business time. */
const overlapMs = durationMs('PT15M');

/**
 * Customers about whom one of `leaves` may answer otherwise at `now` than it did at `since`: those of whom something came in, and
 * those whom time has carried over an edge of its window. A query of `customer_id`s, with repeats; rather too many than too few.
 */
export function touchedBy(leaves: readonly Leaf[], since: Date, now: Date): Sql<unknown> {
  const after = new Date(since.getTime() - overlapMs);
  const sources = new Map<string, Sql<unknown>>();
  const turns: Sql<unknown>[] = [];
  for (const leaf of leaves) {
    for (const name of sourcesOf[leaf.where]) sources.set(name, sourceSql[name](after));
    const turned = turnsOf(leaf, since, now);
    if (turned) turns.push(turned);
  }
  const all = [...sources.values(), ...turns];
  return all.length === 0
    ? sql`select id as customer_id from customers where false`
    : sql`${sql.join(all, sql` union all `)}`;
}

/** Who told something of themselves, ordered, looked: all of it comes as events. */
const sourceSql = {
  events: (after: Date) => sql`select customer_id from events where received_at >= ${after}`,
  customers: (after: Date) => sql`select id from customers where created_at >= ${after}`,
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

function turnsOf(leaf: Leaf, since: Date, now: Date): Sql<unknown> | null {
  const of = (table: Sql<unknown>, column: Sql<unknown>, test: Parameters<typeof timeTurns>[1]) => {
    const turned = timeTurns(column, test, since, now);
    return turned && sql`select customer_id from ${table} where ${turned}`;
  };
  if (leaf.where === 'stage') return of(sql`customer_metrics`, sql`stage_at`, leaf.since);
  if (leaf.where === 'orders') return of(sql`orders`, sql`placed_at`, leaf.placed);
  if (leaf.where === 'journey') return of(sql`runs`, sql`entered_at`, leaf.entered);
  if (leaf.where === 'message') return of(sql`messages`, sql`${sql.ref(reactedAt[leaf.reaction])}`, leaf.at);
  if (leaf.where === 'events') return eventTurns(leaf, since, now);
  if (leaf.where !== 'customer') return null;
  const people = sql`(select id as customer_id, created_at, last_seen_at from customers) people`;
  const both = [of(people, sql`created_at`, leaf.signedUp), of(people, sql`last_seen_at`, leaf.seen)];
  const found = both.filter((one) => one !== null);
  return found.length === 0 ? null : sql`${sql.join(found, sql` union all `)}`;
}

const reactedAt = { sent: 'accepted_at', opened: 'opened_at', clicked: 'clicked_at' } as const;

/** Received after they happened: only partitions from the edge of the window on are read. */
function eventTurns(
  { name, occurred }: Extract<Leaf, { where: 'events' }>,
  since: Date,
  now: Date,
): Sql<unknown> | null {
  const turned = timeTurns(sql`occurred_at`, occurred, since, now);
  if (!turned) return null;
  const longest = Math.max(
    ...[occurred?.within, occurred?.before].map((text) => (text === undefined ? 0 : durationMs(text))),
  );
  const from = new Date(since.getTime() - longest);
  return sql`select customer_id from events where name = ${name} and received_at >= ${from} and ${turned}`;
}
