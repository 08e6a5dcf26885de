import type { Db } from '#db/connect.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { recomputeRecommendations } from '#db/recommend/recompute.ts';
import { refreshSegments } from '#db/segments/refresh.ts';
import { replenish } from './replenishment/job.ts';
import { planStarts } from './starts.ts';

/** What is computed anew now and then for the whole shop, by name: `src/worker/schedules.ts` says when. Each is safe to repeat, and
 *  to start twice at once; `now` is business time. What comes back stands in Temporal: counts, nothing of anybody. */
export const jobs = {
  metrics: metricsAndStarts,
  segments: refreshSegments,
  recommendations: recomputeRecommendations,
  replenishment: replenish,
} as const satisfies Record<string, (db: Db, now: Date) => Promise<JobReport>>;

export type JobName = keyof typeof jobs;
export const jobNames = Object.keys(jobs) as JobName[];

/** Null: another process is at it. */
export type JobReport = Readonly<Record<string, number>> | null;

/** What has moved starts journeys: written down by whoever has seen it move, so that no schedule comes between the two. */
async function metricsAndStarts(db: Db, now: Date): Promise<JobReport> {
  const refreshed = await refreshMetrics(db, now);
  return refreshed === null ? null : { ...refreshed, ...(await planStarts(db, now)) };
}

export interface JobActivities {
  runJob(name: JobName): Promise<JobReport>;
}
