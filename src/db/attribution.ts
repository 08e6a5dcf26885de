import { sql } from 'kysely';
import {
  type AttributionModel,
  type AttributionRule,
  type AttributionSettings,
  attributionRule,
  type Click,
  defaultAttribution,
  type PageVisit,
  reachOf,
  type Touch,
  type TouchedMessage,
} from '#domain/attribution.ts';
import {
  type AttributionDimension,
  type AttributionReport,
  addOrder,
  addSent,
  type CreditedOrder,
  emptyReport,
} from '#domain/attribution-report.ts';
import type { ProfileKind } from '#domain/journey.ts';
import type { Db, Trx } from './connect.ts';
import { currentSettings, currentShop } from './settings.ts';

export async function attributionSettings(db: Db): Promise<AttributionSettings> {
  const set = (await currentSettings(db, 'attribution'))?.value as Partial<AttributionSettings> | undefined;
  return { ...defaultAttribution, ...set, lookBack: { ...defaultAttribution.lookBack, ...set?.lookBack } };
}

export interface AttributionAsked {
  model: AttributionModel;
  by: AttributionDimension;
  /** Orders of one kind alone; null: all. */
  profile: ProfileKind | null;
  /** Of orders by when they were placed, of messages by when they were decided on. Half-open. */
  from: Date;
  to: Date;
  /** Whose lists from elsewhere have not ended. */
  now: Date;
}

/** So many orders at a time, with what went before each: what is held at once does not grow with the time that is asked for. */
const pageSize = 2_000;

/**
 * Credits each order of a time (V2). Which touch it is credited to, the domain decides; here it is found out who clicked and came
 * when. All of it as of one instant, so that parts sum up to the whole while orders go on coming in.
 */
export async function attribution(db: Db, asked: AttributionAsked): Promise<AttributionReport> {
  const rule = attributionRule(await attributionSettings(db), asked.model, (await currentShop(db)).url);
  const report = emptyReport();
  const reading = db.transaction().setIsolationLevel('repeatable read').setAccessMode('read only');
  await reading.execute(async (trx) => {
    for (const sent of await sentMessages(trx, asked)) addSent(report, asked.by, sent);
    for await (const orders of orderPages(trx, asked)) {
      const touches = await touchesBefore(trx, orders, rule);
      for (const order of orders)
        addOrder(report, asked.by, { order, touches: touches.get(order.orderId) ?? [], rule });
    }
  });
  return report;
}

interface PlacedOrder extends CreditedOrder {
  orderId: string;
  customerId: string;
}

/** Segments of customers, as they are now; only where they are asked for. */
function segmentsOf({ by, now }: AttributionAsked, customer: ReturnType<typeof sql>) {
  if (by !== 'segment') return sql`'{}'::text[]`;
  return sql`array(select s.id::text from segment_members member join segments s on s.id = member.segment_id
    where member.customer_id = ${customer} and (s.expires_at is null or s.expires_at > ${now}) order by 1)`;
}

async function* orderPages(trx: Trx, asked: AttributionAsked): AsyncGenerator<PlacedOrder[]> {
  let after: PlacedOrder | undefined;
  for (;;) {
    const { rows } = await sql<PlacedOrder>`
      select order_id as "orderId", customer_id as "customerId", placed_at as "placedAt", state, total, currency,
        ${segmentsOf(asked, sql`o.customer_id`)} as segments
      from orders o
      where placed_at >= ${asked.from} and placed_at < ${asked.to}
        and (${asked.profile}::text is null or profile = ${asked.profile})
        and (placed_at, order_id) > (${after?.placedAt ?? asked.from}, ${after?.orderId ?? ''})
      order by placed_at, order_id limit ${pageSize}`.execute(trx);
    if (rows.length > 0) yield rows;
    after = rows.at(-1);
    if (rows.length < pageSize) return;
  }
}

/** By order. */
async function touchesBefore(
  trx: Trx,
  orders: readonly PlacedOrder[],
  rule: AttributionRule,
): Promise<Map<string, Touch[]>> {
  const given = givenOrders(orders, reachOf(rule));
  const found: (Touch & { orderId: string })[] = await clicksBefore(trx, given);
  if (rule.model !== 'last_click') found.push(...(await visitsBefore(trx, given)));
  return Map.groupBy(found, ({ orderId }) => orderId);
}

