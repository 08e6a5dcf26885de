import type { PoolClient } from 'pg';
import type { Event } from '#domain/events.ts';
import type { KnownIdentity, Resolution } from '#domain/identity.ts';
import type { InterestChange } from '#domain/interests.ts';
import type { OrderState } from '#domain/orders.ts';
import type { ConsentState, ProfileState, Projection } from '#domain/projection.ts';
import type { NotEntered, Signal } from '#domain/triggers.ts';
import { newId } from './ids.ts';
import { type Put, type Row, statementsFor } from './intake-tables.ts';
import { passStatements } from './merge.ts';
import type { OutboxRow } from './outbox.ts';
import { commitTransaction, inOrder } from './pipeline.ts';

/** All that one flush writes. */
export interface Writes {
  events: { event: Event; sourceId: string; customerId: string }[];
  identities: Resolution;
  projection: Projection;
  signals: Signal[];
  notEntered: NotEntered[];
}

const iso = (ms: number) => new Date(ms).toISOString();
const isoOrNull = (ms: number | null | undefined) => (ms === null || ms === undefined ? null : iso(ms));

/** Sends everything that one flush writes, and the commit. Statements do not wait for one another; what fails aborts the
 *  transaction, and the commit behind it is then a rollback. Returns the outbox rows, for the relay. */
export async function writeAndCommit(client: PoolClient, writes: Writes): Promise<OutboxRow[]> {
  const { identities, projection, events } = writes;
  const [usual, ...others] = statementsFor([
    customerRows(writes),
    ...identityRows(identities),
    ['events', events.map(eventRow)],
    ...projectionRows(projection),
    ['notEntered', writes.notEntered.map(notEnteredRow)],
    ['outbox', writes.signals.map(outboxRow)],
  ]);
  const outbox = client.query<OutboxRow>(usual);
  const sent = [...others, ...identities.passed.flatMap(passStatements), commitTransaction].map((one) =>
    client.query(one),
  );
  await inOrder([outbox, ...sent]);
  return (await outbox).rows;
}

/** New ones and changed ones. What was not read of a customer (`traits: null`) stays as it is. */
function customerRows({ identities, projection }: Writes): Put {
  const created = new Map(identities.created.map(({ id, at }) => [id, at]));
  const rows = projection.customers.changed().map(({ id, traits, traitsAt, lastSeenAt }) => ({
    id,
    traits: traits === null ? null : JSON.stringify(traits),
    traits_at: traits === null ? null : JSON.stringify(traitsAt),
    last_seen_at: isoOrNull(lastSeenAt),
    created_at: iso(created.get(id) ?? lastSeenAt ?? 0),
  }));
  return ['customers', rows];
}

function identityRows({ attached, conflicts }: Resolution): Put[] {
  const byKey = (a: KnownIdentity, b: KnownIdentity) => (a.kind + a.value < b.kind + b.value ? -1 : 1);
  const held = attached.toSorted(byKey).map(({ kind, value, customerId, since }) => ({
    kind,
    value,
    customer_id: customerId,
    since: iso(since),
  }));
  const contested = conflicts.map(({ kind, value, holderId, claimantId, at, reason }) => ({
    id: newId(new Date(at)),
    at: iso(at),
    kind,
    value,
    holder_id: holderId,
    claimant_id: claimantId,
    reason,
  }));
  return [
    ['identities', held],
    ['conflicts', contested],
  ];
}

function outboxRow({ workflowId, customerId, at, signal, journey, key, reason }: Signal): Row {
  const occurred_at = iso(at);
  return { workflow_id: workflowId, customer_id: customerId, occurred_at, signal, journey, key, reason };
}

function notEnteredRow({ journey, key, customerId, reason, at }: NotEntered): Row {
  return { journey, key, customer_id: customerId, reason, at: iso(at) };
}

function eventRow({ event, sourceId, customerId }: Writes['events'][number]): Row {
  return {
    id: newId(event.receivedAt),
    received_at: event.receivedAt.toISOString(),
    occurred_at: event.occurredAt.toISOString(),
    source_id: sourceId,
    message_id: event.messageId,
    type: event.type,
    name: event.name,
    customer_id: customerId,
    profile: event.profile,
    payload: event.payload,
  };
}

function projectionRows(projection: Projection): Put[] {
  return [
    ['profiles', projection.profiles.changed().map(profileRow)],
    ...consentRows(projection),
    [
      'cart',
      projection.cartLines().map(({ customerId, profile, product, quantity, addedAt, updatedAt }) => ({
        customer_id: customerId,
        profile,
        product_id: product,
        quantity,
        added_at: iso(addedAt),
        updated_at: iso(updatedAt),
      })),
    ],
    ['interests', projection.interests.changed().map(interestRow)],
    ...orderRows(projection.orders.changed()),
  ];
}

function profileRow(profile: ProfileState) {
  const { customerId, kind, email, phone, activities } = profile;
  return {
    customer_id: customerId,
    kind,
    email,
    email_at: isoOrNull(profile.emailAt),
    phone,
    phone_at: isoOrNull(profile.phoneAt),
    last_visit_at: isoOrNull(profile.lastVisitAt),
    last_activity_at: isoOrNull(profile.lastActivityAt),
    last_order_at: isoOrNull(profile.lastOrderAt),
    activities,
  };
}

/** A removal of what was never seen as added leaves a row that says so: a late 'added' does not bring it back. */
function interestRow({ customerId, profile, kind, ref, times = 0, firstAt, lastAt, removedAt }: InterestChange) {
  const first = firstAt ?? removedAt ?? 0;
  const last = lastAt ?? removedAt ?? 0;
  const removed = removedAt !== undefined && removedAt >= last ? removedAt : null;
  return {
    customer_id: customerId,
    profile,
    kind,
    ref,
    times,
    first_at: iso(first),
    last_at: iso(last),
    removed_at: isoOrNull(removed),
  };
}

function consentRows({ consents, consentsSaid }: Projection): Put[] {
  const state = ({ customerId, at, ...rest }: ConsentState) => ({ ...rest, customer_id: customerId, at: iso(at) });
  return [
    [
      'consents',
      consentsSaid.map(({ textVersion, ...said }) => ({
        ...state(said),
        id: newId(new Date(said.at)),
        text_version: textVersion,
      })),
    ],
    ['consentsNarrowed', consents.removed.map(state)],
    ['consentStates', consents.changed().map(state)],
  ];
}

function orderRows(orders: OrderState[]): Put[] {
  const row = ({ orderId, customerId, profile, state, total, currency, placedAt, stateAt }: OrderState) => ({
    order_id: orderId,
    customer_id: customerId,
    profile,
    state,
    total,
    currency,
    placed_at: iso(placedAt),
    state_at: iso(stateAt),
  });
  const [fresh, known] = [orders.filter((order) => order.isNew), orders.filter((order) => !order.isNew)];
  const replaced = known.filter((order) => order.lines !== null);
  return [
    ['newOrders', fresh.map(row)],
    ['newOrderLines', fresh.flatMap(lineRows)],
    ['orders', known.map(row)],
    ['orderLinesGone', replaced.map((order) => ({ order_id: order.orderId }))],
    ['orderLines', replaced.flatMap(lineRows)],
  ];
}

function lineRows({ orderId, lines }: OrderState): Row[] {
  return (lines ?? []).map(({ product, quantity, price }) => ({
    order_id: orderId,
    product_id: product,
    quantity,
    price,
  }));
}
