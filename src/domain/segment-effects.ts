import type { CartLine, Effect, OrderChange } from './events.ts';
import { minorUnits } from './money.ts';
import { detailsOf, stepOfEvent } from './order-state.ts';
import { longestCode } from './promo.ts';
import { isRecord, type Properties, text } from './shapes.ts';

/** What an event of Segment's e-commerce spec v2 (and ours on top) does to the customer. */
export interface Said {
  type: string;
  name: string;
  properties: Properties;
  traits: Properties;
  /** Segment's `context`. */
  ambient: Properties;
  call: Properties;
  currency: string;
  ip(value: unknown): string | null;
}

/** Effects of one call; empty for names that mean nothing to us. What is malformed has no effect; the event is kept. */
export function effectsOf(said: Said): Effect[] {
  return said.type === 'track' ? (byName.get(said.name)?.(said) ?? []) : byType(said);
}

/** Whether the event is browsing or a visit: what wakes journeys of abandonment. */
export function isBrowsing(name: string): boolean {
  return name === 'page' || name === 'screen' || browsing.has(name);
}

function byType({ type, traits, ambient, call }: Said): Effect[] {
  if (type === 'identify') return [...traitEffects(traits), ...traitEffects(surroundings(ambient))];
  if (type === 'page' || type === 'screen') return [{ do: 'visit' }, ...traitEffects(surroundings(ambient))];
  if (type === 'group') return [{ do: 'trait', name: 'company', value: { ...traits, id: text(call.groupId) ?? null } }];
  return [];
}

/** Addresses are no traits: they stand on the profile, with consent beside them. */
const addresses = new Set(['email', 'phone']);

function traitEffects(traits: Properties): Effect[] {
  const named = Object.entries(traits).filter(
    ([name, value]) => !addresses.has(name) && name.length <= 200 && !isLong(value),
  );
  return named.map(([name, value]) => ({ do: 'trait', name, value }));
}

/** Traits are read and written whole with each event that says one. Characters of JSON. */
const longestTrait = 4_000;

function isLong(value: unknown): boolean {
  if (typeof value === 'string') return value.length > longestTrait;
  return typeof value === 'object' && value !== null && JSON.stringify(value).length > longestTrait;
}

/** Where and in what language the client runs: sent with each call by browser and app libraries. */
function surroundings({ locale, timezone }: Properties): Properties {
  const known: Properties = {};
  if (typeof locale === 'string' && locale.length <= 35) known.locale = locale;
  if (typeof timezone === 'string' && timezone.length <= 64) known.timezone = timezone;
  return known;
}

type Reader = (said: Said) => Effect[];

const activity: Effect = { do: 'activity' };

const browsed =
  (effect?: (properties: Properties) => Effect | null): Reader =>
  ({ properties }) => {
    const found = effect?.(properties) ?? null;
    return found === null ? [activity] : [activity, found];
  };

const withProduct = (make: (product: string, properties: Properties) => Effect) =>
  browsed((properties) => {
    const product = productOf(properties);
    return product === null ? null : make(product, properties);
  });

const category = browsed((properties) => {
  const ref = reference(properties.category ?? properties.category_id ?? properties.list_id);
  return ref === null ? null : { do: 'category', ref };
});

const cart = browsed(({ products }) =>
  Array.isArray(products) ? { do: 'cart_set', lines: cartLines(products) } : null,
);

const added = withProduct((product, { quantity }) => ({ do: 'cart_add', product, quantity: count(quantity) ?? 1 }));

const removed = withProduct((product, properties) => {
  const quantity = count(properties.quantity);
  return quantity === null ? { do: 'cart_remove', product } : { do: 'cart_remove', product, quantity };
});

const browsing = new Map<string, Reader>([
  ['Product Viewed', withProduct((ref) => ({ do: 'view', ref }))],
  ['Product Clicked', browsed()],
  ['Products Searched', browsed()],
  ['Product List Viewed', category],
  ['Product List Filtered', category],
  ['Product Added', added],
  ['Wishlist Product Added to Cart', added],
  ['Product Removed', removed],
  ['Cart Viewed', cart],
  ['Checkout Started', cart],
  ['Checkout Step Viewed', browsed()],
  ['Checkout Step Completed', browsed()],
  ['Payment Info Entered', browsed()],
  ['Product Added to Wishlist', withProduct((ref) => ({ do: 'favourite', ref }))],
  ['Product Removed from Wishlist', withProduct((ref) => ({ do: 'unfavourite', ref }))],
]);

const order =
  (state: OrderChange['state']): Reader =>
  (said) => {
    const change = orderChange(said, state);
    const news = told(said).filter((effect) => effect.do === 'order_step' && Object.keys(effect.details).length > 0);
    return change === null ? [] : [{ do: 'order', order: change }, ...news];
  };

const item =
  (what: Extract<Effect, { do: 'item' }>['what']): Reader =>
  ({ properties }) => {
    const ref = productOf(properties);
    return ref === null ? [] : [{ do: 'item', what, item: ref }];
  };

/** Who waits for a product is not browsing: no run that waits for them to stop is put off by it. */
const waiting =
  (what: 'waiting' | 'unwaiting'): Reader =>
  ({ properties }) => {
    const ref = productOf(properties);
    return ref === null ? [] : [{ do: what, ref }];
  };

