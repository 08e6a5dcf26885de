import { type NativeConnection, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import type { ActivityDeps } from '#activities/deps.ts';
import { createActivities } from '#activities/index.ts';
import type { Db } from '#db/connect.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { currentShop } from '#db/settings.ts';
import { type ChannelName, channelNames } from '#domain/journey.ts';
import { journeyQueue, sendQueue } from '#domain/queues.ts';
import { told } from '#domain/told.ts';
import type { JourneyPort } from '#relay/port.ts';
import { createRelay } from '#relay/relay.ts';
import { workflowBundle } from './bundle.ts';
import { createHousekeeping } from './housekeeping.ts';
import { ensureSchedules } from './schedules.ts';
import { createStarts } from './starts.ts';
import { createWebhooks } from './webhooks.ts';

export type Rates = Partial<Record<ChannelName, number>>;

export interface WorkerDeps {
  /** For the relay and housekeeping. Activities have connections of their own, whose plans are for single rows. */
  db: Db;
  connection: NativeConnection;
  namespace: string;
  activities: ActivityDeps;
  journeys: JourneyPort;
  log: Logger;
  cachedWorkflows: number;
  /** Messages a second by channel, of all workers together; where none is given there is no limit. */
  rates?: Rates;
  /** Journeys that lifecycle stages start, a second of the wall, of all workers together. */
  startsPerSecond?: number;
  /** Milliseconds that activities under way get when the worker closes. */
  graceMs: number;
}

export interface RunningWorker {
  /** Rejects when a worker has failed for good; resolves after `close`. */
  done: Promise<void>;
  /** Takes no new work, finishes what is under way. Idempotent. */
  close(): Promise<void>;
}

/** Workers of the journeys' queue and of each channel's, and the loop that relays what gateways have left behind. */
export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { db } = deps;
  const { clock } = deps.activities;
  const relay = createRelay({ db, port: deps.journeys, time: clock.time, log: deps.log });
  const activities = { ...deps.activities, onOutbox: (rows: OutboxRow[]) => void relay.push(rows) };
  const workers = await Promise.all(
    (await workerOptions({ ...deps, activities })).map((options) => Worker.create(options)),
  );
  relay.start();
  await schedule(deps);
  const housekeeping = createHousekeeping({ db, clock, journeys: deps.journeys, relay, log: deps.log });
  housekeeping.start();
  const starts = createStarts({
    db,
    clock,
    relay,
    log: deps.log,
    ...(deps.startsPerSecond !== undefined && { options: { perSecond: deps.startsPerSecond } }),
  });
  starts.start();
  const webhooks = createWebhooks({ db, secret: deps.activities.secret, log: deps.log });
  webhooks.start();
  const shutdown = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  // One that fails takes the others along: half a worker would look alive and do half the work.
  const runs = workers.map((worker) => worker.run().finally(shutdown));
  const done = Promise.allSettled(runs).then(async (results) => {
    await housekeeping.close();
    await starts.close();
    await webhooks.close();
    await relay.close();
    const failed = results.find((result) => result.status === 'rejected');
    if (failed) throw failed.reason;
  });
  return {
    done,
    close: () => {
      shutdown();
      return done;
    },
  };
}

/** Journeys go on without them: what is computed by schedules only grows old. */
async function schedule({ connection, namespace, db, activities: { clock }, log }: WorkerDeps): Promise<void> {
  const { zone } = await currentShop(db);
  await ensureSchedules({ connection, namespace, zone, time: clock.time, now: clock.now() }).catch((error: unknown) =>
    log.warn({ err: told(error) }, 'Schedules could not be made; they are when a worker starts again'),
  );
}

async function workerOptions(deps: WorkerDeps): Promise<WorkerOptions[]> {
  const { connection, namespace, graceMs, rates = {} } = deps;
  const activities = createActivities(deps.activities);
  const common = { connection, namespace, activities, shutdownGraceTime: graceMs };
  const channels = channelNames.filter((name) => deps.activities.channels[name] !== undefined);
  return [
    {
      ...common,
      taskQueue: journeyQueue,
      workflowBundle: await workflowBundle(),
      maxCachedWorkflows: deps.cachedWorkflows,
    },
    ...channels.map((name) => ({
      ...common,
      taskQueue: sendQueue(name),
      ...(rates[name] !== undefined && { maxTaskQueueActivitiesPerSecond: rates[name] }),
    })),
  ];
}
