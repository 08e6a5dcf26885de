import { sql } from 'kysely';
import { type Invariant, sentences } from './invariant.ts';

/**
 * No submission of marketing begins after an unsubscribe's commit (R9): at each decision to send, the newest word on advertising for
 * the channel, and the one for all channels, must not have been no.
 *
 * A word that came as an event counts from when it was received, for it may have been said before. Customers to whom others were
 * joined are left out: whose word it was before that is not kept.
 */
export const nothingAfterNo: Invariant = (db, { slackMs }) =>
  sentences(
    db,
    sql`
    with said as (
      select c.customer_id, c.channel, c.state, c.at, c.id, coalesce((
        select min(e.received_at) from events e
        where e.customer_id = c.customer_id and e.occurred_at = c.at and e.name = c.source), c.at) as heard_at
      from consents c
      where c.purpose = 'advertising' and c.topic = '*'
        and not exists (select from customers joined where joined.merged_into = c.customer_id)
    )
    select format('message %s was decided on at %s; customer %s had said no to %s at %s',
      m.id, d.at, m.customer_id, newest.channel, newest.heard_at) as what
    from decisions d join messages m on m.id = d.message_id
    cross join lateral (
      select distinct on (s.channel) s.channel, s.state, s.heard_at from said s
      where s.customer_id = m.customer_id and s.channel in (m.channel, '*')
        and s.heard_at < d.at - ${slackMs}::float8 * interval '1 millisecond'
      order by s.channel, s.at desc, s.id desc
    ) newest
    where d.decision = 'send' and m.kind = 'marketing' and newest.state = 'denied'
      -- A word that was heard while it was decided may be the yes that made it possible.
      and not exists (
        select from said s where s.customer_id = m.customer_id and s.channel in (m.channel, '*') and s.state = 'granted'
          and s.at >= newest.heard_at and s.heard_at <= d.at + ${slackMs}::float8 * interval '1 millisecond')`,
  );
