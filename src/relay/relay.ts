import { setTimeout as sleep } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import {
  type Backlog,
  claimOutbox,
  claimSeconds,
  deleteDelivered,
  type OutboxRow,
  outboxBacklog,
  postpone,
} from '#db/outbox.ts';
import type { DB } from '#db/schema.ts';
import { type Notice, noticeKinds, type TimeScale } from '#domain/journey.ts';
import { limiter } from './limit.ts';
import { type JourneyPort, RequestRefused } from './port.ts';

/** All in wall time. */
export const relayDefaults = {
  /** Signals on their way at once, per process. */
  concurrency: 32,
  /** Rows that the loop claims at once. */
  batch: 200,
  /** Between two looks of an idle loop. */
  pollMs: 500,
  /** Failures in a row after which Temporal counts as down and is only probed. */
  missesUntilDown: 3,
  /** While it is down, one of the rows pushed in so much time is tried: a gateway has no loop that would notice the end. */
  probeMs: 1_000,
  /** The first retry comes after `firstRetryMs`, each further one after twice that, up to the last. */
  firstRetryMs: 250,
  /** Temporal away: it comes back as a whole, so nobody waits long. */
  lastRetryMs: 5_000,
  /** A request that Temporal refuses needs somebody to change something. */
  lastRetryOfRefusedMs: 600_000,
};

export interface RelayLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface RelayDeps {
  db: Kysely<DB>;
  port: JourneyPort;
  /** Travels in each entry. */
  time: TimeScale;
  log: RelayLog;
  options?: Partial<typeof relayDefaults>;
}

export interface RelayCounts {
  delivered: number;
  /** Temporal did not answer; tried again. */
  failed: number;
  /** Temporal refused; tried again rarely. */
  refused: number;
}

export interface Relay {
  /** Delivers rows that the caller has claimed, at once. Never rejects: what fails stays in the outbox for the loop. */
  push(rows: OutboxRow[]): Promise<void>;
  /** Delivers all that is due now; how many signals were accepted. */
  drain(): Promise<number>;
  /** Drains every `pollMs` until closed. */
  start(): void;
  /** Stops the loop and waits for what is on its way. */
  close(): Promise<void>;
  readonly counts: RelayCounts;
  backlog(): Promise<Backlog>;
}

/** Outbox → journeys. At least once: every signal is idempotent by its content. Any number of relays may run at once. */
export function createRelay(deps: RelayDeps): Relay {
  return new OutboxRelay(deps);
}

class OutboxRelay implements Relay {
  readonly counts: RelayCounts = { delivered: 0, failed: 0, refused: 0 };
  private readonly deps: RelayDeps;
  private readonly options: typeof relayDefaults;
  private readonly limit: <T>(task: () => Promise<T>) => Promise<T>;
  private readonly remove: (row: OutboxRow) => Promise<void>;
  private readonly onItsWay = new Set<Promise<unknown>>();
  private readonly closing = new AbortController();
  private loop: Promise<void> | null = null;
  /** Calls in a row that Temporal did not answer. */
  private misses = 0;
  private nextProbeAt = 0;

  constructor(deps: RelayDeps) {
    this.deps = deps;
    this.options = { ...relayDefaults, ...deps.options };
    this.limit = limiter(this.options.concurrency);
    this.remove = remover(deps.db);
  }

  async push(rows: OutboxRow[]): Promise<void> {
    await this.relayAll(rows, false);
  }

  async drain(): Promise<number> {
    let total = 0;
    while (!this.closing.signal.aborted) {
      const isProbe = this.isDown();
      const rows = await claimOutbox(this.deps.db, isProbe ? 1 : this.options.batch);
      if (rows.length === 0) break;
      total += await this.relayAll(rows, isProbe);
      if (this.isDown()) break;
      if (isProbe) this.deps.log.info({}, 'Temporal answers again');
    }
    return total;
  }

  start(): void {
    this.loop ??= this.run();
  }

  async close(): Promise<void> {
    this.closing.abort();
    await this.loop;
    await Promise.allSettled(this.onItsWay);
  }

  backlog(): Promise<Backlog> {
    return outboxBacklog(this.deps.db);
  }

