import { hash } from 'node:crypto';
import { isRecord, type Properties, text } from '#domain/shapes.ts';
import { offersOf } from './offers.ts';
import { isSigned } from './signatures.ts';
import {
  type Call,
  idOf,
  jsonOf,
  known,
  nothing,
  record,
  records,
  some,
  type Told,
  type WebhookSource,
} from './told.ts';

/** WooCommerce's webhooks (REST API v3 payloads, https://woocommerce.github.io/woocommerce-rest-api-docs/#webhooks). It
 *  switches a webhook off after five answers that are not 2xx, and never sends one twice by itself. */
export const woocommerce: WebhookSource = {
  refuses: false,
  check({ raw, header }, secrets) {
    return isSigned(raw, [header('x-wc-webhook-signature') ?? ''], secrets) ? 'genuine' : 'wrong';
  },
  // A webhook that is switched on first posts its number, as a form and unsigned, and wants a 2xx.
  isProbe: ({ raw }) => raw.length < 50 && /^webhook_id=\d+$/.test(raw.toString('latin1')),
  read(delivery, shop) {
    const topic = delivery.header('x-wc-webhook-topic') ?? '';
    const body = jsonOf(delivery);
    const reader = Object.hasOwn(readers, topic) ? readers[topic] : undefined;
    if (!reader) return nothing('nothing is done with this topic');
    if (!isRecord(body)) return nothing('the body is not a JSON object');
    const id = delivery.header('x-wc-webhook-delivery-id') ?? hash('sha256', delivery.raw);
    return reader(body, { messageId: `${topic}:${id.slice(0, 200)}`, currency: shop.currency });
  },
};

interface Context {
  messageId: string;
  currency: string;
}

type Reader = (body: Properties, context: Context) => Told;

const readers: Readonly<Record<string, Reader>> = {
  'order.created': order,
  'order.updated': order,
  'order.restored': order,
  'customer.created': registration,
  'customer.updated': customer,
  'product.created': product,
  'product.updated': product,
  'product.restored': product,
  // Nothing but the id comes with it; now is the only time there is.
  'product.deleted': ({ id }) => {
    const productId = idOf(id);
    return productId === null ? nothing('no id') : { tells: 'withdrawn', productId, at: undefined };
  },
};

/** Times `…_gmt` are UTC without saying so. */
function utc(value: unknown): string | undefined {
  const at = text(value);
  return at === undefined || /(?:Z|[+-]\d\d:?\d\d)$/.test(at) ? at : `${at}Z`;
}

/** Not paid for yet is a checkout: who is on the bank's page may yet leave. Its time is the order's, which so takes its goods
 *  out of the cart again. */
const byStatus: Readonly<Record<string, { event: string; at: string }>> = {
  pending: { event: 'Checkout Started', at: 'date_created_gmt' },
  processing: { event: 'Order Completed', at: 'date_created_gmt' },
  'on-hold': { event: 'Order Completed', at: 'date_created_gmt' },
  completed: { event: 'Order Completed', at: 'date_created_gmt' },
  cancelled: { event: 'Order Cancelled', at: 'date_modified_gmt' },
  refunded: { event: 'Order Refunded', at: 'date_modified_gmt' },
  failed: { event: 'Order Payment Failed', at: 'date_modified_gmt' },
};

function order(body: Properties, { messageId }: Context): Told {
  const status = text(body.status) ?? '';
  const state = Object.hasOwn(byStatus, status) ? byStatus[status] : undefined;
  if (!state) return nothing('an order of this status is no order');
  const billing = record(body.billing);
  const properties = known({
    order_id: idOf(body.id),
    order_name: body.number,
    total: body.total,
    currency: body.currency,
    products: lines(body),
    coupons: some(records(body.coupon_lines).map(({ code }) => code)),
  });
  const context = {
    traits: known({ email: billing.email, phone: billing.phone }),
    ...known({ ip: body.customer_ip_address }),
  };
  const timestamp = utc(body[state.at]);
  const userId = idOf(body.customer_id);
  const said = { ...properties, ...toldOf(body) };
  const call = { type: 'track', event: state.event, messageId, timestamp, userId, properties: said, context };
  if (status !== 'completed' || said.order_id === undefined) return calls(call);
  // Told with every later change as well: the message id goes by the order, so it is kept once.
  const at = utc(body.date_completed_gmt) ?? utc(body.date_modified_gmt);
  const sent = { event: 'Order Fulfilled', messageId: `fulfilled:${said.order_id}`.slice(0, 255), timestamp: at };
  return calls(call, { ...call, ...sent });
}

/** What its buyer is told of it. */
function toldOf(body: Properties): Properties {
  const [delivery] = records(body.shipping_lines);
  return known({
    discount: Number(body.discount_total) > 0 ? body.discount_total : null,
    shipping: delivery?.total,
    shipping_method: delivery?.method_title,
    shipping_address: body.shipping,
  });
}

/** `price` is what one piece cost after discounts. */
function lines(body: Properties): Properties[] {
  return records(body.line_items).map(({ product_id, sku, quantity, price, name }) =>
    known({ product_id: idOf(product_id), sku, quantity, price, name }),
  );
}

function customer(body: Properties, { messageId }: Context): Told {
  const { email, first_name: firstName, last_name: lastName } = body;
  const traits = known({ email, phone: record(body.billing).phone, firstName, lastName });
  const timestamp = utc(body.date_modified_gmt ?? body.date_created_gmt);
  return calls({ type: 'identify', messageId, userId: idOf(body.id), timestamp, traits });
}

/** Guests are no customers here: who is one has an account. */
function registration(body: Properties, context: Context): Told {
  const told = customer(body, context);
  const userId = idOf(body.id);
  if (userId === null || told.tells !== 'calls') return told;
  const [timestamp, messageId] = [utc(body.date_created_gmt), `Signed Up:${userId}`];
  return calls(...told.calls, { type: 'track', event: 'Signed Up', messageId, userId, timestamp, properties: {} });
}

function calls(...list: Call[]): Told {
  return { tells: 'calls', calls: list };
}

function product(body: Properties, { currency }: Context): Told {
  // What is on sale has its usual price beside it.
  const { price, regular_price: oldPrice } = body;
  const product = {
    ...known({
      id: idOf(body.id),
      sku: body.sku,
      name: body.name,
      url: body.permalink,
      imageUrl: records(body.images)[0]?.src,
      category: records(body.categories)[0]?.name,
      brand: records(body.brands)[0]?.name,
      publishedAt: utc(body.date_created_gmt),
    }),
    attributes: known({ tags: records(body.tags).map(({ name }) => name) }),
    offers: offersOf([{ price, oldPrice, stock: stockOf(body) }], currency),
  };
  return { tells: 'product', product, at: utc(body.date_modified_gmt) };
}

function stockOf({ status, stock_status, manage_stock, stock_quantity }: Properties): number | null {
  if (status !== 'publish' || stock_status === 'outofstock') return 0;
  return manage_stock === true && stock_status === 'instock' ? Number(stock_quantity ?? 0) : null;
}
