import { proxyActivities } from '@temporalio/workflow';
import type { JobActivities, JobName, JobReport } from '#activities/jobs.ts';

/** A regular job, one activity: schedules start it (`src/worker/schedules.ts`), so that it is seen, repeated and paused in Temporal. */
export async function job(name: JobName): Promise<JobReport> {
  const { runJob } = proxyActivities<JobActivities>({
    summary: name,
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: '20 seconds',
    retry: { initialInterval: '10 seconds', maximumInterval: '10 minutes', maximumAttempts: 10 },
  });
  return runJob(name);
}
