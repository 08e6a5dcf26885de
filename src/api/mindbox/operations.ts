import { type Call, idOf, known, record, records, some } from '#api/webhooks/told.ts';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import type { MindboxSettings, OperationKind } from './names.ts';

/** One request to `/v3/operations`. */
export interface Operation {
  kind: OperationKind;
  body: Properties;
  deviceUUID: string | undefined;
  /** The customer's address, by `X-Customer-IP`. */
  ip: string | undefined;
  settings: MindboxSettings;
  /** What is on record and the body does not tell. */
  recorded: Recorded;
}

export interface Recorded {
  /** Products on the wish list: Mindbox is told the whole list, we what changed. */
  favourites: readonly string[];
  /** Whether the order of the operation is known. */
  hasOrder: boolean;
}

/** What is wrong with a body, as Mindbox tells it. */
export class Invalid extends Error {
  readonly location: string;
  constructor(location: string, message: string) {
    super(message);
    this.location = location;
  }
}

/** The operation in calls of Segment's shape, without message ids. Throws Invalid. */
export function callsOf(operation: Operation): Call[] {
  const base = baseOf(operation);
  return readers[operation.kind](operation).map((call) => ({ ...base, ...call }));
}

/** What a call has besides who and when. */
type Part = Call;

const readers: Readonly<Record<OperationKind, (operation: Operation) => Part[]>> = {
  register: (operation) => [identify(operation), track('Signed Up', {}), ...subscriptions(operation)],
  authorize: (operation) => [identify(operation), ...subscriptions(operation)],
  edit: (operation) => [identify(operation), ...subscriptions(operation)],
  subscribe: subscribe,
  view_product: ({ body, settings }) => {
    const view = record(body.viewProduct);
    return [
      track('Product Viewed', { product_id: productId(view.product, '/viewProduct', settings), price: view.price }),
    ];
  },
  view_category: ({ body, settings }) => {
    const category = firstId(record(record(body.viewProductCategory).productCategory).ids, settings.ids.product);
    if (category === null) throw new Invalid('/viewProductCategory/productCategory/ids', 'a category must be named');
    return [track('Product List Viewed', { category })];
  },
  set_cart: (operation) => [track('Cart Viewed', { products: listOf(operation) })],
  add_to_cart: ({ body, settings }) => [
    track('Product Added', item(body.addProductToList, '/addProductToList', settings)),
  ],
  remove_from_cart: ({ body, settings }) => [
    track('Product Removed', item(body.removeProductFromList, '/removeProductFromList', settings)),
  ],
  set_wish_list: wishList,
  create_order: (operation) => [order('Order Completed', operation)],
  change_order: (operation) => [order(changeOf(operation), operation)],
  cancel_order: (operation) => [order('Order Cancelled', operation)],
};

function track(event: string, properties: Properties): Part {
  return { type: 'track', event, properties: known(properties) };
}

/** In Mindbox's PHP client the customer of an order is inside it. */
export function customerOf(body: Properties): Properties {
  return isRecord(body.customer) ? body.customer : record(record(body.order).customer);
}

function baseOf({ body, deviceUUID, ip, settings }: Operation): Properties {
  const customer = customerOf(body);
  const traits = known({ email: customer.email, phone: customer.mobilePhone });
  const userId = firstId(customer.ids, settings.ids.customer);
  const timestamp = utc(body.executionDateTimeUtc);
  return known({ userId, anonymousId: deviceUUID, timestamp, context: known({ traits, ip }) });
}

function utc(value: unknown): string | null {
  const at = text(value)?.trim().replace(' ', 'T');
  return at === undefined ? null : /(?:Z|[+-]\d\d:?\d\d)$/.test(at) ? at : `${at}Z`;
}

/** Mindbox's own id says nothing to the shop. */
export function firstId(ids: unknown, wanted: string | null): string | null {
  const given = record(ids);
  const names = wanted === null ? Object.keys(given).filter((name) => name !== 'mindboxId') : [wanted];
  return names.map((name) => (Object.hasOwn(given, name) ? idOf(given[name]) : null)).find((id) => id !== null) ?? null;
}

function identify({ body }: Operation): Part {
  const { firstName, lastName, middleName, birthDate, sex, customFields } = customerOf(body);
  return { type: 'identify', traits: known({ firstName, lastName, middleName, birthDate, sex, customFields }) };
}

