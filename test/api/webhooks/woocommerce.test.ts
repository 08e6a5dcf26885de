import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { webhookGateway } from './support.ts';

const gateway = await webhookGateway();
const { call, customer, order, lines, cart, eventsOf, stored } = gateway;
let secret = '';
beforeAll(async () => {
  secret = (await gateway.addSecret('woocommerce')).secret;
});
const send = (topic: string, body: unknown, id?: string) => gateway.woocommerce(topic, body, secret, id);

let made = 700;
/** WooCommerce writes UTC without saying so. */
const gmt = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString().slice(0, 19);

/** Shaped as the order of WooCommerce's REST API documentation, "Order properties" and its example response. */
function wooOrder(more: object = {}) {
  const id = ++made;
  return {
    ...{ id, number: String(id), status: 'processing', currency: 'USD', total: '29.35', customer_id: id + 10_000 },
    ...{ date_created_gmt: gmt(30), date_modified_gmt: gmt(30), customer_ip_address: '' },
    billing: { first_name: 'John', last_name: 'Doe', email: `john.${id}@example.com`, phone: '+1 415 555 0132' },
    line_items: [
      {
        ...{ id: 315, name: 'Woo Single #1', product_id: 93, variation_id: 0, quantity: 2, sku: '', price: 3 },
        ...{ subtotal: '6.00', total: '6.00', total_tax: '0.54', meta_data: [] },
      },
      {
        ...{ id: 316, name: 'Ship Your Idea', product_id: 22, variation_id: 23, quantity: 1, sku: 'Bar3', price: 12 },
        ...{ subtotal: '12.00', total: '12.00', total_tax: '1.08', meta_data: [] },
      },
    ],
    ...{ shipping_lines: [], refunds: [], meta_data: [] },
    ...more,
  };
}

describe('orders', () => {
  test('an order is stored with its lines, for the customer of its id, e-mail and phone', async () => {
    const body = wooOrder();
    expect((await send('order.created', body)).body).toEqual({ success: true, stored: 1 });
    const id = await customer('user_id', String(body.customer_id));
    expect(await customer('email', body.billing.email)).toBe(id);
    expect(await customer('phone', '+14155550132')).toBe(id);
    const placed_at = new Date(`${body.date_created_gmt}Z`);
    expect(await order(String(body.id))).toMatchObject({ state: 'placed', total: 2935, currency: 'USD', placed_at });
    expect(await lines(String(body.id))).toEqual([
      { product_id: '22', quantity: 1, price: 1200 },
      { product_id: '93', quantity: 2, price: 300 },
    ]);
  });

  test('J16 a completed order was sent: told once, with its delivery', async () => {
    const sent = {
      status: 'completed',
      date_completed_gmt: gmt(5),
      shipping_lines: [{ method_title: 'Post', total: '4.00' }],
    };
    const body = wooOrder();
    await send('order.created', body);
    for (let time = 0; time < 2; time += 1) await send('order.updated', { ...body, ...sent });
    const query = gateway.db
      .selectFrom('order_states')
      .select(['state', 'details'])
      .where('order_id', '=', String(body.id));
    const states = await query.orderBy('at').execute();
    expect(states.map(({ state }) => state)).toEqual(['placed', 'shipped']);
    expect(states[0]?.details).toMatchObject({ names: { 93: 'Woo Single #1' }, number: String(body.id) });
    expect(states[1]?.details).toMatchObject({ delivery: { method: 'Post', price: { amount: 400, currency: 'USD' } } });
    const told = await eventsOf(await customer('user_id', String(body.customer_id)));
    expect(told.filter(({ name }) => name === 'Order Fulfilled')).toHaveLength(1);
  });

  test('R8 it keeps the coupons that it carries', async () => {
    const body = wooOrder({ coupon_lines: [{ id: 1, code: 'spring-7k2q', discount: '2.00', discount_tax: '0' }] });
    await send('order.created', body);
    expect(await order(String(body.id))).toMatchObject({ codes: ['spring-7k2q'] });
  });

  test('in any order and however often: its state only goes forward', async () => {
    const body = wooOrder();
    const refunded = { ...body, status: 'refunded', date_modified_gmt: gmt(1) };
    const delivery = randomUUID();
    await Promise.all(Array.from({ length: 5 }, () => send('order.updated', refunded, delivery)));
    await send('order.updated', { ...body, status: 'completed', date_modified_gmt: gmt(5) });
    await send('order.created', body);
    expect(await order(String(body.id))).toMatchObject({ state: 'refunded', total: 2935 });
    expect(await stored(`order.updated:${delivery}`)).toHaveLength(1);
  });

  test('not paid for it is a checkout, paid for it takes its goods out of the cart', async () => {
    const body = wooOrder({ status: 'pending' });
    await send('order.created', body);
    const id = await customer('user_id', String(body.customer_id));
    expect(await order(String(body.id))).toBeUndefined();
    expect(await cart(id)).toMatchObject([{ product_id: '22' }, { product_id: '93', quantity: 2 }]);
    await send('order.updated', { ...body, status: 'failed', date_modified_gmt: gmt(20) });
    await send('order.updated', { ...body, status: 'processing', date_modified_gmt: gmt(10) });
    expect(await cart(id)).toEqual([]);
    expect(await order(String(body.id))).toMatchObject({ state: 'placed' });
    const names = (await eventsOf(id)).map(({ name }) => name);
    expect(names.toSorted()).toEqual(['Checkout Started', 'Order Completed', 'Order Payment Failed']);
  });

  test('a guest is who the e-mail says, and a draft is no order', async () => {
    const guest = wooOrder({ customer_id: 0 });
    await send('order.created', guest);
    expect(await order(String(guest.id))).toMatchObject({ customer_id: await customer('email', guest.billing.email) });
    const draft = await send('order.created', wooOrder({ status: 'checkout-draft' }));
    expect(draft.body).toMatchObject({ stored: 0, ignored: 'an order of this status is no order' });
  });
});