type Given = ReturnType<typeof givenOrders>;

/** The orders as a table, and the first instant of all their windows: it says which months of a partitioned table are read. */
function givenOrders(orders: readonly PlacedOrder[], reach: number) {
  const instants = orders.map(({ placedAt }) => placedAt.getTime());
  const table = sql`unnest(${orders.map(({ orderId }) => orderId)}::text[], ${orders.map(({ customerId }) => customerId)}::uuid[],
    ${orders.map(({ placedAt }) => placedAt.toISOString())}::timestamptz[]) as o (order_id, customer_id, placed_at)`;
  const since = sql`o.placed_at - ${reach / 1000} * interval '1 second'`;
  return { table, since, first: new Date(Math.min(...instants) - reach), last: new Date(Math.max(...instants)) };
}

/** A campaign is one run with many customers. */
const campaign = sql`case when m.journey = 'campaign' then (select r.key from runs r where r.id = m.run_id) end`;

/** A letter that a person sent to look at it is nobody's reason to buy. */
const isTest = sql`m.journey = 'message' and m.block = 'test'`;

/** Clicks of people. By the customer's messages and then by message, an index each; machines' clicks are among the events, too. */
async function clicksBefore(trx: Trx, { table, since, first, last }: Given): Promise<(Click & { orderId: string })[]> {
  const { rows } = await sql<Omit<Click, 'kind' | 'message'> & TouchedMessage & { orderId: string }>`
    select o.order_id as "orderId", e.id, e.at, m.links[e.link + 1] as link,
      m.journey, m.block, m.template, m.channel, ${campaign} as campaign
    from ${table}
    join messages m on m.customer_id = o.customer_id and m.clicked_at < o.placed_at and not (${isTest})
    join message_events e on e.message_id = m.id and e.kind = 'clicked' and e.by = 'human'
      and e.at >= ${first} and e.at < ${last} and e.at >= ${since} and e.at < o.placed_at`.execute(trx);
  return rows.map(({ orderId, id, at, link, ...message }) => ({ kind: 'click', orderId, id, at, link, message }));
}

/**
 * Pages that somebody came to from elsewhere. By customer and time, an index. Nearly all pages are come to from the shop's own: what
 * can be no touch, whatever the settings say, is left where it is.
 */
async function visitsBefore(trx: Trx, { table, since, first }: Given): Promise<(PageVisit & { orderId: string })[]> {
  const { rows } = await sql<Omit<PageVisit, 'kind'> & { orderId: string }>`
    select o.order_id as "orderId", e.id, e.occurred_at as at, v.url, v.referrer, v.campaign
    from ${table}
    join events e on e.customer_id = o.customer_id and e.type in ('page', 'screen')
      and e.received_at >= ${first} and e.occurred_at >= ${since} and e.occurred_at < o.placed_at
    cross join lateral (select
      coalesce(e.payload->'context'->'page'->>'url', e.payload->'properties'->>'url') as url,
      coalesce(e.payload->'context'->'page'->>'referrer', e.payload->'properties'->>'referrer') as referrer,
      case when json_typeof(e.payload->'context'->'campaign') = 'object' then e.payload->'context'->'campaign' end as campaign) v
    where v.campaign is not null or v.url ~ '[?&]utm_'
      or substring(v.referrer from '//([^/?#]+)') is distinct from substring(v.url from '//([^/?#]+)')`.execute(trx);
  return rows.map((row) => ({ kind: 'visit', ...row }));
}

interface Sent {
  message: TouchedMessage;
  segments: string[];
  sent: number;
}

/** Messages that a provider took, by what orders are counted by. Of all messages those of the time, by a summary of pages (BRIN). */
async function sentMessages(trx: Trx, asked: AttributionAsked): Promise<Sent[]> {
  const { rows } = await sql<TouchedMessage & Omit<Sent, 'message'>>`
    select m.journey, m.block, m.template, m.channel, ${campaign} as campaign,
      ${segmentsOf(asked, sql`m.customer_id`)} as segments, count(*)::int as sent
    from messages m
    where m.reserved_at >= ${asked.from} and m.reserved_at < ${asked.to} and m.state in ('accepted', 'delivered') and not (${isTest})
    group by 1, 2, 3, 4, 5, 6`.execute(trx);
  return rows.map(({ segments, sent, ...message }) => ({ message, segments, sent }));
}
