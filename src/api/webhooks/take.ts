import { productInput } from '#api/open/schemas/products.ts';
import { fieldErrors, unstorable } from '#api/open/validate.ts';
import { type FieldError, Problem } from '#api/problems.ts';
import { contextOf, eventLimit } from '#api/segment/calls.ts';
import { Overloaded, RefusedEvents } from '#db/intake.ts';
import { type OrderOnRecord, orderOnRecord } from '#db/orders.ts';
import { upsertNewerProduct, withdrawProduct } from '#db/products.ts';
import { vouchedFor } from '#domain/consent.ts';
import type { Event } from '#domain/events.ts';
import { minorUnits } from '#domain/money.ts';
import { BadEvent, type CallContext, normalise } from '#domain/segment.ts';
import type { Properties } from '#domain/shapes.ts';
import { defaultShop } from '#domain/shop.ts';
import type { WebhookDeps } from './router.ts';
import type { Call, Told } from './told.ts';

/** What became of a webhook: events and products that are committed (or were), and why the rest is not kept. */
export interface Stored {
  stored: number;
  ignored?: string;
}

interface Taking {
  deps: WebhookDeps;
  sourceId: string;
  /** Whether the sender is told 400 for what can never be taken. */
  refuses: boolean;
}

/** Keeps what a webhook tells. Throws a Problem where the sender should do something about it: send it again, mend it. */
export async function take(told: Told, taking: Taking): Promise<Stored> {
  switch (told.tells) {
    case 'nothing':
      return { stored: 0, ignored: told.why };
    case 'calls':
      return takeCalls(told.calls, taking);
    case 'refund':
      return takeRefund(told, taking);
    case 'product':
      return takeProduct(told, taking.deps);
    case 'withdrawn':
      await withdrawProduct(taking.deps.db, told.productId, businessTime(told.at, contextFor(taking.deps)));
      return { stored: 1 };
  }
}

function contextFor({ clock, shop }: WebhookDeps): CallContext {
  return contextOf(clock, shop?.() ?? defaultShop, {});
}

/** As `occurredAt` of events: what passed on the wall passed `scale` times as fast. Now, where there is no time. */
function businessTime(at: unknown, { receivedAt, wallNow, scale }: CallContext): Date {
  const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN;
  return Number.isNaN(ms) ? receivedAt : new Date(receivedAt.getTime() - Math.max(0, wallNow - ms) * scale);
}

async function takeCalls(
  calls: readonly Call[],
  { deps, sourceId, refuses }: Taking,
  change = (event: Event) => event,
): Promise<Stored> {
  const context = contextFor(deps);
  const events: Event[] = [];
  const faults: string[] = [];
  for (const call of calls) {
    try {
      const event = normalise(call, call.type, context);
      // A shop cannot make its orders smaller.
      if (refuses && Buffer.byteLength(event.payload) > eventLimit) throw new BadEvent('event', 'is larger than 32 KB');
      events.push(vouchedFor(change(event), 'webhook'));
    } catch (error) {
      if (!(error instanceof BadEvent)) throw error;
      faults.push(error.message);
    }
  }
  faults.push(...(await submit(deps, sourceId, events)));
  const [fault] = faults;
  if (fault !== undefined && refuses) throw new Problem('event_refused', { detail: `${fault}.` });
  return { stored: calls.length - faults.length, ...(fault !== undefined && { ignored: fault }) };
}

/** Answers why some can never be stored; the others are committed. */
async function submit({ intake }: WebhookDeps, sourceId: string, events: Event[]): Promise<string[]> {
  if (events.length === 0) return [];
  try {
    await intake.submit(sourceId, events);
    return [];
  } catch (error) {
    if (error instanceof RefusedEvents) return error.refused.map(({ reason }) => reason);
    if (error instanceof Overloaded) throw new Problem('overloaded', { headers: { 'Retry-After': '1' } });
    throw error;
  }
}

/** Wall ms in which an order may still come in after its refund: so long the shop is asked to send the refund again. */
const orderComesWithin = 3_600_000;

/** An order is refunded when all of its price went back at once; what went back in part is an event of its own, and the shop
 *  tells by the order itself (`orders/updated`) when nothing is left. */
async function takeRefund(told: Extract<Told, { tells: 'refund' }>, taking: Taking): Promise<Stored> {
  const { orderId, messageId, amounts, at } = told;
  const order = await orderOnRecord(taking.deps.db, orderId);
  if (!order && Date.now() - Date.parse(String(at)) < orderComesWithin) {
    throw new Problem('order_not_yet_known', { headers: { 'Retry-After': '60' } });
  }
  if (!order?.who) return { stored: 0, ignored: 'the order is not known' };
  const event = refunded(order, amounts) >= order.total ? 'Order Refunded' : 'Order Partially Refunded';
  const properties = { order_id: orderId, refunds: amounts };
  const context = { profile: order.profile };
  const call = { type: 'track', event, messageId, timestamp: at, properties, context, ...order.who };
  // It says who it is by what is on record, which is no news of their addresses.
  const onlyOrder = (event: Event) => ({ ...event, effects: event.effects.filter((effect) => effect.do === 'order') });
  return takeCalls([call], taking, onlyOrder);
}

function refunded({ currency }: OrderOnRecord, amounts: readonly { amount: unknown; currency: string }[]): number {
  const ours = amounts.filter((paid) => paid.currency === currency);
  return ours.reduce((sum, { amount }) => sum + (minorUnits(amount, currency) ?? 0), 0);
}

/** A product that the catalogue cannot hold (no name, no address) is left out, and the shop is not told off for it. */
async function takeProduct({ product, at }: { product: Properties; at: unknown }, deps: WebhookDeps): Promise<Stored> {
  const fault = unstorable(product);
  const parsed = productInput.safeParse(product);
  if (fault) return { stored: 0, ignored: `${fault.path.join('.')} ${fault.message}` };
  if (!parsed.success) return { stored: 0, ignored: fieldErrors(parsed.error, false).map(inWords).join('; ') };
  const { publishedAt, offers, ...rest } = parsed.data;
  const given = { ...rest, ...(publishedAt && { publishedAt }), ...(offers && { offers }) };
  await upsertNewerProduct(deps.db, given, businessTime(at, contextFor(deps)));
  return { stored: 1 };
}

function inWords({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}
