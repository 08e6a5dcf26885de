import type pg from 'pg';
import type { ActivityDeps } from '#activities/deps.ts';
import { createActivities } from '#activities/index.ts';
import type { Db } from '#db/connect.ts';
import { createIntake, type Intake } from '#db/intake.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { hasPromoPools } from '#db/promo-pools.ts';
import type { Clock } from '#domain/clock.ts';
import { defaultShop, type ShopSettings } from '#domain/shop.ts';
import type { JourneyPort } from '#relay/port.ts';
import { createRelay, type Relay } from '#relay/relay.ts';
import { workflowBundle } from '#worker/bundle.ts';
import { routing } from '#workflows/catalogue.ts';
import { Engine, type EngineOptions } from './engine.ts';
import { lanesOf } from './lanes.ts';
import { journeysOf } from './port.ts';
import { keepRegular } from './regular.ts';

export interface TimeMachineOptions
  extends Pick<EngineOptions, 'start' | 'seed' | 'maxCached' | 'taskLimitMs' | 'activityMs'> {
  db: Db;
  /** Where the database is: intake opens connections of its own there. */
  pool: pg.Pool;
  activities: Omit<ActivityDeps, 'db' | 'clock'>;
  shop?: () => ShopSettings;
  /** Regular jobs are started when their schedules are due, in the shop's zone, on every so many days: 1 as in production. By
   *  default there are none. */
  jobsEveryDays?: number;
}

/** Intake, relay, journeys and activities on a clock that goes only when it is told to. */
export interface TimeMachine {
  readonly clock: Clock;
  readonly intake: Intake;
  readonly relay: Relay;
  readonly port: JourneyPort;
  /** Takes outbox rows after the commit that wrote them, for whoever writes some without intake. */
  onOutbox(rows: OutboxRow[]): void;
  /** Does `act` when the machine comes to that instant, with the clock standing there and nothing else under way. */
  at(instant: Date, act: () => Promise<unknown>): void;
  /** Does all that is due until then, and stands there. */
  runUntil(instant: Date): Promise<void>;
  /** The same, for a number of milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Runs started, workflow tasks done, and instances rebuilt since the beginning. */
  readonly counts: Readonly<{ started: number; activations: number; rebuilt: number }>;
  close(): Promise<void>;
}

const silent = { info() {}, warn() {}, error() {} };

/** The real workflows and activities on PostgreSQL, without a server: docs/architecture.md, Time machine. One at a time in a
 *  process: ids are drawn from its seed. */
export async function createTimeMachine(options: TimeMachineOptions): Promise<TimeMachine> {
  const { db, pool, shop, start, seed, maxCached, taskLimitMs, activityMs } = options;
  let hasPools = false;
  let now = () => start.getTime();
  // The engine runs what puts rows there, and takes them.
  let push: (rows: OutboxRow[]) => void = () => {};
  const onOutbox = (rows: OutboxRow[]) => push(rows);
  const clock: Clock = { time: { origin: 0, scale: 1 }, now: () => new Date(now()) };
  const engine = await Engine.open({
    bundle: await workflowBundle(),
    activities: { ...createActivities({ ...options.activities, db, clock, onOutbox }) },
    start,
    seed,
    lanesOf: (_, [request]) => lanesOf(request, hasPools),
    ...(maxCached !== undefined && { maxCached }),
    ...(taskLimitMs !== undefined && { taskLimitMs }),
    ...(activityMs !== undefined && { activityMs }),
  });
  now = () => engine.time();
  const port = journeysOf(engine);
  const relay = createRelay({ db, port, time: clock.time, log: silent });
  push = (rows) => engine.waitFor(relay.push(rows));
  const intake = createIntake({ pool, clock, routing, onOutbox, isOn: () => true, ...(shop && { shop }) });
  const { zone } = shop?.() ?? defaultShop;
  if (options.jobsEveryDays !== undefined)
    keepRegular(engine, db, { zone, everyDays: options.jobsEveryDays, onOutbox });
  const runUntil = async (instant: number) => {
    hasPools ||= await hasPromoPools(db);
    await engine.runUntil(instant);
  };
  return {
    clock,
    intake,
    relay,
    port,
    onOutbox,
    at: (instant, act) => engine.at(instant.getTime(), act),
    runUntil: (instant) => runUntil(instant.getTime()),
    sleep: (ms) => runUntil(engine.now + ms),
    get counts() {
      return engine.counts;
    },
    async close() {
      await intake.close();
      await relay.close();
      await engine.close();
    },
  };
}
