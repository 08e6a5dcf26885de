import { spreadWishNews } from '#activities/item-event/spread.ts';
import type { JobName } from '#activities/jobs.ts';
import { releaseStarts } from '#activities/starts.ts';
import type { Db } from '#db/connect.ts';
import { refreshHabits } from '#db/habits.ts';
import type { OutboxRow } from '#db/outbox.ts';
import { tendPromoPools } from '#db/promo-pools.ts';
import { nextStartDue } from '#db/starts.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import { journeyQueue } from '#domain/queues.ts';
import { type Daily, nextDue, schedules } from '#worker/schedules.ts';
import type { Engine } from './engine.ts';
import { payloadsOf } from './sdk.ts';

/** Before the jobs of the night. In production housekeeping does it every hour; a year has many hours. */
const housekeeping: Daily = { time: '02:00', catchUp: 'PT0S' };
const habitsEveryMs = durationMs('PT1H');
const dayMs = durationMs('P1D');

interface Regular {
  /** The shop's. */
  zone: string;
  /** Of so many days only the first is so. */
  everyDays: number;
  onOutbox(rows: OutboxRow[]): void;
}

/** Starts the regular jobs when their schedules are due (`src/worker/schedules.ts`), does every night what is business in
 *  housekeeping (everybody's habits, promo codes made ahead), and by day starts the journeys that wait for their time. */
export function keepRegular(engine: Engine, db: Db, { zone, everyDays, onOutbox }: Regular): void {
  const everyDay = (daily: Daily, act: (due: number) => void) => {
    const wait = (after: number) => {
      const due = nextDue(daily, new Date(after), zone).getTime();
      engine.queue.add(due, () => {
        act(due);
        wait(due + (everyDays - 1) * dayMs);
      });
    };
    wait(engine.now);
  };
  everyDay(housekeeping, (due) =>
    engine.at(due, async () => {
      await refreshHabits(db, new Date(due), habitsEveryMs);
      await tendPromoPools(db, new Date(due));
    }),
  );
  for (const [name, daily] of Object.entries(schedules)) everyDay(daily, () => startJob(engine, name as JobName));
  everyDay(starts, (due) => engine.at(due, () => startWhoWaits(engine, db, onOutbox, due + everyDays * dayMs)));
}

/** After the jobs of the night, which write down who is to be started when. */
const starts: Daily = { time: '05:00', catchUp: 'PT0S' };
const startsAtOnce = 1_000;

/** Looks for who cares for better offers, and again when the next start is due, until the night after: in production workers look each second. */
async function startWhoWaits(engine: Engine, db: Db, onOutbox: Regular['onOutbox'], until: number): Promise<void> {
  await spreadWishNews(db, new Date(engine.now));
  onOutbox((await releaseStarts(db, new Date(engine.now), startsAtOnce)).rows);
  const next = await nextStartDue(db);
  if (next === null) return;
  const due = Math.max(engine.now + 1, next.getTime());
  if (due < until) engine.at(due, () => startWhoWaits(engine, db, onOutbox, until));
}

/** One that is still under way is not started again. */
function startJob(engine: Engine, name: JobName): void {
  const id = workflowId('job', name);
  if (engine.live(id)) return;
  const nothing = { headers: {}, memo: {}, searchAttributes: {} };
  engine.start({ workflowId: id, type: 'job', args: payloadsOf([name]), taskQueue: journeyQueue, ...nothing });
}
