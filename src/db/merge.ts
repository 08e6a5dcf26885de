import type { PoolClient, QueryConfig } from 'pg';
import type { Resolution } from '#domain/identity.ts';
import { workflowId } from '#domain/ids.ts';
import { claimSeconds, type OutboxRow } from './outbox.ts';
import { inOrder } from './pipeline.ts';
import { passPlaces } from './queue/customers.ts';

/** Joining two customers who turn out to be one. Rules: `semantics.md`, Events and the customer. */

/**
 * Moves everything that `from` has and did to `into`, inside the caller's transaction and under both customers' locks.
 * Live runs of `from` end, and `into` starts one in the place of each, where it has none of that journey and key; `enter`
 * lets that one go on after the highest step that was sent. Runs of `into` are told of orders of `from` that may be their goal.
 * Returns the outbox rows of all.
 */
export async function mergeCustomers(client: PoolClient, from: string, into: string, at: Date): Promise<OutboxRow[]> {
  const exits = client.query<OutboxRow>({ text: exitRuns, values: [from, at] });
  const goals = client.query<OutboxRow>({ text: tellOfOrders, values: [from, into, at] });
  const texts = [...belongings, moveCart(theirs), moveInterests(theirs), ...histories];
  const moves = texts.map((text) => client.query({ text, values: text.includes('$2') ? [from, into] : [from] }));
  const places = passPlaces(from, into, at).map((one) => client.query(one));
  const settled = client.query({ text: settleConflicts, values: [from, into, at] });
  await inOrder([exits, goals, ...moves, ...places, settled]);
  const ended = (await exits).rows;
  return [...ended, ...(await goals).rows, ...(await startInPlaceOf(client, ended, into, at))];
}

async function startInPlaceOf(client: PoolClient, ended: OutboxRow[], into: string, at: Date): Promise<OutboxRow[]> {
  if (ended.length === 0) return [];
  const ids = ended.map(({ journey, key }) => workflowId(journey, into, key));
  const values = [ids, ended.map(({ journey }) => journey), ended.map(({ key }) => key), into, at];
  return (await client.query<OutboxRow>({ text: startRuns, values })).rows;
}

type Passed = Resolution['passed'][number];

const outboxColumns = 'workflow_id, signal, journey, customer_id, key, reason, occurred_at, claimed_until';
const bumped = `
  on conflict (workflow_id, signal) do update set seq = o.seq + 1, reason = excluded.reason,
    occurred_at = excluded.occurred_at, claimed_until = excluded.claimed_until, attempts = 0, last_error = null
  returning *`;

const exitRuns = `
  insert into outbox as o (${outboxColumns})
  select workflow_id, 'exit', journey, customer_id, key, 'merged', $2::timestamptz, now() + interval '${claimSeconds} s'
  from runs where customer_id = $1 and ended_at is null order by workflow_id ${bumped}`;

/** Whether it is their goal, each finds out. One that follows an order for a year would else go on beside that of a newer one. */
const tellOfOrders = `
  insert into outbox as o (${outboxColumns})
  select workflow_id, 'goal', journey, customer_id, key, 'merged', $3::timestamptz, now() + interval '${claimSeconds} s'
  from runs r where customer_id = $2 and ended_at is null and exists (
    select from orders where customer_id = $1 and state = 'placed' and placed_at >= r.trigger_at) order by workflow_id ${bumped}`;

const startRuns = `
  insert into outbox as o (${outboxColumns})
  select place.id, 'start', journey, $4::uuid, key, 'merged', $5::timestamptz, now() + interval '${claimSeconds} s'
  from unnest($1::text[], $2::text[], $3::text[]) as place (id, journey, key)
  where not exists (select from runs where workflow_id = place.id and ended_at is null) order by place.id ${bumped}`;

