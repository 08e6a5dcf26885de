import { type RawBuilder, sql } from 'kysely';
import type { EmailCounts } from '#domain/email-health.ts';
import type { Db } from './connect.ts';

export const emailGroups = ['day', 'week', 'month', 'journey', 'message', 'domain'] as const;
export type EmailGroup = (typeof emailGroups)[number];

export interface EmailHealthAsked {
  /** When they were decided on, half-open. A letter never moves from one day to another. */
  from: Date;
  to: Date;
  by: EmailGroup;
  /** IANA name: whose days, weeks (from Monday) and months. */
  zone: string;
}

export type EmailPart = EmailCounts & { key: string };

/** A domain of fewer people may be somebody's own, and would say what they did. */
const fewestPeople = 10;
const mostDomains = 100;

/**
 * What became of the letters of that time, by group: dates ascending, else what was sent most of first. Test sends are left out.
 * Domains of few people, those behind the hundredth, and the letters of who was erased are `other` together.
 *
 * The days are found by the BRIN index of `reserved_at`. Which failures were bounces only the events tell, by
 * `message_events_message`; that they are for the failed alone is said inside, else each letter is looked up (measured: three times as
 * long). The months before are no place to look in.
 */
export async function emailHealthCounts(db: Db, asked: EmailHealthAsked): Promise<EmailPart[]> {
  const { from, to, by, zone } = asked;
  const isDate = by === 'day' || by === 'week' || by === 'month';
  const { rows } = await sql<EmailPart>`
    with letter as (
      select ${keyOf(by, zone)} as key, m.*, told.is_hard
      from messages m left join lateral (
        select bool_or(e.kind in ('bounced', 'blocked')) as is_hard from message_events e
        where m.state = 'failed' and e.message_id = m.id and e.at >= m.reserved_at - interval '1 day' and e.kind in ('failed', 'bounced', 'blocked')
      ) told on true
      where m.channel = 'email' and m.reserved_at >= ${from} and m.reserved_at < ${to}
        and (m.accepted_at is not null or told.is_hard is not null)
        and not (m.journey = 'message' and exists (select from message_requests r where r.id = m.id and r.is_test))
    ), part as (
      select key, count(distinct customer_id) as people, ${counts} from letter group by key
    ), placed as (
      select *, row_number() over (order by sent desc, key) as place from part
    ), named as (
      select case when ${by === 'domain'} and (people < ${fewestPeople} or place > ${mostDomains} or key is null)
        then 'other' else key end as shown, placed.* from placed
    )
    select shown as key, ${sums} from named group by shown
    order by ${isDate ? sql`1` : sql`sum(sent) desc, 1`}`.execute(db);
  return rows;
}

function keyOf(by: EmailGroup, zone: string): RawBuilder<string> {
  switch (by) {
    case 'day':
    case 'week':
      return sql`to_char(date_trunc(${by}, m.reserved_at at time zone ${zone}), 'YYYY-MM-DD')`;
    case 'month':
      return sql`to_char(m.reserved_at at time zone ${zone}, 'YYYY-MM')`;
    case 'journey':
      return sql`m.journey`;
    case 'message':
      return sql`m.journey || '/' || m.template`;
    case 'domain':
      return sql`lower(substring(m.address from '@([^@]+)$'))`;
  }
}

/** A message that ever failed has failed: what was said of it besides is about nothing that arrived. */
const arrived: Record<Exclude<keyof EmailCounts, 'sent' | 'delivered' | 'hardBounced' | 'softBounced'>, string> = {
  confirmed: 'delivered_at is not null',
  openedByHuman: "opened_by = 'human'",
  openedByUnknown: "opened_by = 'unknown'",
  openedByMachine: "opened_by = 'machine'",
  clicked: 'clicked_at is not null',
  unsubscribed: 'unsubscribed_at is not null',
  complained: 'complained_at is not null',
};

const filters: Record<keyof EmailCounts, string> = {
  sent: 'true',
  delivered: "state <> 'failed'",
  hardBounced: "state = 'failed' and is_hard",
  softBounced: "state = 'failed' and is_hard is not true",
  ...(Object.fromEntries(
    Object.entries(arrived).map(([name, filter]) => [name, `state <> 'failed' and ${filter}`]),
  ) as typeof arrived),
};

const counts = sql.raw(
  Object.entries(filters)
    .map(([name, filter]) => `count(*) filter (where ${filter}) as "${name}"`)
    .join(', '),
);
const sums = sql.raw(
  Object.keys(filters)
    .map((name) => `sum("${name}")::bigint as "${name}"`)
    .join(', '),
);
