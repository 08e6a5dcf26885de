import { Context } from '@temporalio/activity';
import { deliver } from './deliver.ts';
import type { ActivityDeps } from './deps.ts';
import { enter } from './enter.ts';
import { failingSafely } from './failures.ts';
import { finish } from './finish.ts';
import { type JobActivities, jobs } from './jobs.ts';
import type { JourneyActivities, SharedRunActivities } from './journeys.ts';
import { lookAtQueue } from './reservation/look.ts';
import { tell } from './tell.ts';

/** What the workers register, on the journeys' queue and on each channel's. */
export function createActivities(deps: ActivityDeps): JourneyActivities & SharedRunActivities & JobActivities {
  return {
    enter: (entry) => failingSafely(() => enter(deps, entry)),
    deliver: (request) => failingSafely(() => heartbeating(() => deliver(deps, request))),
    tell: (request) => failingSafely(() => heartbeating(() => tell(deps, request))),
    lookAtQueue: (request) => failingSafely(() => lookAtQueue(deps, request)),
    finish: (request) => failingSafely(() => finish(deps, request)),
    runJob: (name) => failingSafely(() => heartbeating(() => jobs[name](deps.db, deps.clock.now()))),
  };
}

/** A quick activity ends before its first heartbeat; a slow one tells that its worker lives, so that a killed worker is
 *  noticed long before the activity's time limit. */
async function heartbeating<T>(act: () => Promise<T>): Promise<T> {
  const context = Context.current();
  const beat = setInterval(() => context.heartbeat(), 5_000);
  try {
    return await act();
  } finally {
    clearInterval(beat);
  }
}
