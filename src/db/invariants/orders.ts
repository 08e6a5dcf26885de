import { sql } from 'kysely';
import { countingStates } from '#domain/ledger.ts';
import { type Invariant, sentences } from './invariant.ts';

/** J11: one order is followed at a time, the newest. Two that were two customers are told apart by whom the run was started for. */
export const oneOrderFollowed: Invariant = (db, { journeys, slackMs }) => {
  const names = Object.keys(journeys).filter((name) => journeys[name]?.followsOrders);
  return sentences(
    db,
    sql`select format('message %s of run %s speaks of order %L, though run %s had begun to follow the newer order %L',
        m.id, r.id, r.key, newer.id, newer.key) as what
      from runs r join runs newer on newer.customer_id = r.customer_id and newer.journey = r.journey
        and newer.trigger_at > r.trigger_at and split_part(newer.workflow_id, ':', 2) = split_part(r.workflow_id, ':', 2)
      join messages m on m.run_id = r.id and m.state = any(${countingStates}::text[])
        and m.reserved_at > newer.entered_at + ${slackMs}::float8 * interval '1 millisecond'
      where r.journey = any(${names}::text[])`,
  );
};
