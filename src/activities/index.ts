import { deliver } from './deliver.ts';
import type { ActivityDeps } from './deps.ts';
import { enter } from './enter.ts';
import { finish } from './finish.ts';
import type { JourneyActivities } from './journeys.ts';

/** What the workers register, on the journeys' queue and on each channel's. */
export function createActivities(deps: ActivityDeps): JourneyActivities {
  return {
    enter: (entry) => enter(deps, entry),
    deliver: (request) => deliver(deps, request),
    finish: (request) => finish(deps, request),
  };
}
