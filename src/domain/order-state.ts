import type { Effect, Event } from './events.ts';
import type { ProfileKind } from './journey.ts';
import { type Money, minorUnits } from './money.ts';
import { isRecord, type Properties, text } from './shapes.ts';

/** What becomes of an order, as its buyer is told (J16). */

export const orderSteps = ['placed', 'shipped', 'ready', 'delivered', 'cancelled', 'refunded'] as const;
export type OrderStep = (typeof orderSteps)[number];

/** Segment's names where its spec has them, and what shops call the rest. */
export const stepOfEvent = {
  'Order Completed': 'placed',
  'Order Shipped': 'shipped',
  'Order Fulfilled': 'shipped',
  'Order Ready for Pickup': 'ready',
  'Order Delivered': 'delivered',
  'Order Cancelled': 'cancelled',
  'Order Refunded': 'refunded',
} as const satisfies Record<string, OrderStep>;

/** The key of a run about a step of an order: once an order and step. */
export function orderKey(orderId: string, step: OrderStep): string {
  const id = encodeURIComponent(orderId);
  return step === 'placed' ? id : `${id}:${step}`;
}

/** Null for what is no such key. */
export function readOrderKey(key: string): { orderId: string; step: OrderStep } | null {
  const [id = '', named = 'placed'] = key.split(':');
  const step = orderSteps.find((known) => known === named);
  return id === '' || step === undefined ? null : { orderId: decodeURIComponent(id), step };
}

/** The key of the run that tells of an event of an order; null where it is none. */
export function orderKeyOf({ name, effects }: Pick<Event, 'name' | 'effects'>): string | null {
  const step = Object.hasOwn(stepOfEvent, name) ? stepOfEvent[name as keyof typeof stepOfEvent] : null;
  const orderId = orderIdOf(effects);
  return step === null || orderId === null ? null : orderKey(orderId, step);
}

/** The key of the run that follows the order which an event is about, whatever it says of it; null where it is about none. */
export function purchaseKeyOf({ effects }: Pick<Event, 'effects'>): string | null {
  const orderId = orderIdOf(effects);
  return orderId === null ? null : orderKey(orderId, 'placed');
}

function orderIdOf(effects: readonly Effect[]): string | null {
  return effects.map(orderIdIn).find((id) => id !== null) ?? null;
}

function orderIdIn(effect: Effect): string | null {
  if (effect.do === 'order') return effect.order.orderId;
  return effect.do === 'order_step' ? effect.orderId : null;
}

/** What a letter about an order tells, as the shop told it. Everything may be missing. Money in minor units. */
export interface OrderDetails {
  number?: string;
  url?: string;
  /** By the shop's id of the product: for goods that are not in the catalogue. */
  names?: Record<string, string>;
  discount?: Money;
  delivery?: { method?: string; address?: string; price?: Money; date?: string };
  tracking?: { number?: string; url?: string; carrier?: string };
  pickup?: { address?: string; until?: string };
  refund?: Money;
}

/** The first word on a step of an order. */
export interface OrderNews {
  orderId: string;
  step: OrderStep;
  customerId: string;
  profile: ProfileKind;
  at: number;
  details: OrderDetails;
}

const longest = 300;

/** Reads what an event says of an order, in the names of Segment's spec and those that shops use beside it. */
export function detailsOf(properties: Properties, currency: string): OrderDetails {
  const money = (value: unknown): Money | undefined => {
    const amount = minorUnits(value, currency);
    return amount === null ? undefined : { amount, currency };
  };
  return some({
    number: line(properties.order_number ?? properties.order_name),
    url: webAddress(properties.order_url),
    names: namesOf(properties.products),
    discount: money(properties.discount),
    delivery: some({
      method: line(properties.shipping_method),
      address: addressLine(properties.shipping_address),
      price: money(properties.shipping),
      date: line(properties.delivery_date),
    }),
    tracking: some({
      number: line(properties.tracking_number),
      url: webAddress(properties.tracking_url),
      carrier: line(properties.carrier),
    }),
    pickup: some({ address: addressLine(properties.pickup_address), until: line(properties.pickup_until) }),
    refund: money(properties.refund),
  });
}

/** Without what is not there; undefined where nothing is, but for the whole. */
function some<T extends object>(given: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const known = Object.entries(given).filter(
    ([, value]) => value !== undefined && !(isRecord(value) && Object.keys(value).length === 0),
  );
  return Object.fromEntries(known) as { [K in keyof T]?: NonNullable<T[K]> };
}

function line(value: unknown): string | undefined {
  const given = text(value)?.replace(/\s+/g, ' ').trim() ?? '';
  return given === '' ? undefined : given.slice(0, longest);
}

/** A text, or the parts of an address as shops send them. */
function addressLine(value: unknown): string | undefined {
  if (!isRecord(value)) return line(value);
  const { postal_code, zip, postcode, country, city, state, province, street, address, address1, address_1, address2 } =
    value;
  const parts = [postal_code ?? zip ?? postcode, country, state ?? province, city];
  const inTown = [street ?? address ?? address1 ?? address_1, address2 ?? value.address_2];
  return line(
    [...parts, ...inTown]
      .map((part) => line(part))
      .filter((part) => part !== undefined)
      .join(', '),
  );
}

function webAddress(value: unknown): string | undefined {
  const url = typeof value === 'string' && value.length <= 2000 ? URL.parse(value) : null;
  return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
}

/** Of the goods that a letter shows. */
const mostNames = 100;

function namesOf(products: unknown): Record<string, string> | undefined {
  if (!Array.isArray(products)) return undefined;
  const named = products.slice(0, mostNames).flatMap((one) => {
    const id = isRecord(one) ? (text(one.product_id) ?? text(one.sku))?.trim() : undefined;
    const name = isRecord(one) ? line(one.name) : undefined;
    return id === undefined || name === undefined ? [] : [[id, name] as const];
  });
  return Object.fromEntries(named);
}
