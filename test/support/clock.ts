import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { Clock } from '#domain/clock.ts';

/** Business time of the time-skipping server: whoever reads it has refreshed it before. */
export interface ServerClock extends Clock {
  refresh(): Promise<void>;
}

/** Scale 1: on the time-skipping server its own clock rules. */
export async function serverClock(environment: TestWorkflowEnvironment): Promise<ServerClock> {
  let read = { server: 0, wall: 0 };
  const clock: ServerClock = {
    time: { origin: 0, scale: 1 },
    // Between two refreshes it moves with the wall, as the server's does while time is locked.
    now: () => new Date(read.server + (Date.now() - read.wall)),
    refresh: async () => {
      read = { server: await environment.currentTimeMs(), wall: Date.now() };
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
