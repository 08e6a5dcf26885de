import { sql } from 'kysely';
import { durationMs } from '#domain/duration.ts';
import { type Invariant, sentences } from './invariant.ts';

/** The reservation queue (J9): what its rows can show to be broken. */

export const oneHolder: Invariant = (db) =>
  sentences(
    db,
    sql`select format('item %s was offered for hold %s while hold %s had not ended', h.item_id, later.number, h.number) as what
      from holds h join holds later on later.item_id = h.item_id and later.number > h.number
      where h.ended_at is null or h.ended_at > later.offered_at`,
  );

/** At each offer nobody waits who has a lower number. */
export const servedInOrder: Invariant = (db) =>
  sentences(
    db,
    sql`select format('item %s was offered to place %s while place %s waited', h.item_id, p.number, ahead.number) as what
      from holds h join queue_places p on p.id = h.place_id
      join queue_places ahead on ahead.item_id = h.item_id and ahead.number < p.number
      where ahead.ended_at is null or ahead.ended_at > h.offered_at`,
  );

/** So long a queue may need for what is due when everything is at rest. */
const lateMs = durationMs('PT1H');

export const holdsEnd: Invariant = (db, { now, isAtRest, slackMs }) =>
  sentences(
    db,
    sql`select format('hold %s of item %s lives and %s', h.number, h.item_id, broken.why) as what
      from holds h join queue_places p on p.id = h.place_id cross join lateral (values
        (h.until < ${new Date(now.getTime() - lateMs - slackMs)} and ${isAtRest}, 'its time is over'),
        (h.until is null and ${isAtRest} and not exists (
          select from queue_notices n where n.hold_id = h.id and n.done_at is null), 'nobody is told of it'),
        (p.ended_at is not null and ${isAtRest}, 'whoever held it waits no more')
      ) as broken (holds, why) where h.ended_at is null and broken.holds`,
  );

/** Whoever waits is followed by a run, and hears how it ended. */
export const nobodyForgotten: Invariant = (db, { isAtRest }) =>
  sentences(
    db,
    sql`select format('place %s of item %s waits, and no run follows it', p.number, p.item_id) as what
      from queue_places p where p.ended_at is null and ${isAtRest}
        and not exists (select from runs r where r.key = p.item_id and r.journey = 'reservation' and r.ended_at is null)
      union all select format('place %s of item %s has ended as %s, and nobody was to be told', p.number, p.item_id, p.outcome)
      from queue_places p where p.outcome in ('expired', 'overtaken', 'sold')
        and not exists (select from queue_notices n where n.place_id = p.id and n.message <> 'offer')`,
  );