test('customers: traits and addresses', async () => {
  const body = {
    ...{ id: ++made, email: 'john.doe@example.com', first_name: 'John', last_name: 'Doe', role: 'customer' },
    ...{ date_created_gmt: gmt(9), date_modified_gmt: gmt(3), billing: { phone: '(415) 555-0199' }, meta_data: [] },
  };
  expect((await send('customer.updated', body)).body.stored).toBe(1);
  const id = await customer('user_id', String(body.id));
  expect(await customer('email', 'john.doe@example.com')).toBe(id);
  expect((await call('GET', `/customers/${id}`)).body.traits).toEqual({ firstName: 'John', lastName: 'Doe' });
});

test('a new account is a registration, told once', async () => {
  const body = { id: ++made, email: 'jane.doe@example.com', date_created_gmt: gmt(2), billing: {} };
  for (const _ of [1, 2]) await send('customer.created', body);
  const id = await customer('user_id', String(body.id));
  expect((await eventsOf(id)).map(({ name }) => name).filter((name) => name === 'Signed Up')).toHaveLength(1);
});

describe('products', () => {
  /** Shaped as the product of WooCommerce's REST API documentation. */
  const productOf = (id: number, minutesAgo: number, more: object = {}) => ({
    ...{ id, name: 'Premium Quality', slug: 'premium-quality', permalink: 'https://shop.example/p/premium-quality/' },
    ...{ status: 'publish', sku: `S-${id}`, price: '17.99', regular_price: '21.99', sale_price: '17.99' },
    ...{ manage_stock: true, stock_quantity: 5, stock_status: 'instock', brands: [], tags: [{ id: 1, name: 'new' }] },
    ...{ categories: [{ id: 9, name: 'Clothing', slug: 'clothing' }], images: [{ src: 'https://shop.example/1.jpg' }] },
    ...{ date_created_gmt: gmt(60), date_modified_gmt: gmt(minutesAgo) },
    ...more,
  });
  const shown = async (id: number) => (await call('GET', `/products/${id}`)).body;

  test('a product comes into the catalogue with its price, its discount and its stock', async () => {
    const id = ++made;
    await send('product.created', productOf(id, 9));
    expect(await shown(id)).toMatchObject({
      ...{ name: 'Premium Quality', sku: `S-${id}`, url: 'https://shop.example/p/premium-quality/' },
      ...{ category: 'Clothing', imageUrl: 'https://shop.example/1.jpg', attributes: { tags: ['new'] } },
      offers: [{ price: { amount: 1799, currency: 'RUB' }, oldPrice: { amount: 2199 }, stock: 5 }],
    });
  });

  test('late news overwrite nothing; sold out, hidden or deleted it is not to be had', async () => {
    const id = ++made;
    await send('product.updated', productOf(id, 5, { name: 'New', manage_stock: false, stock_quantity: null }));
    await send('product.updated', productOf(id, 9, { name: 'Old' }));
    expect(await shown(id)).toMatchObject({ name: 'New', offers: [{ stock: 1_000_000 }] });
    await send('product.updated', productOf(id, 4, { stock_status: 'outofstock' }));
    expect(await shown(id)).toMatchObject({ offers: [{ stock: 0 }] });
    await send('product.updated', productOf(id, 3, { status: 'draft' }));
    expect(await shown(id)).toMatchObject({ offers: [{ stock: 0 }] });
    await send('product.deleted', { id });
    expect(await shown(id)).toMatchObject({ offers: [] });
    expect((await send('product.updated', productOf(id, 1, { price: '', regular_price: '' }))).status).toBe(200);
  });
});

test('switching a webhook on posts its number, unsigned, and is answered with 200', async () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const probe = await gateway.post('woocommerce', 'webhook_id=42', form);
  expect(probe).toMatchObject({ status: 200, body: { success: true, stored: 0 } });
  expect((await gateway.post('woocommerce', 'webhook_id=42&more=1', form)).body.code).toBe('wrong_signature');
});

test('a wrong signature is refused, and other topics are answered with 200', async () => {
  const body = wooOrder();
  expect((await gateway.woocommerce('order.created', body, 'wrong')).body.code).toBe('wrong_signature');
  expect(await order(String(body.id))).toBeUndefined();
  expect((await send('coupon.created', { id: 1 })).body).toMatchObject({ success: true, stored: 0 });
});
