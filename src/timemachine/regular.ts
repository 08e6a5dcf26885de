import type { JobName } from '#activities/jobs.ts';
import type { Db } from '#db/connect.ts';
import { refreshHabits } from '#db/habits.ts';
import { tendPromoPools } from '#db/promo-pools.ts';
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

/** Starts the regular jobs when their schedules are due (`src/worker/schedules.ts`), and does every night what is business in
 *  housekeeping: everybody's habits, promo codes made ahead. `zone`: the shop's; of `everyDays` days only the first is so. */
export function keepRegular(engine: Engine, db: Db, { zone, everyDays }: { zone: string; everyDays: number }): void {
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
}

/** One that is still under way is not started again. */
function startJob(engine: Engine, name: JobName): void {
  const id = workflowId('job', name);
  if (engine.live(id)) return;
  const nothing = { headers: {}, memo: {}, searchAttributes: {} };
  engine.start({ workflowId: id, type: 'job', args: payloadsOf([name]), taskQueue: journeyQueue, ...nothing });
}
