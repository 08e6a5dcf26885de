import { afterAll } from 'vitest';
import { connect } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import { createIntake, type Intake } from '#db/intake.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Clock } from '#domain/clock.ts';
import type { Event } from '#domain/events.ts';
import type { Routing } from '#domain/routing.ts';
import { normalise } from '#domain/segment.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

/** A clock that stands until it is moved. Business time. */
export interface ManualClock extends Clock {
  at: Date;
}

export function manualClock(start = '2026-05-01T12:00:00Z'): ManualClock {
  return {
    at: new Date(start),
    time: { origin: 0, scale: 1 },
    now() {
      return this.at;
    },
  };
}

export const testRouting: Routing = {
  'Product Added': [{ journey: 'abandonment', key: 'profile', signal: 'start' }],
  'Product Viewed': [{ journey: 'abandonment', key: 'profile', signal: 'start' }],
  page: [{ journey: 'abandonment', key: 'profile', signal: 'start' }],
  'Order Completed': [{ journey: 'abandonment', key: 'profile', signal: 'goal' }],
};

export interface TestIntake extends TestDatabase {
  clock: ManualClock;
  sourceId: string;
  /** Rows handed over after commits. */
  outbox: OutboxRow[];
  /** Gives in calls as a source would send them; `minutesAgo` is when they happened. */
  send(...calls: Call[]): Promise<void>;
  event(call: Call): Event;
  start(): Intake;
  /** The customer who holds an identity. */
  customer(kind: string, value: string): Promise<string>;
  /** A run that waits. Returns its workflow id. */
  liveRun(customerId: string, key?: string, dueAt?: Date | null, journey?: string): Promise<string>;
  shop: ShopSettings;
}

export type Call = { type?: string; minutesAgo?: number; messageId?: string } & Record<string, unknown>;

/** Intake on a database of the test file's own. */
export async function testIntake(routing: Routing = testRouting): Promise<TestIntake> {
  const database = await freshDatabase();
  const clock = manualClock();
  const sourceId = newId(clock.at);
  const outbox: OutboxRow[] = [];
  const shop = structuredClone(defaultShop);
  const started: Intake[] = [];
  const start = () => {
    const { pool } = database;
    const intake = createIntake({
      pool,
      clock,
      routing,
      onOutbox: (rows) => outbox.push(...rows),
      shop: () => shop,
    });
    started.push(intake);
    return intake;
  };
  const intake = start();
  afterAll(async () => {
    await Promise.all(started.map((one) => one.close()));
  });
  let sent = 0;
  const event = ({ type = 'track', minutesAgo = 0, ...call }: Call) => {
    const now = clock.at.getTime();
    const happened = new Date(now - minutesAgo * 60_000).toISOString();
    return normalise({ messageId: `auto-${++sent}`, timestamp: happened, ...call }, type, {
      receivedAt: clock.at,
      wallNow: now,
      scale: 1,
      currency: 'RUB',
      phone: (value) => value,
      ip: () => null,
      fingerprint: (value) => value,
    });
  };
  return {
    ...database,
    clock,
    sourceId,
    outbox,
    shop,
    start,
    event,
    send: (...calls) => intake.submit(sourceId, calls.map(event)),
    async customer(kind, value) {
      const query = connect(database.pool).selectFrom('identities').select('customer_id');
      return (await query.where('kind', '=', kind).where('value', '=', value).executeTakeFirstOrThrow()).customer_id;
    },
    async liveRun(customerId, key = 'personal', dueAt = null, journey = 'abandonment') {
      const workflow_id = `${journey}:${customerId}:${key}`;
      const at = clock.at;
      const run = {
        id: newId(at),
        workflow_id,
        journey,
        class: 'abandonment',
        key,
        customer_id: customerId,
      };
      const times = { trigger_at: at, entered_at: at, read_seq: 0, settings_version: 1 };
      await database.db
        .insertInto('runs')
        .values({ ...run, ...times, due_at: dueAt })
        .execute();
      return workflow_id;
    },
  };
}