  private async run(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await this.drain().catch((err: unknown) => {
        this.deps.log.error({ err }, 'The outbox could not be read; trying again');
      });
      await sleep(this.options.pollMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Resolves with how many signals were accepted. */
  private async relayAll(rows: OutboxRow[], isProbe: boolean): Promise<number> {
    // Leaves a fifth of the claim for the call itself, so that two processes rarely tell the same.
    const until = Date.now() + claimSeconds * 800;
    const results = Promise.all(rows.map((row) => this.limit(() => this.relay(row, until, isProbe))));
    this.onItsWay.add(results);
    try {
      return (await results).filter(Boolean).length;
    } finally {
      this.onItsWay.delete(results);
    }
  }

  /** True when the signal was accepted. Rows whose claim runs out, or for which Temporal is down, stay as they are. */
  private async relay(row: OutboxRow, until: number, isProbe: boolean): Promise<boolean> {
    if (Date.now() > until || !(isProbe || this.mayTry())) return false;
    try {
      const failure = await tell(this.deps.port, row, this.deps.time).then(() => null, asError);
      if (failure === null) await this.delivered(row);
      else await this.failed(row, failure);
      return failure === null;
    } catch (err) {
      // The database is away as well; the row will be there when it is back.
      this.deps.log.error({ err }, 'The outbox could not be updated; its rows will be relayed again');
      return false;
    }
  }

  private async delivered(row: OutboxRow): Promise<void> {
    this.misses = 0;
    this.counts.delivered += 1;
    await this.remove(row);
  }

  private async failed(row: OutboxRow, failure: Error): Promise<void> {
    const { db, log } = this.deps;
    const { firstRetryMs, lastRetryMs, lastRetryOfRefusedMs, missesUntilDown } = this.options;
    const say = `${failure.name}: ${failure.message}`;
    if (failure instanceof RequestRefused) {
      this.counts.refused += 1;
      log.error(
        { workflowId: row.workflow_id, signal: row.signal, say },
        'Temporal refused a signal; it will be tried rarely',
      );
      await postpone(db, row, say, backoff(row.attempts, firstRetryMs, lastRetryOfRefusedMs));
      return;
    }
    this.counts.failed += 1;
    this.misses += 1;
    this.nextProbeAt = Date.now() + this.options.probeMs;
    if (this.misses === missesUntilDown) log.warn({ say }, 'Temporal does not answer; signals wait in the outbox');
    await postpone(db, row, say, backoff(row.attempts, firstRetryMs, lastRetryMs));
  }

  private mayTry(): boolean {
    if (!this.isDown()) return true;
    if (Date.now() < this.nextProbeAt) return false;
    this.nextProbeAt = Date.now() + this.options.probeMs;
    return true;
  }

  private isDown(): boolean {
    return this.misses >= this.options.missesUntilDown;
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error('unknown error');
}

async function tell(port: JourneyPort, row: OutboxRow, time: TimeScale): Promise<void> {
  const at = row.occurred_at.toISOString();
  const notice: Notice = { kind: kindOf(row.signal), reason: row.reason, at };
  if (notice.kind === 'start') {
    const entry = { journey: row.journey, customerId: row.customer_id ?? '', key: row.key, triggerAt: at, time };
    await port.signalWithStart({ workflowId: row.workflow_id, entry, notice });
  } else {
    // Nothing runs by that id: there is nobody to tell.
    await port.signal(row.workflow_id, notice);
  }
}

function kindOf(signal: string): Notice['kind'] {
  const kind = noticeKinds.find((known) => known === signal);
  if (kind !== undefined) return kind;
  throw new RequestRefused(`unknown signal ${signal}`);
}

/** Doubles from `first` to `last`, with up to a quarter of jitter. */
function backoff(attempts: number, first: number, last: number): number {
  return Math.min(last, first * 2 ** Math.min(attempts, 30)) * (1 + Math.random() / 4);
}

/** Deletes rows in one statement for all that were delivered while the previous one ran. */
function remover(db: Kysely<DB>): (row: OutboxRow) => Promise<void> {
  let waiting: OutboxRow[] = [];
  let next: Promise<void> | undefined;
  let current: Promise<unknown> = Promise.resolve();
  return (row) => {
    waiting.push(row);
    next ??= current.then(() => {
      const rows = waiting;
      waiting = [];
      next = undefined;
      const done = deleteDelivered(db, rows);
      current = done.catch(() => {});
      return done;
    });
    return next;
  };
}
