import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { Clock } from '#domain/clock.ts';
import type { Event } from '#domain/events.ts';
import type { Routing } from '#domain/routing.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import { connect } from './connect.ts';
import { flush, type Incoming } from './intake-flush.ts';
import { Memory } from './intake-memory.ts';
import { Stale } from './intake-read.ts';
import { createPatience, RefusedEvents, Submission, sqlState } from './intake-submission.ts';
import type { OutboxRow } from './outbox.ts';
import { ensureMonths } from './partitions.ts';
import { pipelining, withClient } from './pipeline.ts';

export { RefusedEvents };

export interface IntakeOptions {
  /** Where the database is; intake opens two connections of its own there, which pipeline their statements. */
  pool: pg.Pool;
  clock: Clock;
  routing: Routing;
  /** Outbox rows just committed and claimed: to be relayed at once. Must not throw. */
  onOutbox(rows: OutboxRow[]): void;
  /** The shop's settings as they are now: whether advertising needs a recorded consent. */
  shop?: () => ShopSettings;
  /** Whether a journey that is off by default was switched on; none is, without it. */
  isOn?: (journey: string) => boolean;
  /** No journey hears of what comes in: it is a history. But a run goes on that joining customers takes to another. */
  isHistory?: boolean;
}

export interface Intake {
  /** Resolves when every event is committed (or was already). Rejects with RefusedEvents where the database can never
   *  take some of them (the others are committed), with Overloaded where nothing was tried, else with what failed. */
  submit(sourceId: string, events: Event[]): Promise<void>;
  /** Stores what waits, then lets go of the connections. */
  close(): Promise<void>;
}

/** The queue is full: come again later. */
export class Overloaded extends Error {}

/** Measured: 500 at a time cost PostgreSQL a fifth less than 200, more hardly less still, and their customers' locks are held
 *  for longer. */
const eventsPerFlush = 500;
/** So many flushes at once, each with its share of what there is: were one to take all, the others would have nothing to do, then
 *  the gateway, and so in turns. Nothing of one visitor is in two of them: in their order, and no flush waits for the other's
 *  lock on them. */
const lanes = 2;
/** A flush has a price of its own: while another is under way, fewer than so many events wait for more. */
const worthAFlush = 8;
/** A few seconds' worth. What comes beyond is told to come again, before memory ends. */
const mostWaiting = 20_000;
const mostWaitingBytes = 64 * 1024 * 1024;
const attempts = 10;

interface Waiting extends Incoming {
  /** What they are called by; of one, events go in their order. */
  visitor: string;
  submission: Submission;
  /** Place in the submission. */
  index: number;
}

/** Group commit: events that come while others are being stored wait and go together, in one transaction. Nothing in
 *  flight, nothing waits: a lone event is stored at once. */
export function createIntake(options: IntakeOptions): Intake {
  const pool = pipelining(options.pool, lanes);
  const store = storing(options, pool);
  const queue = createQueue(store);
  const patience = createPatience();
  let isClosed = false;

  return {
    submit(sourceId, events) {
      const bytes = events.reduce((sum, event) => sum + event.payload.length, 0);
      if (isClosed || queue.length + events.length > mostWaiting || queue.bytes + bytes > mostWaitingBytes) {
        return Promise.reject(new Overloaded('too many events wait to be stored'));
      }
      const submission = new Submission(events.length, patience.waiting);
      for (const [index, event] of events.entries())
        queue.push({ sourceId, event, visitor: visitorOf(event), submission, index });
      return submission.promise;
    },
    async close() {
      if (isClosed) return;
      isClosed = true;
      await queue.idle();
      patience.stop();
      await pool.end();
    },
  };
}

