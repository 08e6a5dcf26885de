import { hash } from 'node:crypto';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import type { ShopSettings } from '#domain/shop.ts';
import { offersOf, type Variant } from './offers.ts';
import { isSigned } from './signatures.ts';
import type { WebhookSource } from './told.ts';
import { type Call, type Delivery, idOf, jsonOf, known, nothing, record, records, some, type Told } from './told.ts';

/** Shopify's webhooks (REST payloads, https://shopify.dev/docs/api/webhooks). The signature covers the body alone, so the
 *  topic says only which kind of body it is: what became of an order is read in the order itself. */
export const shopify: WebhookSource = {
  refuses: false,
  check({ raw, header }, secrets) {
    return isSigned(raw, [header('x-shopify-hmac-sha256') ?? ''], secrets) ? 'genuine' : 'wrong';
  },
  read(delivery, shop) {
    const topic = delivery.header('x-shopify-topic') ?? '';
    const body = jsonOf(delivery);
    const reader = Object.hasOwn(readers, topic) ? readers[topic] : undefined;
    if (!reader) return nothing('nothing is done with this topic');
    if (!isRecord(body)) return nothing('the body is not a JSON object');
    return reader(body, { messageId: messageIdOf(delivery, topic), shop, triggeredAt: triggeredAt(delivery) });
  },
};

interface Context {
  messageId: string;
  shop: ShopSettings;
  /** When the shop made it, by a header. */
  triggeredAt: string | undefined;
}

type Reader = (body: Properties, context: Context) => Told;

/** One event of the shop may come under several topics. */
function messageIdOf({ raw, header }: Delivery, topic: string): string {
  const id = header('x-shopify-event-id') ?? header('x-shopify-webhook-id') ?? hash('sha256', raw);
  return `${topic}:${id.slice(0, 200)}`;
}

function triggeredAt({ header }: Delivery): string | undefined {
  return header('x-shopify-triggered-at');
}

const readers: Readonly<Record<string, Reader>> = {
  'orders/create': order,
  'orders/paid': order,
  'orders/updated': order,
  'orders/cancelled': order,
  'refunds/create': refund,
  'carts/create': cart,
  'carts/update': cart,
  'checkouts/create': checkout,
  'checkouts/update': checkout,
  'customers/create': registration,
  'customers/enable': registration,
  'customers/update': customer,
  'customers_email_marketing_consent/update': (body) =>
    consents({ ...body, id: body.customer_id, email: body.email_address }),
  'customers_marketing_consent/update': (body) => consents(body),
  'products/create': product,
  'products/update': product,
  'products/delete': (body, { triggeredAt }) => {
    const productId = idOf(body.id);
    return productId === null ? nothing('no id') : { tells: 'withdrawn', productId, at: triggeredAt };
  },
};

function calls(...list: Call[]): Told {
  return { tells: 'calls', calls: list };
}

function order(body: Properties, { messageId }: Context): Told {
  const { event, timestamp } = orderState(body);
  const placed = known({
    order_id: idOf(body.id),
    order_name: body.name,
    total: body.total_price,
    currency: body.currency,
    products: lines(body),
    coupons: some(records(body.discount_codes).map(({ code }) => code)),
  });
  const properties = { ...placed, ...toldOf(body) };
  const call = { type: 'track', event, messageId, timestamp, properties, ...buyer(body) };
  return calls(call, ...fulfilments(body, messageId));
}

/** What its buyer is told of it. */
function toldOf(body: Properties): Properties {
  const [delivery] = records(body.shipping_lines);
  return known({
    order_url: body.order_status_url,
    discount: Number(body.total_discounts) > 0 ? body.total_discounts : null,
    shipping: delivery?.price,
    shipping_method: delivery?.title,
    shipping_address: body.shipping_address,
  });
}

/** What a parcel's own state is called, where its buyer is told of it. */
const parcels: Readonly<Record<string, string>> = {
  ready_for_pickup: 'Order Ready for Pickup',
  delivered: 'Order Delivered',
};

/** Parcels come with every change of their order: the message id goes by what became of them, so each is kept once. */
function fulfilments(body: Properties, messageId: string): Call[] {
  const orderId = idOf(body.id);
  if (orderId === null || body.cancelled_at) return [];
  return records(body.fulfillments).flatMap((parcel): Call[] => {
    if (parcel.status !== 'success') return [];
    const tracking = known({
      tracking_number: parcel.tracking_number,
      tracking_url: parcel.tracking_url ?? [parcel.tracking_urls].flat()[0],
      carrier: parcel.tracking_company,
    });
    const properties = { order_id: orderId, ...known({ order_name: body.name }), ...toldOf(body), ...tracking };
    const became = parcels[text(parcel.shipment_status) ?? ''];
    const steps: [string, unknown][] = [['Order Fulfilled', parcel.created_at]];
    if (became !== undefined) steps.push([became, parcel.updated_at]);
    const id = idOf(parcel.id) ?? messageId;
    return steps.map(([event, timestamp]) => {
      const own = `${event}:${orderId}:${id}`.slice(0, 255);
      return { type: 'track', event, messageId: own, timestamp, properties, ...buyer(body) };
    });
  });
}

/** An order is placed at one time, whichever webhook tells of it first: what is put into the cart later stays there. */
function orderState(body: Properties): { event: string; timestamp: unknown } {
  if (body.cancelled_at) return { event: 'Order Cancelled', timestamp: body.cancelled_at };
  if (body.financial_status === 'refunded') return { event: 'Order Refunded', timestamp: body.updated_at };
  return { event: 'Order Completed', timestamp: body.processed_at ?? body.created_at };
}

