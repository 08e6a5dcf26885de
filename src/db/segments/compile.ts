import { sql } from 'kysely';
import { allCodes, bins, fitsCode, type RfmSettings, shownCode } from '#domain/rfm.ts';
import {
  type Condition,
  type CustomerCondition,
  type EventsCondition,
  type JourneyCondition,
  type Leaf,
  type MessageCondition,
  type MetricCondition,
  type NumberTest,
  type OrdersCondition,
  passes,
  type RfmCondition,
  type StageCondition,
  type TraitCondition,
} from '#domain/segments.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { reachableSql } from './reachable.ts';
import {
  allOf,
  anyOf,
  bySets,
  earliest,
  type HasRow,
  numberPasses,
  oneByOne,
  type Parts,
  type Sql,
  timePasses,
  wanted,
} from './tests.ts';

/** What conditions are read by. */
export interface Reading {
  now: Date;
  shop: ShopSettings;
  rfm: Pick<RfmSettings, 'best'>;
  /** The conditions of all segments by id; null: imported members. */
  segments: ReadonlyMap<string, Condition | null>;
  /** Few customers are asked about, not all. */
  few: boolean;
}

/**
 * A condition on the row `c` of `customers`; never null. Each part about another table is a set of customers by itself, so that
 * PostgreSQL reads each table once for everybody, and by index for few. What a document says comes as parameters only.
 */
export function holds(condition: Condition, reading: Reading): Sql {
  if ('all' in condition) return allOf(condition.all.map((one) => holds(one, reading)));
  if ('any' in condition) return anyOf(condition.any.map((one) => holds(one, reading)));
  if ('not' in condition) return sql`(not ${holds(condition.not, reading)})`;
  return leaf(condition, reading);
}

function leaf(condition: Leaf, reading: Reading): Sql {
  switch (condition.where) {
    case 'trait':
      return traitPasses(condition);
    case 'customer':
      return customerPasses(condition, reading);
    case 'metric':
      return metricPasses(condition, reading);
    case 'rfm':
      return isAmong(sql`customer_metrics m`, reading, inRfm(condition, reading));
    case 'stage':
      return isAmong(sql`customer_metrics m`, reading, inStage(condition, reading));
    case 'orders':
      return countPasses(sql`orders o`, reading, ordersPass(condition, reading), condition.count);
    case 'events':
      return countPasses(sql`events e`, reading, eventsPass(condition, reading.now), condition.count);
    case 'consent': {
      const { purpose, channel, topic, state } = condition;
      const words = sql<boolean>`purpose = ${purpose} and channel in (${channel}, '*') and topic in (${topic}, '*') and state = ${state}`;
      return isAmong(sql`consent_states`, reading, [words]);
    }
    case 'reachable':
      return anyOf(condition.channels.map((channel) => reachableSql(channel, reading.shop, hasRow(reading))));
    case 'journey':
      return isAmong(sql`runs r`, reading, journeyPasses(condition, reading.now));
    case 'message':
      return countPasses(sql`messages m`, reading, messagePasses(condition, reading.now), condition.count);
    case 'segment':
      return ofSegment(condition.id, reading);
  }
}

/** Conditions of others are read as if they stood here; a circle is refused where one is made (`circleOf`). */
function ofSegment(id: string, reading: Reading): Sql {
  const condition = reading.segments.get(id);
  if (condition) return holds(condition, reading);
  const lives = sql<boolean>`(s.expires_at is null or s.expires_at > ${reading.now})`;
  return isAmong(sql`segment_members join segments s on s.id = segment_id`, reading, [sql`segment_id = ${id}`, lives]);
}

const hasRow = ({ few }: Reading): HasRow => (few ? oneByOne : bySets);

function isAmong(from: Sql<unknown>, reading: Reading, parts: Parts): Sql {
  return hasRow(reading)(from, parts);
}

/** So many rows, one at least where nothing is said. Where 0 passes, all do but those who have too many or too few. */
function countPasses(from: Sql<unknown>, reading: Reading, parts: Parts, count: NumberTest = { gte: 1 }): Sql {
  if (passes(1, count) && passes(Number.MAX_SAFE_INTEGER, count) && !passes(0, count))
    return isAmong(from, reading, parts);
  if (reading.few)
    return numberPasses(sql`(select count(*) from ${from} where ${allOf([...parts, sql`customer_id = c.id`])})`, count);
  const grouped = (having: Sql) =>
    sql<boolean>`c.id in (select customer_id from ${from} where ${allOf([...parts, sql`customer_id is not null`])} group by 1 having ${having})`;
  const passed = numberPasses(sql`count(*)`, count);
  return passes(0, count) ? sql`(not ${grouped(sql`not ${passed}`)})` : grouped(passed);
}

function traitPasses({ name, is: { in: among, contains, known, ...number } }: TraitCondition): Sql {
  const value = sql`(c.traits -> ${name}::text)`;
  const text = sql`(c.traits ->> ${name}::text)`;
  const asNumber = sql`(case when jsonb_typeof(${value}) = 'number' then ${text}::float8 end)`;
  const isAny = Object.values(number).some((bound) => bound !== undefined);
  const parts = [
    wanted(among, (words) => sql`${text} = any(${words.map(String)}::text[])`),
    wanted(contains, (part) => sql`strpos(lower(${text}), lower(${part})) > 0`),
    wanted(known, (is) => (is ? sql`${text} is not null` : sql`${text} is null`)),
    isAny ? numberPasses(asNumber, number) : null,
  ];
  return sql`coalesce(${allOf(parts)}, false)`;
}

