import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { Clock } from '#domain/clock.ts';

/** Business time of the time-skipping server: whoever reads it has refreshed it before. */
export interface ServerClock extends Clock {
  refresh(): Promise<void>;
}

/** Scale 1: on the time-skipping server its own clock rules. */
export async function serverClock(
  environment: Pick<TestWorkflowEnvironment, 'currentTimeMs'>,
  wall: () => number = Date.now,
): Promise<ServerClock> {
  let ahead = Number.NEGATIVE_INFINITY;
  const clock: ServerClock = {
    time: { origin: 0, scale: 1 },
    // Between two refreshes it moves with the wall, as the server's does while it skips nothing.
    now: (at = wall()) => new Date(at + ahead),
    refresh: async () => {
      const server = await environment.currentTimeMs();
      // What is heard late tells of a time that has passed. It must not take the clock back: of two events the later would be the earlier.
      ahead = Math.max(ahead, server - wall());
    },
  };
  await clock.refresh();
  return clock;
}

/** Time is locked while an activity runs, so one refresh at its start is exact. */
export function refreshing(clock: ServerClock): ActivityInboundCallsInterceptor {
  return {
    async execute(input, next) {
      await clock.refresh();
      return next(input);
    },
  };
}
