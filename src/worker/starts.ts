import { setTimeout as sleep } from 'node:timers/promises';
import { spreadWishNews } from '#activities/item-event/spread.ts';
import { releaseAtPace } from '#activities/starts.ts';
import type { Db } from '#db/connect.ts';
import type { OutboxRow } from '#db/outbox.ts';
import type { Clock } from '#domain/clock.ts';
import { told } from '#domain/told.ts';

/** Wall time. */
export const startsDefaults = {
  everyMs: 1_000,
  /** Of all workers together. A million customers in half a day are 23. */
  perSecond: 25,
};

/** Of those who care for better offers so many are found, then starts that are due go on. */
const foundAtOnce = { steps: 200, enough: 1_000 };

export interface StartsDeps {
  db: Db;
  clock: Clock;
  relay: { push(rows: OutboxRow[]): Promise<void> };
  log: { warn(fields: object, message: string): void };
  options?: Partial<typeof startsDefaults>;
}

/**
 * Finds who cares for offers that have become better (`src/activities/item-event/spread.ts`) and starts journeys whose time has come
 * (`src/activities/starts.ts`), in every worker: a loop of its own, since the relay hands over what
 * it finds as fast as Temporal takes it, and housekeeping comes once a minute.
 */
export function createStarts({ db, clock, relay, log, ...deps }: StartsDeps) {
  const options = { ...startsDefaults, ...deps.options };
  const closing = new AbortController();
  let running: Promise<void> = Promise.resolve();

  /** How many were handed to the relay. */
  async function once(): Promise<number> {
    // By itself, so that a change that cannot be worked on keeps nobody's start waiting.
    await spreadWishNews(db, clock.now(), foundAtOnce).catch((error: unknown) =>
      log.warn({ err: told(error) }, 'Who cares for better offers could not be found; trying again'),
    );
    const { rows } = await releaseAtPace(db, clock.now(), options.perSecond);
    await relay.push(rows);
    return rows.length;
  }

  async function run(): Promise<void> {
    const { signal } = closing;
    while (!signal.aborted) {
      await once().catch((error: unknown) =>
        log.warn({ err: told(error) }, 'Journeys that are due could not be started; trying again'),
      );
      await sleep(options.everyMs, undefined, { signal }).catch(() => {});
    }
  }

  return {
    once,
    start() {
      running = run();
    },
    async close() {
      closing.abort();
      await running;
    },
  };
}
