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
import type { Notice, TimeScale } from '#domain/journey.ts';
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
export function createRelay({ db, port, time, log, options }: RelayDeps): Relay {
  const settings = { ...relayDefaults, ...options };
  const limit = limiter(settings.concurrency);
  const counts: RelayCounts = { delivered: 0, failed: 0, refused: 0 };
  const onItsWay = new Set<Promise<unknown>>();
  const closing = new AbortController();
  const remove = remover(db);
  let misses = 0;
  let loop: Promise<void> | undefined;

  const down = () => misses >= settings.missesUntilDown;

  /** True when the signal was accepted. Rows whose claim runs out, or for which Temporal is down, stay as they are. */
  async function relay(row: OutboxRow, until: number, probe: boolean): Promise<boolean> {
    if (Date.now() > until || (down() && !probe)) return false;
    try {
      await tell(port, row, time);
    } catch (error) {
      await failed(row, error);
      return false;
    }
    misses = 0;
    counts.delivered += 1;
    await remove(row);
    return true;
  }

  async function failed(row: OutboxRow, error: unknown): Promise<void> {
    const refused = error instanceof RequestRefused;
    const last = refused ? settings.lastRetryOfRefusedMs : settings.lastRetryMs;
    if (refused) counts.refused += 1;
    else counts.failed += 1;
    if (!refused && ++misses === settings.missesUntilDown)
      log.warn({}, 'Temporal does not answer; signals wait in the outbox');
    const say = error instanceof Error ? `${error.name}: ${error.message}` : 'unknown error';
    if (refused)
      log.error(
        { workflowId: row.workflow_id, signal: row.signal, say },
        'Temporal refused a signal; it stays in the outbox',
      );
    await postpone(db, row, say, backoff(row.attempts, settings.firstRetryMs, last));
  }

  async function relayAll(rows: OutboxRow[], probe = false): Promise<number> {
    // Leaves a fifth of the claim for the call itself, so that two processes rarely tell the same.
    const until = Date.now() + claimSeconds * 800;
    const results = Promise.all(rows.map((row) => limit(() => guarded(relay(row, until, probe)))));
    onItsWay.add(results);
    try {
      return (await results).filter(Boolean).length;
    } finally {
      onItsWay.delete(results);
    }
  }

  /** The database may be away too; the row is then still there when it is back. */
  function guarded(result: Promise<boolean>): Promise<boolean> {
    return result.catch((error: unknown) => {
      log.error({ err: error }, 'The outbox could not be updated; its rows will be relayed again');
      return false;
    });
  }

  async function drain(): Promise<number> {
    let total = 0;
    while (!closing.signal.aborted) {
      const probe = down();
      const rows = await claimOutbox(db, probe ? 1 : settings.batch);
      if (rows.length === 0) break;
      total += await relayAll(rows, probe);
      if (down()) break;
      if (probe) log.info({}, 'Temporal answers again');
    }
    return total;
  }

  async function run(): Promise<void> {
    while (!closing.signal.aborted) {
      await drain().catch((error: unknown) => log.error({ err: error }, 'The outbox could not be read; trying again'));
      await sleep(settings.pollMs, undefined, { signal: closing.signal }).catch(() => {});
    }
  }

  return {
    counts,
    drain,
    backlog: () => outboxBacklog(db),
    push: async (rows) => void (await relayAll(rows)),
    start: () => {
      loop ??= run();
    },
    close: async () => {
      closing.abort();
      await loop;
      await Promise.allSettled(onItsWay);
    },
  };
}

async function tell(port: JourneyPort, row: OutboxRow, time: TimeScale): Promise<void> {
  const at = row.occurred_at.toISOString();
  const notice: Notice = { kind: kindOf(row.signal), reason: row.reason, at };
  if (notice.kind === 'start') {
    const entry = { journey: row.journey, customerId: row.customer_id, key: row.key, triggerAt: at, time };
    await port.signalWithStart({ workflowId: row.workflow_id, entry, notice });
  } else {
    // Nothing runs by that id: there is nobody to tell.
    await port.signal(row.workflow_id, notice);
  }
}

function kindOf(signal: string): Notice['kind'] {
  if (signal === 'start' || signal === 'goal' || signal === 'exit') return signal;
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
