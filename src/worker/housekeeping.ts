import type { Db } from '#db/connect.ts';
import { refreshHabits } from '#db/habits.ts';
import { overdueRuns, pruneEventKeys } from '#db/housekeeping.ts';
import { pruneRequests } from '#db/message-requests.ts';
import { type OutboxRow, putOutbox } from '#db/outbox.ts';
import { tendPromoPools } from '#db/promo-pools.ts';
import { keepSegmentsFresh } from '#db/segments/refresh.ts';
import { pruneDeliveries } from '#db/webhook-endpoints.ts';
import type { Clock } from '#domain/clock.ts';
import type { JourneyPort } from '#relay/port.ts';

/** Wall time, where nothing else is said. */
export const housekeepingDefaults = {
  everyMs: 60_000,
  /** Segment's clients retry for hours; providers' webhooks for days. */
  keepEventKeysDays: 14,
  /** Webhooks of ours that were delivered or given up: so long somebody may look what became of them. */
  keepDeliveriesDays: 30,
  /** How late a step may be before somebody looks whether its workflow is alive. */
  overdueMs: 10 * 60_000,
  runsAtOnce: 100,
  /** Business time: how old everybody's habits may get. */
  habitsEveryMs: 60 * 60_000,
  /** Business time: how old members of segments may get. */
  segmentsEveryMs: 60 * 60_000,
};

export interface HousekeepingDeps {
  db: Db;
  clock: Clock;
  journeys: JourneyPort;
  relay: { push(rows: OutboxRow[]): Promise<void> };
  log: { warn(fields: object, message: string): void };
  options?: Partial<typeof housekeepingDefaults>;
}

/**
 * What has to be done now and then, by any number of workers: forgets old de-duplication keys and webhooks, learns anew when customers open
 * and how often they react (one worker an hour), makes promo codes ahead and tells of pools that run low (R8), and finds runs
 * that wait in the database without a workflow (Temporal's
 * data was lost or restored from a backup, somebody terminated it). Those would block their journey for the customer for
 * good; started again they go on where they stood.
 */
export function createHousekeeping(deps: HousekeepingDeps) {
  const options = { ...housekeepingDefaults, ...deps.options };
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  async function once(): Promise<void> {
    while ((await pruneEventKeys(deps.db, options.keepEventKeysDays)) > 0);
    while ((await pruneDeliveries(deps.db, options.keepDeliveriesDays)) > 0);
    await pruneRequests(deps.db, deps.clock.now(), options.keepEventKeysDays);
    await reviveRuns(deps, options);
    await refreshHabits(deps.db, deps.clock.now(), options.habitsEveryMs);
    await keepSegmentsFresh(deps.db, deps.clock.now(), options.segmentsEveryMs);
    for (const { name, sizes } of await tendPromoPools(deps.db, deps.clock.now()))
      deps.log.warn(
        { pool: name, sizes },
        'A pool of promo codes runs low; add codes, or name another pool in the settings of its journeys',
      );
  }

  function tick(): void {
    running = once().catch((error: unknown) => deps.log.warn({ err: error }, 'Housekeeping failed; it is tried again'));
  }

  return {
    once,
    start() {
      timer = setInterval(tick, options.everyMs);
    },
    async close() {
      clearInterval(timer);
      await running;
    },
  };
}

async function reviveRuns({ db, clock, journeys, relay, log }: HousekeepingDeps, options: typeof housekeepingDefaults) {
  const now = clock.now();
  const before = new Date(now.getTime() - options.overdueMs * clock.time.scale);
  for (const run of await overdueRuns(db, before, options.runsAtOnce)) {
    const { workflowId, journey, customerId, key } = run;
    if ((await journeys.describe(workflowId))?.state === 'running') continue;
    log.warn({ workflowId }, 'A run waits without a workflow; it is started again');
    const signal = { workflow_id: workflowId, signal: 'start', journey, customer_id: customerId, key };
    await relay.push(await putOutbox(db, [{ ...signal, reason: 'revived', occurred_at: now }]));
  }
}
