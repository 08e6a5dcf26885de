import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';

export const day = 86_400_000;
export const start = new Date('2026-03-02T09:00:00.000Z');
export const later = (ms: number) => new Date(start.getTime() + ms);

export interface Seeded {
  customer: string;
  merged: string;
  erased: string;
  /** Nothing is known of them. */
  spare: string;
  source: string;
  runs: string[];
  messages: string[];
}

/** A customer with a history of a few days, one who was merged into them, and one who was erased. */
export async function seed(db: Db): Promise<Seeded> {
  const [customer, merged, erased] = await customers(db);
  const source = newId(start);
  await db
    .insertInto('sources')
    .values({ id: source, name: 'shop', write_key_hash: Buffer.alloc(32, 1), created_at: start })
    .execute();
  const spare = newId(later(4));
  await db.insertInto('customers').values({ id: spare, created_at: start }).execute();
  await person(db, customer);
  await shopping(db, customer);
  await events(db, [customer, merged], source);
  const runs = await journeyRuns(db, customer);
  const messages = await contacts(db, customer, runs[0] ?? '');
  return { customer, merged, erased, spare, source, runs, messages };
}

async function customers(db: Db): Promise<[string, string, string]> {
  const [customer, merged, erased] = [newId(later(1)), newId(later(2)), newId(later(3))];
  await db
    .insertInto('customers')
    .values([
      { id: customer, traits: JSON.stringify({ firstName: 'Anna', locale: 'ru', region: 'msk' }), created_at: start },
      { id: merged, created_at: start, merged_into: customer },
      { id: erased, created_at: start, erased_at: later(day) },
    ])
    .execute();
  return [customer, merged, erased];
}

async function person(db: Db, customer_id: string): Promise<void> {
  await db
    .insertInto('profiles')
    .values([
      { customer_id, kind: 'personal', email: 'anna@example.com', email_at: start, last_activity_at: start },
      { customer_id, kind: 'corporate', phone: '+79161234567', phone_at: start },
    ])
    .execute();
  const identities = { user_id: 'anna', anonymous_id: 'anon-1', email: 'anna@example.com', phone: '+79161234567' };
  const rows = Object.entries(identities).map(([kind, value]) => ({ kind, value, customer_id, since: start }));
  await db.insertInto('identities').values(rows).execute();
  await db
    .insertInto('consent_states')
    .values({ customer_id, purpose: 'advertising', channel: 'email', state: 'granted', at: start })
    .execute();
}

async function shopping(db: Db, customer_id: string): Promise<void> {
  const profile = 'personal';
  const stamp = { added_at: start, updated_at: start };
  await db
    .insertInto('cart_items')
    .values([
      { customer_id, profile, product_id: 'kettle', quantity: 2, ...stamp },
      { customer_id, profile, product_id: 'removed', quantity: 0, ...stamp },
    ])
    .execute();
  await db
    .insertInto('interests')
    .values({ customer_id, profile, kind: 'view', ref: 'kettle', first_at: start, last_at: start, times: 3 })
    .execute();
  await db
    .insertInto('orders')
    .values({
      order_id: 'o-1',
      customer_id,
      profile,
      state: 'placed',
      total: 120000,
      currency: 'RUB',
      placed_at: start,
      state_at: start,
    })
    .execute();
}

async function events(db: Db, [customer, merged]: [string, string], source_id: string): Promise<void> {
  await sql`select ensure_month('events', ${start}::date)`.execute(db);
  const names = ['page', 'Product Viewed', 'Product Added', 'Cart Viewed'];
  await db
    .insertInto('events')
    .values(
      names.map((name, index) => ({
        id: newId(later(index)),
        received_at: later(index),
        // Two at one instant, so that paging has to break the tie.
        occurred_at: later(index >> 1),
        source_id,
        message_id: `m-${index}`,
        type: name === 'page' ? 'page' : 'track',
        name,
        customer_id: index === 0 ? merged : customer,
        profile: 'personal',
        payload: JSON.stringify({ event: name, properties: { product_id: 'kettle' } }),
      })),
    )
    .execute();
}