function customerPasses(condition: CustomerCondition, reading: Reading): Sql {
  const { kind, region, locale, profiles, knownBy, signedUp, seen } = condition;
  const { now } = reading;
  const parts = [
    wanted(kind, (one) => sql`c.kind = ${one}`),
    wanted(region, (names) => sql`c.region = any(${names}::text[])`),
    wanted(locale, (names) => sql`left(c.locale, 2) = any(${names}::text[])`),
    wanted(profiles, (kinds) => isAmong(sql`profiles p`, reading, [sql`p.kind = any(${kinds}::text[])`])),
    wanted(knownBy, (kinds) => isAmong(sql`identities i`, reading, [sql`i.kind = any(${kinds}::text[])`])),
    timePasses(sql`c.created_at`, signedUp, now),
    timePasses(sql`c.last_seen_at`, seen, now),
  ];
  return sql`coalesce(${allOf(parts)}, false)`;
}

const profileIs = (column: Sql<unknown>, profile: string | undefined) =>
  wanted(profile, (kind) => sql`${column} = ${kind}`);

/** Who has ordered nothing has 0 orders, and turnover: where 0 passes, all do but those who have something that does not. */
function metricPasses({ metric, is, profile }: MetricCondition, reading: Reading): Sql {
  const passed = numberPasses(sql`m.${sql.ref(metric)}`, is);
  const ofProfile = profileIs(sql`m.profile`, profile);
  const fromZero = metric === 'orders' || metric === 'turnover' || metric === 'discounted';
  if (fromZero && passes(0, is))
    return sql`(not ${isAmong(sql`customer_metrics m`, reading, [ofProfile, sql`not ${passed}`])})`;
  return isAmong(sql`customer_metrics m`, reading, [ofProfile, passed]);
}

function inRfm({ codes, segments, profile }: RfmCondition, { rfm: { best } }: Reading): Parts {
  const isMeant = (code: number) => codes?.some((pattern) => fitsCode(pattern, shownCode(code, bins.codes, best)));
  return [
    profileIs(sql`m.profile`, profile),
    wanted(codes, () => sql`m.code = any(${allCodes(bins.codes).filter(isMeant)}::int[])`),
    wanted(segments, (keys) => sql`m.segment = any(${keys}::text[])`),
  ];
}

function inStage({ in: stages, since, profile }: StageCondition, { now }: Reading): Parts {
  return [
    profileIs(sql`m.profile`, profile),
    sql`m.stage = any(${stages}::text[])`,
    timePasses(sql`m.stage_at`, since, now),
  ];
}

function ordersPass({ profile, placed, total, lines, reduced, last }: OrdersCondition, reading: Reading): Parts {
  const newest = sql<boolean>`exists (select from customer_metrics n
    where n.customer_id = o.customer_id and n.profile = o.profile and n.last_order_at = o.placed_at)`;
  return [
    sql`o.state = 'placed'`,
    profileIs(sql`o.profile`, profile),
    timePasses(sql`o.placed_at`, placed, reading.now),
    wanted(total, (test) => numberPasses(sql`o.total`, test)),
    wanted(reduced, (is) => sql`o.discounted = ${is}`),
    last === true ? newest : null,
    wanted(lines, (test) => haveLines(test, reading)),
  ];
}

function haveLines({ products, categories, brands }: NonNullable<OrdersCondition['lines']>, { few }: Reading): Sql {
  const goods = allOf([
    wanted(categories, (names) => sql`p.category = any(${names}::text[])`),
    wanted(brands, (names) => sql`p.brand = any(${names}::text[])`),
  ]);
  const isOfGoods = few
    ? sql<boolean>`exists (select from products p where p.id = l.product_id and ${goods} offset 0)`
    : sql<boolean>`l.product_id in (select id from products p where ${goods})`;
  const parts = allOf([
    wanted(products, (ids) => sql`l.product_id = any(${ids}::text[])`),
    (categories ?? brands) ? isOfGoods : null,
  ]);
  if (few) return sql`exists (select from order_lines l where l.order_id = o.order_id and ${parts} offset 0)`;
  return sql`o.order_id in (select l.order_id from order_lines l where ${parts})`;
}

function eventsPass({ name, occurred, profile }: EventsCondition, now: Date): Parts {
  return [
    sql`e.name = ${name}`,
    profileIs(sql`e.profile`, profile),
    timePasses(sql`e.occurred_at`, occurred, now),
    // An event is received after it happened: months of events that cannot count are not read.
    wanted(earliest(occurred, now), (since) => sql`e.received_at >= ${since}`),
  ];
}

function journeyPasses({ journey, live, outcome, entered }: JourneyCondition, now: Date): Parts {
  return [
    sql`r.journey = ${journey}`,
    wanted(live, (is) => (is ? sql`r.ended_at is null` : sql`r.ended_at is not null`)),
    wanted(outcome, (how) => sql`r.outcome = ${how}`),
    timePasses(sql`r.entered_at`, entered, now),
  ];
}

const reactedAt = { sent: sql`m.accepted_at`, opened: sql`m.opened_at`, clicked: sql`m.clicked_at` } as const;

function messagePasses({ reaction, journey, template, channel, at }: MessageCondition, now: Date): Parts {
  const when = reactedAt[reaction];
  return [
    sql`${when} is not null`,
    reaction === 'opened' ? sql`m.opened_by = 'human'` : null,
    wanted(journey, (name) => sql`m.journey = ${name}`),
    wanted(template, (name) => sql`m.template = ${name}`),
    wanted(channel, (name) => sql`m.channel = ${name}`),
    timePasses(when, at, now),
  ];
}
