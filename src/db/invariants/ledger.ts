import { sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import { type Any, type Invariant, sentences } from './invariant.ts';

/** What the ledger of messages promises. */

/** What a state must have beside it, and what it cannot have. */
export const statesLegal: Invariant = (db, { slackMs }) =>
  sentences(
    db,
    sql`select format('message %s is %s, %s', m.id, m.state, broken.why) as what
      from messages m cross join lateral (values
        (m.state in ('accepted', 'delivered') and m.accepted_at is null, 'and nobody knows since when'),
        (m.state = 'delivered' and m.delivered_at is null, 'and has no time of delivery'),
        (m.state = 'failed' and m.failed_at is null, 'and has no time of failure'),
        (m.state in ('reserved', 'dropped') and (m.accepted_at is not null or m.delivered_at is not null), 'and was accepted'),
        (m.state = 'submitting' and m.lease_until is null, 'and nobody holds its lease'),
        (m.state in ('reserved', 'dropped') and m.clicked_at is not null, 'and its links were followed'),
        ((m.opened_at is null) <> (m.opened_by is null), 'and it was opened by nobody'),
        (m.accepted_at < m.reserved_at - ${slackMs}::float8 * interval '1 millisecond', 'and was accepted before it was reserved')
      ) as broken (holds, why) where broken.holds`,
  );

/** Whatever went, or may have gone, was decided on. */
export const sendsDecided: Invariant = (db) =>
  sentences(
    db,
    sql`select format('message %s is %s, and no decision sent it', m.id, m.state) as what from messages m
      where m.state <> 'dropped' and not exists (
        select from decisions d where d.message_id = m.id and d.decision = 'send' and d.block = m.block and d.iteration = m.iteration)`,
  );

/** And whatever was to be sent is in the ledger. */
export const sendsKept: Invariant = (db) =>
  sentences(
    db,
    sql`select format('decision %s sent a message that the ledger does not have', d.id) as what from decisions d
      where d.decision = 'send' and not exists (select from messages m where m.id = d.message_id)`,
  );

export const stepsOnce: Invariant = (db) =>
  sentences(
    db,
    sql`select format('step %s of run %s is in the ledger %s times for %s (iteration %s)', block, run_id, count(*), channel, iteration) as what
      from messages where run_id is not null group by run_id, customer_id, block, iteration, channel having count(*) > 1`,
  );

/** No key of the database says so: it was too dear to be asked for each message. */
export const nobodysMissing: Invariant = (db) =>
  sentences(
    db,
    sql`select format('message %s belongs to customer %s and run %s, who are not both there', m.id, customer_id, run_id) as what
      from messages m where not exists (select from customers where id = m.customer_id)
        or (m.run_id is not null and not exists (select from runs where id = m.run_id))
      union all select format('block %s belongs to run %s, which is not there', block, run_id)
      from run_blocks b where not exists (select from runs where id = b.run_id)`,
  );

/** No marketing message twice: the same words on the same goods, to the same customer, sooner than the journey repeats itself. Two that were
 *  two customers when they were written to are told apart by whom the run was started for. */
export const nothingTwice: Invariant = async (db, { journeys }) => {
  const found: string[] = [];
  for (const [journey, { repeatAfterMs }] of Object.entries(journeys))
    if (repeatAfterMs !== undefined) found.push(...(await repeated(db, journey, repeatAfterMs)));
  return found;
};

function repeated(db: Any, journey: string, repeatAfterMs: number): Promise<string[]> {
  return sentences(
    db,
    sql`select format('message %s repeats message %s to customer %s: %s by %s on the same goods, after %s hours',
        id, before, customer_id, template, channel, round(extract(epoch from reserved_at - before_at) / 3600, 1)) as what
      from (
        select m.*, lag(m.id) over same as before, lag(m.reserved_at) over same as before_at
        from messages m join runs r on r.id = m.run_id
        where m.journey = ${journey} and m.kind = 'marketing' and m.state in ('accepted', 'delivered', 'unknown')
        window same as (
          partition by m.customer_id, split_part(r.workflow_id, ':', 2), r.key, m.channel, m.template,
            array(select unnest(m.goods) order by 1)
          order by m.reserved_at, m.id)
      ) sent
      where reserved_at < before_at + ${repeatAfterMs}::float8 * interval '1 millisecond'`,
  );
}

const longestSubmission = durationMs('PT10M');

/** Nobody is at it any more, and it is neither here nor there. */
export const nothingPending: Invariant = async (db, { isAtRest }) => {
  if (!isAtRest) return [];
  return sentences(
    db,
    sql`select format('message %s is %s, and nobody is at it any more', m.id, m.state) as what
      from messages m left join runs r on r.id = m.run_id
      where m.state = 'submitting' and m.lease_until < now() - ${longestSubmission} * interval '1 millisecond'
        or m.state in ('reserved', 'submitting') and r.ended_at is not null`,
  );
};