/** What waits, and when it goes: at once where nothing is under way, else when a flush is worth it. */
function createQueue(store: (batch: Waiting[]) => Promise<void>) {
  let waiting: Waiting[] = [];
  /** Of whom something is under way. */
  const visitors = new Set<string>();
  let flushes = 0;
  let underWay = 0;
  let bytes = 0;
  let isKicked = false;
  let onIdle: (() => void) | null = null;

  function kick(): void {
    if (isKicked) return;
    isKicked = true;
    // After all requests of this turn of the event loop are in.
    setImmediate(() => {
      isKicked = false;
      if (flushes === 0 && waiting.length === 0) onIdle?.();
      while (flushes < lanes && waiting.length >= (flushes === 0 ? 1 : share())) if (!start()) break;
    });
  }

  function share(): number {
    return Math.max(worthAFlush, Math.min(eventsPerFlush, Math.ceil((waiting.length + underWay) / lanes)));
  }

  /** A flush of what may go now: not of visitors of whom something is under way. False where that is nothing. */
  function start(): boolean {
    const most = share();
    const held = new Set<string>();
    const batch: Waiting[] = [];
    const left: Waiting[] = [];
    for (const one of waiting) {
      if (batch.length === most) break;
      const isHeld = visitors.has(one.visitor) || held.has(one.visitor);
      if (isHeld) held.add(one.visitor);
      (isHeld ? left : batch).push(one);
    }
    waiting = left.concat(waiting.slice(batch.length + left.length));
    if (batch.length > 0) void run(batch);
    return batch.length > 0;
  }

  async function run(batch: Waiting[]): Promise<void> {
    flushes += 1;
    underWay += batch.length;
    for (const { event, visitor } of batch) {
      bytes -= event.payload.length;
      visitors.add(visitor);
    }
    await store(batch);
    for (const { visitor } of batch) visitors.delete(visitor);
    flushes -= 1;
    underWay -= batch.length;
    kick();
  }

  return {
    get length() {
      return waiting.length;
    },
    get bytes() {
      return bytes;
    },
    push(one: Waiting) {
      waiting.push(one);
      bytes += one.event.payload.length;
      kick();
    },
    async idle() {
      const isIdle = new Promise<void>((resolve) => {
        onIdle = resolve;
      });
      kick();
      await isIdle;
    },
  };
}

function visitorOf({ who }: Event): string {
  return who.anonymousId ?? who.userId ?? who.email ?? who.phone ?? who.telegram ?? who.card ?? '';
}

/** Stores a batch, telling each event what became of it. Never rejects. */
function storing(options: IntakeOptions, pool: pg.Pool) {
  const { pool: shared, clock, routing, shop, isOn = () => false, isHistory = false, onOutbox } = options;
  const db = connect(shared);
  const kept = { memory: new Memory(), missed: new Map<string, number>() };

  return async function store(batch: Waiting[]): Promise<void> {
    try {
      const rows = await tryFlush(batch);
      for (const { submission } of batch) submission.stored();
      if (rows.length > 0) onOutbox(rows);
    } catch (error) {
      if (batch.length > 1 && isTheEventsFault(error)) for (const one of batch) await store([one]);
      else for (const { submission, index } of batch) submission.failed(index, error);
    }
  };

  async function tryFlush(batch: Waiting[]): Promise<OutboxRow[]> {
    await ensureMonthsOf(batch);
    const context = { now: clock.now(), routing, shop: shop?.() ?? defaultShop, isOn, isHistory, ...kept };
    for (let attempt = 1; ; attempt++) {
      try {
        return await withClient(pool, (client) => flush(client, batch, context));
      } catch (error) {
        if (attempt >= attempts || !isWorthRetrying(error)) throw error;
        await sleep(Math.random() * 5 * attempt);
      }
    }
  }

  async function ensureMonthsOf(batch: Waiting[]): Promise<void> {
    let last = -1;
    for (const { event } of batch) {
      const month = event.receivedAt.getUTCFullYear() * 12 + event.receivedAt.getUTCMonth();
      if (month !== last) await ensureMonths(db, ['events'], event.receivedAt);
      last = month;
    }
  }
}

/** Unique violation: another gateway stored the same event, or took the same identity, first. Deadlock and serialization
 *  failure: the database asks for it. */
function isWorthRetrying(error: unknown): boolean {
  return error instanceof Stale || ['23505', '40P01', '40001'].includes(sqlState(error) ?? '');
}

/** Data that cannot be stored, or that our own code stumbles over: one bad event must not take the others of its flush
 *  with it. */
function isTheEventsFault(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== undefined) return /^(22|23|54)/.test(state);
  return error instanceof TypeError || error instanceof RangeError;
}