function subscribe(operation: Operation): Part[] {
  const said = subscriptions(operation);
  if (said.length === 0) throw new Invalid('/customer/subscriptions', 'at least one subscription must be given');
  return [identify(operation), ...said];
}

/** Without `isSubscribed` it is a subscription. Leaving one topic leaves the channel as it is. */
function subscriptions({ body }: Operation): Part[] {
  return records(customerOf(body).subscriptions).map(({ pointOfContact, topic, isSubscribed, brand }) => {
    const isGranted = isSubscribed !== false && isSubscribed !== 'false';
    const channel = text(pointOfContact)?.toLowerCase() ?? '*';
    const event = !isGranted && topic ? 'Topic Left' : 'Consent Changed';
    const state = isGranted ? 'granted' : 'denied';
    return track(event, { purpose: 'advertising', channel, topic, brand, state });
  });
}

function productId(product: unknown, at: string, { ids }: MindboxSettings): string {
  const { ids: own, sku } = record(product);
  const id = firstId(own, ids.product) ?? firstId(record(sku).ids, ids.product);
  if (id === null) throw new Invalid(`${at}/product/ids`, 'a product must be named');
  return id;
}

function item(value: unknown, at: string, settings: MindboxSettings): Properties {
  const { product, count, pricePerItem, price } = record(value);
  return { product_id: productId(product, at, settings), quantity: count, price: pricePerItem ?? price };
}

function listOf({ body, settings }: Operation): Properties[] {
  const { productList } = body;
  const list = Array.isArray(productList) ? productList : record(productList).products;
  if (!Array.isArray(list)) throw new Invalid('/productList', 'must be a list of products');
  return list.map((one, index) => known(item(one, `/productList/${index}`, settings)));
}

function wishList(operation: Operation): Part[] {
  const wanted = [...new Set(listOf(operation).map(({ product_id }) => String(product_id)))];
  const { favourites } = operation.recorded;
  return [
    ...favourites
      .filter((id) => !wanted.includes(id))
      .map((product_id) => track('Product Removed from Wishlist', { product_id })),
    ...wanted
      .filter((id) => !favourites.includes(id))
      .map((product_id) => track('Product Added to Wishlist', { product_id })),
  ];
}

export function orderIdOf(body: Properties, settings: MindboxSettings): string {
  const id = firstId(record(body.order).ids, settings.ids.order);
  if (id === null) throw new Invalid('/order/ids', 'the order must be named');
  return id;
}

/** A change of an order that is known names lines without prices, as often as not: its goods stay what was ordered. */
function order(event: string, { kind, body, settings, recorded }: Operation): Part {
  const order_id = orderIdOf(body, settings);
  if (kind !== 'create_order' && recorded.hasOrder) return track(event, { order_id });
  const { lines, totalPrice } = record(body.order);
  const products = records(lines).map((line, index) => {
    const id = productId(line.product, `/order/lines/${index}`, settings);
    const price = line.basePricePerItem ?? record(line.product).price;
    return known({ product_id: id, quantity: line.quantity, price });
  });
  return track(event, { order_id, total: totalPrice, products, coupons: some(codesOf(body.order)) });
}

/** Promo codes: `coupons` and `discounts` of the order and of its lines. */
function codesOf(order: unknown): (string | null)[] {
  const parts = [record(order), ...records(record(order).lines)];
  const coupons = parts.flatMap((part) => [...records(part.coupons), ...records(part.discounts).flatMap(promoCodes)]);
  return coupons.map(({ ids }) => firstId(ids, 'code') ?? firstId(ids, null));
}

function promoCodes({ promoCode, coupon }: Properties): Properties[] {
  return [record(promoCode), record(coupon)];
}

/** Only what all lines have become has the whole order become. */
function changeOf({ body, settings, recorded }: Operation): string {
  const statuses = records(record(body.order).lines).map(
    ({ status }) => text(status) ?? firstId(record(status).ids, null),
  );
  const areAll = (names: readonly string[]) =>
    statuses.length > 0 && statuses.every((status) => status !== null && names.includes(status));
  if (areAll(settings.statuses.refunded)) return 'Order Refunded';
  if (areAll(settings.statuses.cancelled)) return 'Order Cancelled';
  return recorded.hasOrder ? 'Order Changed' : 'Order Completed';
}