async function journeyRuns(db: Db, customer_id: string): Promise<string[]> {
  const ids = [newId(later(10)), newId(later(11))];
  /** Never too late: tests look at it by whatever clock. */
  const until = Date.UTC(2190, 0, 1);
  const flags = { obeys: true, counts: true, sale: false };
  const plan = { message: 'cart-still-here', channel: 'email', until, ...flags, heldBy: 'deferred: quiet_hours' };
  const run = {
    journey: 'abandonment',
    class: 'abandonment',
    customer_id,
    settings_version: 0,
    trigger_at: start,
    read_seq: 0,
  };
  await db
    .insertInto('runs')
    .values([
      {
        ...run,
        id: ids[0] ?? '',
        workflow_id: `abandonment:${customer_id}:personal`,
        key: 'personal',
        entered_at: start,
        block: 'cart-2',
        due_at: later(day),
        plan: JSON.stringify(plan),
      },
      {
        ...run,
        id: ids[1] ?? '',
        workflow_id: `abandonment:${customer_id}:corporate`,
        key: 'corporate',
        entered_at: later(2 * day),
        ended_at: later(3 * day),
        outcome: 'goal',
      },
    ])
    .execute();
  const [first = '', second = ''] = ids;
  const left = (result: 'passed' | 'dropped', reason: string | null) => ({ left_at: later(day), result, reason });
  await db
    .insertInto('run_blocks')
    .values([
      { run_id: first, block: 'idle', entered_at: start, ...left('passed', null) },
      { run_id: first, block: 'cart-1', entered_at: start, ...left('passed', null) },
      { run_id: first, block: 'cart-2', entered_at: start },
      { run_id: second, block: 'idle', entered_at: start, ...left('passed', null) },
      { run_id: second, block: 'cart-1', entered_at: start, ...left('dropped', 'goal') },
    ])
    .execute();
  const hole = { journey: 'abandonment', key: 'personal', customer_id, first_at: start };
  await db
    .insertInto('not_entered')
    .values([
      { ...hole, reason: 'unreachable', last_at: later(day), times: 4 },
      { ...hole, reason: 'too_late', last_at: later(5 * day), times: 1 },
      { ...hole, key: 'corporate', reason: 'unreachable', last_at: later(day), times: 2 },
    ])
    .execute();
  return ids;
}

async function contacts(db: Db, customer_id: string, run_id: string): Promise<string[]> {
  const ids = [newId(later(1000)), newId(later(1001))];
  const common = { customer_id, run_id, journey: 'abandonment', channel: 'email', locale: 'ru', class: 'abandonment' };
  await db
    .insertInto('messages')
    .values(
      ids.map((id, index) => ({
        ...common,
        id,
        block: `cart-${index + 1}`,
        template: 'cart-reminder',
        kind: 'marketing',
        counts: true,
        state: index === 0 ? 'accepted' : 'reserved',
        settings_version: 0,
        due_at: start,
        reserved_at: later(1000),
        goods: ['kettle'],
        accepted_at: index === 0 ? later(1001) : null,
      })),
    )
    .execute();
  await sql`select ensure_month('decisions', ${start}::date), ensure_month('message_events', ${start}::date)`.execute(
    db,
  );
  const decision = { customer_id, run_id, journey: 'abandonment', channel: 'email', block: 'cart-1' };
  await db
    .insertInto('decisions')
    .values([
      {
        ...decision,
        id: newId(later(900)),
        at: later(900),
        decision: 'defer',
        reason: 'quiet_hours',
        until: later(1000),
      },
      {
        ...decision,
        id: newId(later(1000)),
        at: later(1000),
        decision: 'send',
        reason: 'ok',
        message_id: ids[0] ?? null,
      },
    ])
    .execute();
  await db
    .insertInto('message_events')
    .values([
      { id: newId(later(2000)), at: later(2000), message_id: ids[0] ?? '', kind: 'opened', by: 'human' },
      { id: newId(later(3000)), at: later(3000), message_id: ids[0] ?? '', kind: 'clicked', by: 'human', link: 1 },
    ])
    .execute();
  return ids;
}
