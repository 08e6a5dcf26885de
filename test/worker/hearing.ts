import type pg from 'pg';
import type { JourneyPort } from '#relay/port.ts';

/** In place of Temporal: writes down whom it is told to start. */
export function hearing(pool: pg.Pool): JourneyPort {
  const never = () => Promise.reject(new Error('only starts are told here'));
  return {
    signalWithStart: async ({ workflowId, notice }) => {
      await pool.query('insert into heard (workflow_id, at) values ($1, $2)', [workflowId, notice.at]);
    },
    signal: never,
    updateWithStart: never,
    query: never,
    describe: never,
    cancel: never,
    terminate: never,
  };
}
