import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { Db } from '#db/connect.ts';
import { type NewOutboxRow, type OutboxRow, putOutbox } from '#db/outbox.ts';
import { workflowId } from '#domain/ids.ts';
import type { Notice } from '#domain/journey.ts';

export const time = { origin: 0, scale: 1 };
export const silent = { info: () => {}, warn: () => {}, error: () => {} };

/** A signal to be relayed. The journey's type needs no worker: what counts is that Temporal has it. */
export function row(subject: string, change: Partial<NewOutboxRow> = {}): NewOutboxRow {
  return {
    workflow_id: workflowId('abandonment', subject, 'personal'),
    signal: 'start',
    journey: 'abandonment',
    customer_id: crypto.randomUUID(),
    key: 'personal',
    reason: 'Product Added',
    occurred_at: new Date('2026-03-01T12:00:00Z'),
    ...change,
  };
}

/** Puts rows down as a process does that is gone before it relays them: their claim has run out. */
export async function leaveBehind(db: Db, rows: NewOutboxRow[]): Promise<OutboxRow[]> {
  const put = await putOutbox(db, rows);
  await endClaims(db);
  return put;
}

export async function endClaims(db: Db): Promise<void> {
  await db
    .updateTable('outbox')
    .set({ claimed_until: new Date(0) })
    .execute();
}

export async function outbox(db: Db): Promise<OutboxRow[]> {
  return db.selectFrom('outbox').selectAll().orderBy('id').execute();
}

/** The notices that Temporal has for a run, in order; empty where it knows none. */
export async function notices(client: Client, id: string): Promise<Notice[]> {
  const { events } = await client.workflow.getHandle(id).fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionSignaledEventAttributes: signal }) => {
    const payload = signal?.input?.payloads?.[0];
    return payload ? [defaultPayloadConverter.fromPayload<Notice>(payload)] : [];
  });
}

/** Asks until it is so; fails after `seconds`, which only a fault reaches. */
export async function until(condition: () => Promise<boolean>, seconds = 60): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${seconds} s: ${condition}`);
    await sleep(25);
  }
}