/** Who they are and what they allowed. Of two values the one said later stays; of two words on consent the stricter. */
const belongings = [
  'update identities set customer_id = $2 where customer_id = $1',
  'update devices set customer_id = $2 where customer_id = $1',
  `update customers s set
    traits = s.traits || coalesce((select jsonb_object_agg(name, value) from jsonb_each(c.traits) as said (name, value)
      where coalesce(c.traits_at->>name, '') > coalesce(s.traits_at->>name, '') or not s.traits ? name), '{}'),
    traits_at = s.traits_at || coalesce((select jsonb_object_agg(name, at) from jsonb_each_text(c.traits_at) as said (name, at)
      where at > coalesce(s.traits_at->>name, '')), '{}'),
    last_seen_at = greatest(s.last_seen_at, c.last_seen_at), created_at = least(s.created_at, c.created_at)
    from customers c where s.id = $2 and c.id = $1`,
  `update customers set merged_into = $2, traits = '{}', traits_at = '{}' where id = $1`,
  `insert into profiles as s (customer_id, kind, email, email_at, phone, phone_at, last_visit_at, last_activity_at,
      last_order_at, activity_seq)
    select $2::uuid, kind, email, email_at, phone, phone_at, last_visit_at, last_activity_at, last_order_at, activity_seq
    from profiles where customer_id = $1
    on conflict (customer_id, kind) do update set
      email = case when excluded.email_at > coalesce(s.email_at, '-infinity') then excluded.email else s.email end,
      email_at = greatest(s.email_at, excluded.email_at),
      phone = case when excluded.phone_at > coalesce(s.phone_at, '-infinity') then excluded.phone else s.phone end,
      phone_at = greatest(s.phone_at, excluded.phone_at),
      last_visit_at = greatest(s.last_visit_at, excluded.last_visit_at),
      last_activity_at = greatest(s.last_activity_at, excluded.last_activity_at),
      last_order_at = greatest(s.last_order_at, excluded.last_order_at),
      activity_seq = s.activity_seq + excluded.activity_seq`,
  'delete from profiles where customer_id = $1',
  'update consents set customer_id = $2 where customer_id = $1',
  `insert into consent_states as s (customer_id, purpose, channel, topic, state, at)
    select $2::uuid, purpose, channel, topic, state, at from consent_states where customer_id = $1
    on conflict (customer_id, purpose, channel, topic) do update set
      at = case when s.state = excluded.state then greatest(s.at, excluded.at)
        when s.state = 'denied' then s.at else excluded.at end,
      state = case when 'denied' in (s.state, excluded.state) then 'denied' else 'granted' end`,
  'delete from consent_states where customer_id = $1',
  'update opt_ins o set customer_id = $2 where customer_id = $1 and not exists (select from opt_ins s where s.customer_id = $2 and s.channel = o.channel)',
  'delete from opt_ins where customer_id = $1',
];

/** The ledger and everything that reports count. */
const histories = [
  'update orders set customer_id = $2 where customer_id = $1',
  'update events set customer_id = $2 where customer_id = $1',
  'update messages set customer_id = $2 where customer_id = $1',
  'update decisions set customer_id = $2 where customer_id = $1',
  'update runs set customer_id = $2 where customer_id = $1',
  'update stage_transitions set customer_id = $2 where customer_id = $1',
  'delete from customer_metrics where customer_id = $1',
  'insert into customers_ceased (customer_id) values ($1)',
  // Segments by condition follow by themselves; lists from elsewhere do not.
  `insert into segment_members (segment_id, customer_id, since) select m.segment_id, $2::uuid, m.since
    from segment_members m join segments s on s.id = m.segment_id where m.customer_id = $1 and s.condition is null
    on conflict do nothing`,
  `insert into wish_news as s (customer_id, product_id, cause, at, was_price, currency)
    select $2::uuid, product_id, cause, at, was_price, currency from wish_news where customer_id = $1
    on conflict (customer_id, product_id, cause) do update set at = excluded.at, was_price = excluded.was_price,
      currency = excluded.currency where excluded.at > s.at`,
  'delete from wish_news where customer_id = $1',
  'update message_requests set customer_id = $2 where customer_id = $1',
  'update order_states set customer_id = $2 where customer_id = $1',
  'update promo_codes set customer_id = $2 where customer_id = $1',
  `insert into not_entered as s (journey, key, customer_id, reason, first_at, last_at, times)
    select journey, key, $2::uuid, reason, first_at, last_at, times from not_entered where customer_id = $1
    on conflict (journey, key, customer_id, reason) do update set first_at = least(s.first_at, excluded.first_at),
      last_at = greatest(s.last_at, excluded.last_at), times = s.times + excluded.times`,
  'delete from not_entered where customer_id = $1',
  `update identity_conflicts c set holder_id = case when holder_id = $1 then $2::uuid else holder_id end,
    claimant_id = case when claimant_id = $1 then $2::uuid else claimant_id end
    where (holder_id = $1 or claimant_id = $1) and not $2 in (holder_id, claimant_id) and not exists (
      select from identity_conflicts other where c.claimant_id = $1 and (other.kind, other.value, other.claimant_id) = (c.kind, c.value, $2::uuid))`,
  'delete from identity_conflicts where (holder_id = $1 or claimant_id = $1) and not $2 in (holder_id, claimant_id)',
];

