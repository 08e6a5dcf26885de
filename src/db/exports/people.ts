import { sql } from 'kysely';
import type { Db } from '#db/connect.ts';
import type { ConsentRow } from '#db/consents.ts';
import { type CustomerSummary, summaries } from '#db/customers.ts';
import { among, type ExportedTable } from './table.ts';

/** Who is there no more, so that a copy of the table can let them go as well. */
interface Gone {
  id: string;
  gone: 'erased' | 'merged';
  mergedInto: string | null;
}

const idKey = [['id', 'uuid']] as const;

export const customers: ExportedTable<CustomerSummary | Gone> = {
  from: 'customers',
  key: idKey,
  parts: [
    ['profiles', 'customer_id'],
    ['identities', 'customer_id'],
  ],
  async read(db, { keys, isChange }) {
    const ids = keys.map(([id]) => String(id));
    const left = await goneAmong(db, ids);
    const isGone = new Set(left.map(({ id }) => id));
    const living = await summaries(
      db,
      ids.filter((id) => !isGone.has(id)),
    );
    return isChange ? [...living, ...left] : living;
  },
  keyOf: ({ id }) => [id],
};

async function goneAmong(db: Db, ids: readonly string[]): Promise<Gone[]> {
  const { rows } = await sql<Gone>`
    select id, case when merged_into is null then 'erased' else 'merged' end as gone, merged_into as "mergedInto"
    from customers where id = any(${ids}::uuid[]) and (merged_into is not null or erased_at is not null)`.execute(db);
  return rows;
}

interface Word extends ConsentRow {
  customerId: string;
}

/** Every word that was said, not only what holds now. No log: an import tells of old ones. */
export const consents: ExportedTable<Word> = {
  from: 'consents',
  key: idKey,
  read: (db, wanted) =>
    db
      .selectFrom('consents as c')
      .select(['c.id', 'c.customer_id as customerId', 'c.purpose', 'c.channel', 'c.topic', 'c.state'])
      .select(['c.text_version as textVersion', 'c.source', sql<string | null>`host(c.ip)`.as('ip'), 'c.at'])
      .where(among('c', idKey, wanted))
      .execute(),
  keyOf: ({ id }) => [id],
};

const cartKey = [
  ['customer_id', 'uuid'],
  ['profile', 'text'],
  ['product_id', 'text'],
] as const;

interface CartItem {
  customerId: string;
  profile: string;
  productId: string;
  quantity: number;
  addedAt: Date;
  updatedAt: Date;
}

export const carts: ExportedTable<CartItem> = {
  from: 'cart_items',
  key: cartKey,
  read: (db, wanted) =>
    db
      .selectFrom('cart_items as i')
      .select(['i.customer_id as customerId', 'i.profile', 'i.product_id as productId', 'i.quantity'])
      .select(['i.added_at as addedAt', 'i.updated_at as updatedAt'])
      .where(among('i', cartKey, wanted))
      .execute(),
  keyOf: ({ customerId, profile, productId }) => [customerId, profile, productId],
};

const interestKey = [
  ['customer_id', 'uuid'],
  ['profile', 'text'],
  ['kind', 'text'],
  ['ref', 'text'],
] as const;

interface Interest {
  customerId: string;
  profile: string;
  kind: string;
  ref: string;
  times: number;
  firstAt: Date;
  lastAt: Date;
  removedAt: Date | null;
}

export const interests: ExportedTable<Interest> = {
  from: 'interests',
  key: interestKey,
  read: (db, wanted) =>
    db
      .selectFrom('interests as i')
      .select(['i.customer_id as customerId', 'i.profile', 'i.kind', 'i.ref', 'i.times'])
      .select(['i.first_at as firstAt', 'i.last_at as lastAt', 'i.removed_at as removedAt'])
      .where(among('i', interestKey, wanted))
      .execute(),
  keyOf: ({ customerId, profile, kind, ref }) => [customerId, profile, kind, ref],
};

const memberKey = [
  ['segment_id', 'uuid'],
  ['customer_id', 'uuid'],
] as const;

interface Member {
  segmentId: string;
  segment: string;
  customerId: string;
  since: Date;
}

export const segmentMembers: ExportedTable<Member> = {
  from: 'segment_members',
  key: memberKey,
  read: (db, wanted) =>
    db
      .selectFrom('segment_members as m')
      .innerJoin('segments as s', 's.id', 'm.segment_id')
      .innerJoin('customers as c', 'c.id', 'm.customer_id')
      .select(['m.segment_id as segmentId', 's.name as segment', 'm.customer_id as customerId', 'm.since'])
      .where('c.merged_into', 'is', null)
      .where('c.erased_at', 'is', null)
      .where(among('m', memberKey, wanted))
      .execute(),
  keyOf: ({ segmentId, customerId }) => [segmentId, customerId],
};

const seqKey = [['seq', 'bigint']] as const;

interface SegmentChange {
  seq: number;
  segmentId: string;
  customerId: string;
  entered: boolean;
  at: Date;
}

/** No log: a number is taken before its row is committed. */
export const segmentChanges: ExportedTable<SegmentChange> = {
  from: 'segment_changes',
  key: seqKey,
  read: (db, wanted) =>
    db
      .selectFrom('segment_changes as c')
      .select(['c.seq', 'c.segment_id as segmentId', 'c.customer_id as customerId', 'c.entered', 'c.at'])
      .where(among('c', seqKey, wanted))
      .execute(),
  keyOf: ({ seq }) => [seq],
};

interface StageChange {
  seq: number;
  customerId: string;
  profile: string;
  from: string | null;
  to: string | null;
  at: Date;
}

export const stageChanges: ExportedTable<StageChange> = {
  from: 'stage_transitions',
  key: seqKey,
  read: (db, wanted) =>
    db
      .selectFrom('stage_transitions as s')
      .select(['s.seq', 's.customer_id as customerId', 's.profile', 's.from_stage as from', 's.to_stage as to', 's.at'])
      .where(among('s', seqKey, wanted))
      .execute(),
  keyOf: ({ seq }) => [seq],
};

const metricsKey = [
  ['customer_id', 'uuid'],
  ['profile', 'text'],
] as const;

interface Metrics {
  customerId: string;
  profile: string;
  orders: number;
  turnover: number;
  average: number;
  profit: number | null;
  discountedOrders: number;
  firstOrderAt: Date;
  lastOrderAt: Date;
  intervalDays: number | null;
  code: number;
  score: number;
  segment: string;
  stage: string;
  stageAt: Date;
}

export const metrics: ExportedTable<Metrics> = {
  from: 'customer_metrics',
  key: metricsKey,
  read: (db, wanted) =>
    db
      .selectFrom('customer_metrics as m')
      .select(['m.customer_id as customerId', 'm.profile', 'm.orders', 'm.turnover', 'm.average', 'm.profit'])
      .select([
        'm.discounted as discountedOrders',
        'm.first_order_at as firstOrderAt',
        'm.last_order_at as lastOrderAt',
      ])
      .select(['m.interval_days as intervalDays', 'm.code', 'm.score', 'm.segment', 'm.stage', 'm.stage_at as stageAt'])
      .where(among('m', metricsKey, wanted))
      .execute(),
  keyOf: ({ customerId, profile }) => [customerId, profile],
};