/** What the buyer is told, where the event is something to tell of. */
const told: Reader = ({ name, properties, currency: usual }) => {
  const orderId = reference(properties.order_id);
  const step = Object.hasOwn(stepOfEvent, name) ? stepOfEvent[name as keyof typeof stepOfEvent] : null;
  if (orderId === null || step === null) return [];
  return [{ do: 'order_step', orderId, step, details: detailsOf(properties, currencyOf(properties, usual)) }];
};

const byName = new Map<string, Reader>([
  ...browsing,
  ['Back In Stock Requested', waiting('waiting')],
  ['Back In Stock Withdrawn', waiting('unwaiting')],
  ['Queue Joined', item('joined')],
  ['Queue Left', item('left')],
  ['Item Sent To Fitting', item('out')],
  ['Item Returned', item('returned')],
  ['Item Sold', item('sold')],
  ['Order Completed', order('placed')],
  ['Order Updated', order('placed')],
  ['Order Cancelled', order('cancelled')],
  ['Order Refunded', order('refunded')],
  ['Order Shipped', told],
  ['Order Fulfilled', told],
  ['Order Ready for Pickup', told],
  ['Order Delivered', told],
  ['Subscribed', (said) => [consent(said, 'advertising', channelOf(said.properties, 'email'), 'granted')]],
  ['Unsubscribed', (said) => [consent(said, 'advertising', channelOf(said.properties, '*'), 'denied')]],
  ['Consent Changed', consentChange],
]);

type Consent = Extract<Effect, { do: 'consent' }>;

/** Text version and IP go with it: what a proof of consent needs (152-FZ, GDPR). */
function consent(
  { properties, ambient, ip }: Said,
  purpose: Consent['purpose'],
  channel: string,
  state: Consent['state'],
): Consent {
  const textVersion = text(properties.text_version) ?? null;
  return { do: 'consent', purpose, channel, state, textVersion, ip: ip(ambient.ip) };
}

/** `{purpose, channel, state}`; also `granted: true|false` in place of the state. */
function consentChange(said: Said): Effect[] {
  const { purpose = 'advertising', granted } = said.properties;
  const state = typeof granted === 'boolean' ? (granted ? 'granted' : 'denied') : said.properties.state;
  if (purpose !== 'advertising' && purpose !== 'personal_data') return [];
  if (state !== 'granted' && state !== 'denied') return [];
  return [consent(said, purpose, channelOf(said.properties, '*'), state)];
}

function channelOf({ channel }: Properties, otherwise: string): string {
  return typeof channel === 'string' && /^[a-z_*]{1,20}$/.test(channel) ? channel : otherwise;
}

function orderChange({ properties, currency: usual }: Said, state: OrderChange['state']): OrderChange | null {
  const orderId = reference(properties.order_id);
  if (orderId === null) return null;
  const currency = currencyOf(properties, usual);
  const lines = orderLines(properties.products, currency);
  const sum = lines.reduce((total, line) => total + line.price * line.quantity, 0);
  const amounts = [properties.total, properties.revenue, properties.value].map((value) => minorUnits(value, currency));
  const codes = orderCodes(properties);
  const total = amounts.find((amount) => amount !== null) ?? sum;
  return { orderId, state, total, currency, lines, ...(codes.length > 0 && { codes }) };
}

function currencyOf({ currency }: Properties, usual: string): string {
  const given = text(currency)?.toUpperCase() ?? '';
  return /^[A-Z]{3}$/.test(given) ? given : usual;
}

const mostCodes = 20;

/** Promo codes: `coupon` of the order and of its products; `coupons` where the order has several. */
function orderCodes({ coupon, coupons, products }: Properties): string[] {
  const ofProducts = Array.isArray(products) ? products.map((one) => (isRecord(one) ? one.coupon : null)) : [];
  const given = [coupon, coupons, ofProducts].flat().map((one) => text(one)?.trim() ?? '');
  return [...new Set(given)].filter((code) => code !== '' && code.length <= longestCode).slice(0, mostCodes);
}

function orderLines(products: unknown, currency: string): OrderChange['lines'] {
  const lines = new Map<string, OrderChange['lines'][number]>();
  for (const item of Array.isArray(products) ? products : []) {
    const product = isRecord(item) ? productOf(item) : null;
    if (product === null) continue;
    const quantity = count(item.quantity) ?? 1;
    const line = lines.get(product);
    if (line) line.quantity += quantity;
    else lines.set(product, { product, quantity, price: minorUnits(item.price, currency) ?? 0 });
  }
  return [...lines.values()];
}

function cartLines(products: unknown[]): CartLine[] {
  const lines = new Map<string, number>();
  for (const item of products) {
    const product = isRecord(item) ? productOf(item) : null;
    if (product === null) continue;
    lines.set(product, (lines.get(product) ?? 0) + (count((item as Properties).quantity) ?? 1));
  }
  return [...lines].map(([product, quantity]) => ({ product, quantity }));
}

/** The shop's id of a product: `product_id`, else its `sku`. */
function productOf(properties: Properties): string | null {
  return reference(properties.product_id) ?? reference(properties.sku);
}

/** An id that goes into an index: PostgreSQL refuses keys of more than a third of a page. */
function reference(value: unknown): string | null {
  const ref = text(value)?.trim() ?? '';
  return ref === '' || ref.length > 200 ? null : ref;
}

/** A quantity from 1 to a million; null for anything else. */
function count(value: unknown): number | null {
  const quantity = typeof value === 'string' ? Number(value) : value;
  return typeof quantity === 'number' && quantity >= 1 && quantity <= 1e6 ? Math.floor(quantity) : null;
}
