import {
  Client,
  type ConnectionLike,
  ScheduleAlreadyRunning,
  type ScheduleOptions,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import { Temporal } from 'temporal-polyfill';
import type { JobName } from '#activities/jobs.ts';
import { toWall, wallDuration } from '#domain/clock.ts';
import { durationMs } from '#domain/duration.ts';
import { workflowId } from '#domain/ids.ts';
import type { TimeScale } from '#domain/journey.ts';
import { journeyQueue } from '#domain/queues.ts';
import { at, whenShown } from '#domain/zone.ts';

/** A job that is done once a business day. */
export interface Daily {
  /** On the shop's clock, at night: the statistics of a day are there when the morning's messages go. */
  time: string;
  /** Of missed ones (no Temporal, no worker), those within this business time are made up for. */
  catchUp: string;
}

/** When each regular job is done. One that is under way when its next time comes is not started again. */
export const schedules: Readonly<Record<JobName, Daily>> = {
  metrics: { time: '03:00', catchUp: 'PT12H' },
  segments: { time: '03:30', catchUp: 'PT12H' },
  recommendations: { time: '04:00', catchUp: 'PT12H' },
  replenishment: { time: '04:30', catchUp: 'PT12H' },
};

const names = Object.keys(schedules) as JobName[];

/** The next instant after `after` at which it is due, in business time. For whoever has a clock of its own: time machine, tests. */
export function nextDue({ time }: Daily, after: Date, zone: string): Date {
  const today = at(after, zone).toPlainDate();
  for (let days = 0; ; days += 1) {
    const local = today.add({ days }).toPlainDateTime(Temporal.PlainTime.from(time));
    const due = whenShown(local, zone, new Date(0));
    if (due > after) return due;
  }
}

export interface Scheduling {
  connection: ConnectionLike;
  namespace: string;
  time: TimeScale;
  /** Business time. */
  now: Date;
  /** The shop's. */
  zone: string;
}

/** Makes the schedules, or changes them to what is written here; one that somebody has paused stays so. Idempotent, and safe for
 *  several workers at once. */
export async function ensureSchedules({ connection, namespace, ...when }: Scheduling): Promise<void> {
  const client = new Client({ connection, namespace });
  for (const name of names) {
    const options = optionsOf(name, when);
    try {
      await client.schedule.create(options);
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw error;
      const { spec, action, policies } = options;
      await client.schedule.getHandle(options.scheduleId).update(({ state }) => ({
        spec,
        action: { ...action, workflowId: jobId(name) },
        state,
        ...(policies && { policies }),
      }));
    }
  }
}

const jobId = (name: JobName) => workflowId('job', name);

function optionsOf(name: JobName, when: Pick<Scheduling, 'time' | 'now' | 'zone'>) {
  return {
    scheduleId: jobId(name),
    spec: specOf(schedules[name], when),
    action: {
      type: 'startWorkflow',
      workflowType: 'job',
      workflowId: jobId(name),
      args: [name],
      taskQueue: journeyQueue,
    },
    policies: {
      overlap: ScheduleOverlapPolicy.SKIP,
      catchupWindow: Math.max(leastCatchUpMs, wallDuration(durationMs(schedules[name].catchUp), when.time)),
    },
  } satisfies ScheduleOptions;
}

/** Less is refused. */
const leastCatchUpMs = 10_000;
const leastEveryMs = 1_000;

/** Where business days are no days on the wall, an interval of one in wall time, from the first due instant on. */
function specOf(daily: Daily, { time, now, zone }: Pick<Scheduling, 'time' | 'now' | 'zone'>): ScheduleOptions['spec'] {
  const [hour = 0, minute = 0] = daily.time.split(':').map(Number);
  if (time.scale === 1) return { calendars: [{ hour, minute }], timezone: zone };
  const every = Math.max(leastEveryMs, Math.round(wallDuration(durationMs('P1D'), time)));
  const first = toWall(nextDue(daily, now, zone).getTime(), time);
  return { intervals: [{ every, offset: Math.floor(first) % every }] };
}
