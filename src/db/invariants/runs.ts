import { sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import { type Invariant, sentences } from './invariant.ts';

/** Every run has ended, or waits with a deadline. */

/** Between two waits a run has neither block nor deadline, for as long as an activity takes. */
export const runsWait: Invariant = (db, { isAtRest }) =>
  sentences(
    db,
    sql`select format('run %s lives and %s', id, broken.why) as what
      from runs r cross join lateral (values
        (r.due_at is null and (r.block is not null or ${isAtRest}), 'has no deadline'),
        (r.due_at is not null and r.block is null, 'waits for nothing'),
        (r.outcome is not null, 'has an outcome')
      ) as broken (holds, why) where r.ended_at is null and broken.holds`,
  );

/** So long a worker may need for what is due when everything is at rest. */
const overdueMs = durationMs('PT1H');

export const noneOverdue: Invariant = async (db, { isAtRest, now, slackMs }) => {
  if (!isAtRest) return [];
  const latest = new Date(now.getTime() - overdueMs - slackMs);
  return sentences(
    db,
    sql`select format('run %s was due at %s and has not moved', id, due_at) as what
      from runs where ended_at is null and due_at < ${latest}`,
  );
};

/** Of journeys whose starts wait for their time. */
export const noStartOverdue: Invariant = async (db, { isAtRest, now, slackMs }) => {
  if (!isAtRest) return [];
  const latest = new Date(now.getTime() - overdueMs - slackMs);
  return sentences(
    db,
    sql`select format('customer %s was to be started in %s at %s and still waits', customer_id, journey, due_at) as what
      from waiting_starts where due_at < ${latest}`,
  );
};

export const endsWhole: Invariant = (db) =>
  sentences(
    db,
    sql`select format('run %s has ended %s', id, broken.why) as what
      from runs r cross join lateral (values
        (r.outcome is null, 'without an outcome'),
        (r.block is not null or r.due_at is not null, 'and waits'),
        (r.ended_at < r.entered_at, 'before it began')
      ) as broken (holds, why) where r.ended_at is not null and broken.holds`,
  );

/** Runs of one workflow id are of one customer, also before anybody was joined to them. */
export const onceIsOnce: Invariant = (db, { journeys }) => {
  const names = Object.keys(journeys).filter((name) => journeys[name]?.once);
  return sentences(
    db,
    sql`select format('%s has come to its end %s times, and goes once', workflow_id, count(*)) as what
      from runs where journey = any(${names}::text[]) and ended_at is not null and outcome is distinct from 'exited:merged'
      group by workflow_id having count(*) > 1`,
  );
};

export const plansLive: Invariant = (db) =>
  sentences(
    db,
    sql`select format('run %s plans a message %s', id, case when ended_at is null then 'for no time' else 'and has ended' end) as what
      from runs where plan is not null and (ended_at is not null or due_at is null)`,
  );

/** Entered = waiting + passed + dropped: a live run waits in the block that it is said to wait in, and in no other; an ended one in
 *  none. In the run of an item many wait, each in a block of their own. */
export const blocksBalance: Invariant = (db, { slackMs }) =>
  sentences(
    db,
    sql`with open as (
        select r.id, r.block, r.ended_at, r.customer_id, array_agg(b.block order by b.block) filter (where b.block is not null and b.left_at is null) as waits,
          bool_or(b.left_at < b.entered_at - ${slackMs}::float8 * interval '1 millisecond') as left_early
        from runs r left join run_blocks b on b.run_id = r.id group by r.id, r.block, r.ended_at, r.customer_id
      )
      select format('run %s: %s', id, broken.why) as what
      from open cross join lateral (values
        (ended_at is not null and waits is not null, format('it has ended and still waits in %s', waits)),
        (ended_at is null and block is not null and customer_id is not null and waits is distinct from array[block],
          format('it is to wait in %s and waits in %s', block, coalesce(waits::text, 'none'))),
        (left_early, 'it left a block before it came there')
      ) as broken (holds, why) where broken.holds`,
  );

/** Counts as they are shown (V1), over all runs. */
export const countsBalance: Invariant = (db) =>
  sentences(
    db,
    sql`select format('block %s of %s: %s entered, and %s wait, passed or dropped', block, journey, entered, others) as what
      from (
        select r.journey, b.block, count(*) as entered, count(*) filter (where b.result is null and b.left_at is null)
          + count(*) filter (where b.result = 'passed') + count(*) filter (where b.result = 'dropped') as others
        from runs r join run_blocks b on b.run_id = r.id group by 1, 2) counted
      where entered <> others`,
  );

export const outboxDrained: Invariant = async (db, { isAtRest }) => {
  if (!isAtRest) return [];
  return sentences(
    db,
    sql`select format('signal %s for %s waits in the outbox (%s)', signal, workflow_id, coalesce(last_error, 'no error')) as what
      from outbox`,
  );
};