/** A conflict between the two is settled by joining them. By whose it is, not by the index of all that are open (`coalesce`). */
const settleConflicts = `
  update identity_conflicts set decision = 'merged', resolved_at = $3
  where (holder_id = $1 or claimant_id = $1) and $2 in (holder_id, claimant_id)
    and coalesce(resolved_at, 'infinity') = 'infinity'`;

const theirs = 'customer_id = $1';
/** Done since $3, by somebody who has done nothing since that is not moved. */
const since = (at: string) =>
  `${theirs} and ${at} >= $3 and not exists (select from events e where e.customer_id = $1 and e.occurred_at >= $3)`;

/** Lines of a cart; where both have one of a product, the newer counts. */
const moveCart = (which: string) => `
  with gone as (delete from cart_items where ${which} returning *)
  insert into cart_items as s (customer_id, profile, product_id, quantity, added_at, updated_at)
  select $2::uuid, profile, product_id, quantity, added_at, updated_at from gone order by profile, product_id
  on conflict (customer_id, profile, product_id) do update set
    quantity = case when excluded.updated_at > s.updated_at then excluded.quantity else s.quantity end,
    added_at = least(s.added_at, excluded.added_at), updated_at = greatest(s.updated_at, excluded.updated_at)`;

const moveInterests = (which: string) => `
  with gone as (delete from interests where ${which} returning *)
  insert into interests as s (customer_id, profile, kind, ref, times, first_at, last_at, removed_at)
  select $2::uuid, profile, kind, ref, times, first_at, last_at, removed_at from gone order by profile, kind, ref
  on conflict (customer_id, profile, kind, ref) do update set times = s.times + excluded.times,
    first_at = least(s.first_at, excluded.first_at), last_at = greatest(s.last_at, excluded.last_at),
    removed_at = case when greatest(s.removed_at, excluded.removed_at) >= greatest(s.last_at, excluded.last_at)
      then greatest(s.removed_at, excluded.removed_at) end`;

/** A browser passes to who signed in last, and with it what was done in it since without a login. */
export function passStatements({ value, from, customerId, since: at }: Passed): QueryConfig[] {
  const signedInAt = new Date(at);
  return [
    {
      text: `update identities set customer_id = $2, since = $3
        where kind = 'anonymous_id' and value = $4 and customer_id = $1`,
      values: [from, customerId, signedInAt, value],
    },
    {
      text: `update events set customer_id = $2 where customer_id = $1 and occurred_at >= $3
        and payload->>'anonymousId' = $4 and payload->>'userId' is null`,
      values: [from, customerId, signedInAt, value],
    },
    { text: moveCart(since('added_at')), values: [from, customerId, signedInAt] },
    { text: moveInterests(since('first_at')), values: [from, customerId, signedInAt] },
  ];
}
