import { z } from 'zod';
import type { ExportName } from '#db/exports/tables.ts';
import { profileKinds } from '#domain/journey.ts';
import { instant, money, orNull, uuid } from './common.ts';
import { customerSummary, engagement } from './customers.ts';
import { decision, message } from './messages.ts';
import { product } from './products.ts';

const text = z.string();
const count = z.int().min(0);
const profile = z.enum(profileKinds);
const cursor = text.meta({ description: 'Given as `after`, the answer goes on behind this line' });

/** A line has no field more or less, so that only its own table's schema takes it. */
function line<S extends z.ZodRawShape>(id: string, shape: S) {
  return z.strictObject({ ...shape, cursor }).meta({ id });
}

const gone = line('GoneLine', { id: uuid, gone: z.enum(['erased', 'merged']), mergedInto: orNull(uuid) });

const orderLine = z.object({
  productId: text,
  quantity: z.int(),
  price: money,
  oldPrice: orNull(money),
  cost: orNull(money),
});

const block = z.object({
  block: text,
  iteration: count,
  enteredAt: instant,
  leftAt: orNull(instant),
  result: orNull(text),
  reason: orNull(text),
});

const minor = z.int().meta({ description: 'Minor units of the shop’s currency' });

/** One line of each table. */
export const exportLines = {
  carts: line('CartLine', {
    customerId: uuid,
    profile,
    productId: text,
    quantity: count.meta({ description: '0: removed, or bought' }),
    addedAt: instant,
    updatedAt: instant,
  }),
  consents: line('ConsentLine', {
    id: uuid,
    customerId: uuid,
    purpose: text,
    channel: text,
    topic: text,
    state: z.enum(['granted', 'denied']),
    textVersion: orNull(text),
    source: text,
    ip: orNull(text),
    at: instant,
  }),
  customers: z.union([line('CustomerLine', customerSummary.shape), gone]),
  decisions: line('DecisionLine', decision.shape),
  engagements: line('EngagementLine', { id: uuid, at: instant, ...engagement.shape }),
  events: line('StoredEvent', {
    id: uuid,
    receivedAt: instant,
    occurredAt: instant,
    source: orNull(text).meta({ description: 'The name of the key that it came by' }),
    messageId: text,
    type: text,
    name: text,
    customerId: uuid,
    profile: text,
    payload: z.unknown().meta({ description: 'As it came' }),
  }),
  interests: line('InterestLine', {
    customerId: uuid,
    profile,
    kind: text,
    ref: text.meta({ description: 'A product id or a category' }),
    times: count,
    firstAt: instant,
    lastAt: instant,
    removedAt: orNull(instant),
  }),
  messages: line('MessageLine', message.shape),
  metrics: line('MetricsLine', {
    customerId: uuid,
    profile,
    orders: count,
    turnover: minor,
    average: minor,
    profit: orNull(minor),
    discountedOrders: count,
    firstOrderAt: instant,
    lastOrderAt: instant,
    intervalDays: orNull(z.number()),
    code: z.int().meta({ description: 'RFM; 333 is the best' }),
    score: z.int().meta({ description: 'RFM of five; 555 is the best' }),
    segment: text,
    stage: text,
    stageAt: instant,
  }),
  'not-entered': line('NotEnteredLine', {
    journey: text,
    key: text,
    customerId: uuid,
    reason: text,
    firstAt: instant,
    lastAt: instant,
    times: count,
  }),
  orders: line('OrderLine', {
    orderId: text,
    customerId: uuid,
    profile,
    state: z.enum(['placed', 'cancelled', 'refunded']),
    total: money,
    placedAt: instant,
    stateAt: instant,
    codes: z.array(text).meta({ description: 'Promo codes that it carries' }),
    lines: z.array(orderLine),
  }),
  products: line('ProductLine', product.shape),
  'promo-codes': line('PromoCodeLine', {
    pool: text,
    code: text,
    size: text,
    percent: orNull(z.int()),
    amount: orNull(money),
    customerId: orNull(uuid),
    runId: orNull(uuid),
    step: orNull(text),
    issuedAt: orNull(instant),
    expiresAt: orNull(instant),
    redeemedAt: orNull(instant),
    redeemedOrder: orNull(text),
  }),
  runs: line('RunLine', {
    id: uuid,
    journey: text,
    key: text,
    customerId: orNull(uuid),
    settingsVersion: count,
    triggerAt: instant,
    enteredAt: instant,
    block: orNull(text).meta({ description: 'What it waits to do next' }),
    dueAt: orNull(instant),
    endedAt: orNull(instant),
    outcome: orNull(text),
    blocks: z.array(block),
  }),
  'segment-changes': line('SegmentChangeLine', {
    seq: count,
    segmentId: uuid,
    customerId: uuid,
    entered: z.boolean(),
    at: instant,
  }),
  'segment-members': line('SegmentMemberLine', {
    segmentId: uuid,
    segment: text,
    customerId: uuid,
    since: instant,
  }),
  'stage-changes': line('StageChangeLine', {
    seq: count,
    customerId: uuid,
    profile,
    from: orNull(text),
    to: orNull(text),
    at: instant,
  }),
} satisfies Record<ExportName, z.ZodType>;

export const exportLine = z.union(Object.values(exportLines) as unknown as [z.ZodType, ...z.ZodType[]]).meta({
  id: 'ExportLine',
  description: 'A line of the answer, which is JSON Lines: one of the table that was asked for',
});
