import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import type { Selectable } from 'kysely';
import { afterAll } from 'vitest';
import { confirmRouter } from '#api/tracking/confirm-router.ts';
import { preferencesRouter } from '#api/tracking/preferences-router.ts';
import { trackingRouter } from '#api/tracking/tracking-router.ts';
import type { Db } from '#db/connect.ts';
import { newId } from '#db/ids.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Messages } from '#db/schema.ts';
import { workflowId } from '#domain/ids.ts';

export const secret = 'a secret of these tests';
export const sentAt = new Date('2026-03-01T12:00:00Z');

export const browser =
  'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/147.0.0.0 Safari/537.36';

export interface Gateway {
  url: string;
  /** Sets business time, in seconds after the message was accepted. */
  at(seconds: number): void;
  /** What was handed to the relay. */
  relayed: OutboxRow[];
  errors: string[];
}

/** The routers of tracking alone, on a port of their own. */
export async function gateway(db: Db): Promise<Gateway> {
  let now = new Date(sentAt.getTime() + 60_000);
  const relayed: OutboxRow[] = [];
  const errors: string[] = [];
  const deps = {
    db,
    clock: { now: () => now, time: { origin: 0, scale: 1 } },
    secret,
    relay: { push: (rows: OutboxRow[]) => void relayed.push(...rows) },
    log: { error: (_fields: object, message: string) => void errors.push(message) },
  };
  const app = express().use(trackingRouter(deps)).use(preferencesRouter(deps)).use(confirmRouter(deps));
  const server = createServer(app).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  const { port } = server.address() as AddressInfo;
  const at = (seconds: number) => {
    now = new Date(sentAt.getTime() + seconds * 1000);
  };
  return { url: `http://127.0.0.1:${port}`, at, relayed, errors };
}

export async function newCustomer(db: Db, traits: Record<string, string> = {}): Promise<string> {
  const id = newId(sentAt);
  await db
    .insertInto('customers')
    .values({ id, traits: JSON.stringify(traits), created_at: sentAt })
    .execute();
  return id;
}

/** An accepted cart message with two links, or what `change` makes of it. */
export async function newMessage(
  db: Db,
  customerId: string,
  change: Partial<Selectable<Messages>> = {},
): Promise<Selectable<Messages>> {
  return db
    .insertInto('messages')
    .values({
      id: newId(sentAt),
      customer_id: customerId,
      journey: 'abandonment',
      block: 'cart-1',
      channel: 'email',
      template: 'cart-reminder',
      locale: 'en',
      class: 'abandonment',
      kind: 'marketing',
      counts: true,
      state: 'accepted',
      settings_version: 1,
      address: 'anna@example.com',
      links: ['https://shop.example/cart', 'https://shop.example/p/чай?a=1&b=2'],
      due_at: sentAt,
      reserved_at: sentAt,
      accepted_at: sentAt,
      ...change,
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

/** A live run of the abandonment journey. */
export async function newRun(db: Db, customerId: string, key: string, ended = false): Promise<string> {
  const id = newId(sentAt);
  await db
    .insertInto('runs')
    .values({
      id,
      workflow_id: workflowId('abandonment', customerId, key),
      journey: 'abandonment',
      class: 'abandonment',
      key,
      customer_id: customerId,
      settings_version: 1,
      trigger_at: sentAt,
      entered_at: sentAt,
      read_seq: 1,
      ended_at: ended ? sentAt : null,
    })
    .execute();
  return id;
}

export function messageNow(db: Db, id: string): Promise<Selectable<Messages>> {
  return db.selectFrom('messages').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
}

export async function eventsOf(
  db: Db,
  id: string,
): Promise<{ kind: string; by: string | null; link: number | null }[]> {
  const query = db.selectFrom('message_events').select(['kind', 'by', 'link']).where('message_id', '=', id);
  return query.orderBy('at').execute();
}