/** Who it was. The cart's token ties carts, which name nobody, to the checkout and the order that they become. A company's
 *  order (Shopify B2B) is of the customer's corporate profile. */
function buyer(body: Properties): Properties {
  const customer = record(body.customer);
  const traits = known({
    email: body.email ?? body.contact_email ?? customer.email,
    phone: body.phone ?? customer.phone,
  });
  const context = known({ traits, ip: body.browser_ip, profile: isRecord(body.company) ? 'corporate' : null });
  return known({ userId: idOf(customer.id), anonymousId: cartId(body.cart_token), context });
}

/** Tokens come with a key of their own behind them at times (`…?key=…`). */
function cartId(token: unknown): string | null {
  const id = text(token)?.split('?', 1)[0] ?? '';
  return id === '' ? null : `shopify-cart-${id}`;
}

function lines(body: Properties): Properties[] {
  return records(body.line_items).map(({ product_id, sku, quantity, price, name, title }) =>
    known({ product_id: idOf(product_id), sku, quantity, price, name: name ?? title }),
  );
}

/** Money that went back, by currency; a refund names no customer. */
function refund(body: Properties, { messageId }: Context): Told {
  const orderId = idOf(body.order_id);
  if (orderId === null) return nothing('the refund names no order');
  const paid = records(body.transactions).filter(({ kind, status }) => kind === 'refund' && status === 'success');
  const amounts = paid.map(({ amount, currency }) => ({ amount, currency: text(currency) ?? '' }));
  return { tells: 'refund', orderId, messageId, amounts, at: body.processed_at ?? body.created_at };
}

function cart(body: Properties, { messageId }: Context): Told {
  const properties = { cart_id: text(body.token) ?? null, products: lines(body) };
  const anonymousId = cartId(body.token);
  return calls({ type: 'track', event: 'Cart Viewed', messageId, timestamp: body.updated_at, anonymousId, properties });
}

/** One that is completed is an order, which comes by itself. */
function checkout(body: Properties, { messageId }: Context): Told {
  if (body.completed_at) return nothing('a completed checkout is told by its order');
  const properties = known({ checkout_id: idOf(body.id), currency: body.currency, products: lines(body) });
  const event = 'Checkout Started';
  return calls({ type: 'track', event, messageId, timestamp: body.updated_at, properties, ...buyer(body) });
}

function customer(body: Properties, { messageId }: Context): Told {
  const { email, phone, first_name: firstName, last_name: lastName } = body;
  const traits = known({ email, phone, firstName, lastName });
  const said = consents(body);
  const identify = { type: 'identify', messageId, userId: idOf(body.id), timestamp: body.updated_at, traits };
  return calls(identify, ...(said.tells === 'calls' ? said.calls : []));
}

/** A guest's record is made by their first checkout: only who has an account has registered, then or when it is activated. */
function registration(body: Properties, context: Context): Told {
  const told = customer(body, context);
  const userId = idOf(body.id);
  if (body.state !== 'enabled' || userId === null || told.tells !== 'calls') return told;
  const messageId = `Signed Up:${userId}`.slice(0, 255);
  const signedUp = { type: 'track', event: 'Signed Up', messageId, userId, timestamp: body.updated_at, properties: {} };
  return calls(...told.calls, signedUp);
}

/** Told again with every change of the customer: the message id goes by what was said and when, so it is kept once. */
function consents(body: Properties): Told {
  const userId = idOf(body.id);
  const said = [
    { channel: 'email', consent: record(body.email_marketing_consent) },
    { channel: 'sms', consent: record(body.sms_marketing_consent) },
  ];
  const list = said.flatMap(({ channel, consent }): Call[] => {
    const state = { subscribed: 'granted', unsubscribed: 'denied' }[String(consent.state).toLowerCase()];
    const timestamp = text(consent.consent_updated_at);
    if (userId === null || state === undefined || timestamp === undefined) return [];
    const messageId = `consent:${userId}:${channel}:${state}:${timestamp}`.slice(0, 255);
    const context = { traits: known({ email: body.email, phone: body.phone }) };
    const properties = { purpose: 'advertising', channel, state };
    return [{ type: 'track', event: 'Consent Changed', messageId, userId, timestamp, properties, context }];
  });
  return list.length === 0 ? nothing('it says neither yes nor no') : calls(...list);
}

function product(body: Properties, { shop }: Context): Told {
  const isSold = body.status === 'active' && Boolean(body.published_at);
  const variants = records(body.variants).map((variant) => variantOf(variant, isSold));
  const image = record(body.image).src ?? records(body.images)[0]?.src;
  const product = {
    ...known({
      id: idOf(body.id),
      sku: records(body.variants).find(({ sku }) => sku)?.sku,
      name: body.title,
      url: new URL(`/products/${encodeURIComponent(text(body.handle) ?? '')}`, shop.url).href,
      imageUrl: image,
      category: body.product_type,
      brand: body.vendor,
      publishedAt: body.published_at,
    }),
    attributes: known({ tags: body.tags }),
    offers: offersOf(variants, shop.currency),
  };
  return { tells: 'product', product, at: body.updated_at };
}

/** `inventory_quantity` null: the shop does not count this one; `continue`: it sells on when there is none left. */
function variantOf(
  { price, compare_at_price, inventory_policy, inventory_quantity: stock }: Properties,
  isSold: boolean,
): Variant {
  const isCounted = inventory_policy !== 'continue' && stock !== null && stock !== undefined;
  return { price, oldPrice: compare_at_price, stock: isSold ? (isCounted ? Number(stock) : null) : 0 };
}
