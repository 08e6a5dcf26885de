import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createKey } from '#db/keys.ts';
import { shopifySample, webhookGateway } from './support.ts';

const gateway = await webhookGateway();
const { db, call, customer, order, lines, cart, eventsOf, stored } = gateway;
let secret = '';
beforeAll(async () => {
  secret = (await gateway.addSecret('shopify', 'shpss_of_the_tests')).secret;
  const shop = (await call('GET', '/settings/shop')).body.value;
  await call('PUT', '/settings/shop', { ...shop, currency: 'USD' });
});
const send = (topic: string, body: unknown, eventId?: string) => gateway.shopify(topic, body, secret, eventId);

let made = 7_000_000_000_000;
const newId = () => ++made;
const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();

/** The sample of the documentation is a cancelled one, of a customer of its own here. */
function placedOrder(more: object = {}) {
  const id = newId();
  const person = { id: newId(), email: `jon-${id}@example.com`, phone: null };
  return {
    ...shopifySample('orders/create'),
    ...{ id, email: person.email, contact_email: person.email, customer: person },
    ...{ cancelled_at: null, financial_status: 'paid' },
    ...{ created_at: minutesAgo(30), processed_at: minutesAgo(30), updated_at: minutesAgo(30) },
    ...more,
  };
}

describe('orders', () => {
  test('an order is stored with its lines, for the customer of its id, e-mail and cart', async () => {
    const body = placedOrder({ cart_token: 'c1-token?key=abc' });
    const answer = await send('orders/create', body);
    expect(answer.body).toEqual({ success: true, stored: 1 });
    const id = await customer('user_id', String(body.customer.id));
    expect(await customer('email', body.email)).toBe(id);
    expect(await customer('anonymous_id', 'shopify-cart-c1-token')).toBe(id);
    expect(await order(String(body.id))).toMatchObject({ customer_id: id, state: 'placed', total: 35997 });
    expect(await order(String(body.id))).toMatchObject({ currency: 'USD', placed_at: new Date(body.processed_at) });
    const [line] = await lines(String(body.id));
    expect(line).toMatchObject({ quantity: expect.any(Number), price: expect.any(Number) });
  });

  test('J16 what its letters tell is kept: the shop’s number, the delivery, the parcel, each step once', async () => {
    const parcel = {
      ...{ id: newId(), status: 'success', created_at: minutesAgo(20), updated_at: minutesAgo(2) },
      ...{ tracking_number: 'RA1', tracking_url: 'https://post.example/RA1', tracking_company: 'Post' },
    };
    const shipping_address = { address1: '1 Example Street', city: 'Example City', country: 'Nowhere' };
    const body = placedOrder({
      name: '#1001',
      shipping_address,
      shipping_lines: [{ title: 'Courier', price: '5.00' }],
    });
    await send('orders/create', body);
    await send('orders/updated', { ...body, fulfillments: [parcel] });
    const delivered = { ...body, fulfillments: [{ ...parcel, shipment_status: 'delivered' }] };
    for (let time = 0; time < 2; time += 1) await send('orders/updated', delivered);
    const query = db.selectFrom('order_states').select(['state', 'details']).where('order_id', '=', String(body.id));
    const states = await query.orderBy('at').execute();
    expect(states.map(({ state }) => state)).toEqual(['placed', 'shipped', 'delivered']);
    expect(states[1]?.details).toMatchObject({
      number: '#1001',
      delivery: { method: 'Courier', address: 'Nowhere, Example City, 1 Example Street', price: { amount: 500 } },
      tracking: { number: 'RA1', url: 'https://post.example/RA1', carrier: 'Post' },
    });
    const told = await eventsOf(await customer('user_id', String(body.customer.id)));
    expect(told.filter(({ name }) => name === 'Order Fulfilled')).toHaveLength(1);
  });

  test('R8 it keeps the discount codes that it carries', async () => {
    const discount_codes = [
      { code: 'SPRING', amount: '10.00', type: 'percentage' },
      { code: 'Free-7K2Q', amount: '0.00', type: 'shipping' },
    ];
    const body = placedOrder({ discount_codes });
    await send('orders/create', body);
    await send('orders/paid', { ...body, discount_codes: [] });
    expect(await order(String(body.id))).toMatchObject({ codes: ['Free-7K2Q', 'SPRING'] });
  });

  test('the sample of the documentation: an id beyond 2^53 is kept digit by digit, and it is cancelled', async () => {
    const text = JSON.stringify(shopifySample('orders/cancelled')).replaceAll(
      '820982911946154500',
      '820982911946154508',
    );
    expect((await send('orders/cancelled', text)).body.stored).toBe(1);
    expect(await order('820982911946154508')).toMatchObject({ state: 'cancelled', total: 35997 });
    expect(await order('820982911946154508')).toMatchObject({ placed_at: new Date('2022-01-01T00:00:00Z') });
  });

  test('five times and out of order it is one order, whose state only goes forward', async () => {
    const placed = placedOrder();
    const cancelled = { ...placed, cancelled_at: minutesAgo(5), updated_at: minutesAgo(5) };
    const paidId = randomUUID();
    await send('orders/cancelled', cancelled);
    await Promise.all(Array.from({ length: 5 }, () => send('orders/paid', placed, paidId)));
    await send('orders/create', placed);
    expect(await order(String(placed.id))).toMatchObject({
      state: 'cancelled',
      placed_at: new Date(placed.processed_at),
      state_at: new Date(cancelled.cancelled_at),
    });
    expect(await stored(`orders/paid:${paidId}`)).toHaveLength(1);
  });

  test('a topic, which is not signed, makes no cancellation of an order that is not cancelled', async () => {
    const body = placedOrder();
    await send('orders/cancelled', body);
    expect(await order(String(body.id))).toMatchObject({ state: 'placed' });
  });

  test('with a Segment event about it, it is one order, and the first of the two ends the journey', async () => {
    const source = await createKey(db, 'sources', 'site', new Date());
    const body = placedOrder();
    const userId = String(body.customer.id);
    await send('customers/create', { ...shopifySample('customers/update'), ...body.customer });
    const id = await customer('user_id', userId);
    await gateway.liveRun(id);
    await send('orders/create', body);
    const track = {
      ...{ userId, event: 'Order Completed', messageId: randomUUID(), writeKey: source?.key },
      properties: { order_id: String(body.id), total: 359.97, currency: 'USD' },
    };
    const answer = await gateway.request('/v1/track', { method: 'POST', body: JSON.stringify(track) });
    expect(answer.status).toBe(200);
    const orders = await db.selectFrom('orders').select('order_id').where('customer_id', '=', id).execute();
    expect(orders).toEqual([{ order_id: String(body.id) }]);
    expect((await eventsOf(id)).filter(({ name }) => name === 'Order Completed')).toHaveLength(2);
    expect(gateway.outbox.filter((row) => row.customer_id === id).map(({ signal }) => signal)).toEqual(['goal']);
  });

  test("a company's order is of the customer's corporate profile", async () => {
    const body = placedOrder({ company: { id: 1, location_id: 2 } });
    await send('orders/create', body);
    expect(await order(String(body.id))).toMatchObject({ profile: 'corporate' });
  });

  test('an order of nobody is left out, and Shopify is not told off for it', async () => {
    const nobody = { email: null, contact_email: null, phone: null, customer: null, cart_token: null };
    const answer = await send('orders/create', placedOrder(nobody));
    expect(answer).toMatchObject({ status: 200, body: { stored: 0, ignored: expect.stringContaining('userId') } });
  });
});

describe('refunds', () => {
  const refundOf = (body: { id: number }, amount: string, more: object = {}) => ({
    ...shopifySample('refunds/create'),
    ...{ id: newId(), order_id: body.id, created_at: minutesAgo(1), processed_at: minutesAgo(1) },
    transactions: [{ kind: 'refund', status: 'success', amount, currency: 'USD' }],
    ...more,
  });

  test('of all of the price: the order is refunded, by whom it is on record', async () => {
    const body = placedOrder();
    await send('orders/create', body);
    expect((await send('refunds/create', refundOf(body, '359.97'))).body.stored).toBe(1);
    expect(await order(String(body.id))).toMatchObject({ state: 'refunded', total: 35997 });
    const names = (await eventsOf(await customer('email', body.email))).map(({ name }) => name);
    expect(names).toEqual(['Order Completed', 'Order Refunded']);
  });

  test('of a part of it: the order stays, and is refunded when it says so itself', async () => {
    const body = placedOrder();
    await send('orders/create', body);
    await send('refunds/create', refundOf(body, '10.00'));
    expect(await order(String(body.id))).toMatchObject({ state: 'placed' });
    await send('orders/updated', { ...body, financial_status: 'refunded', updated_at: minutesAgo(0) });
    expect(await order(String(body.id))).toMatchObject({ state: 'refunded' });
  });

  test('before its order: to be sent again, for an hour', async () => {
    const body = placedOrder();
    const early = refundOf(body, '359.97');
    const answer = await send('refunds/create', early);
    expect(answer).toMatchObject({ status: 503, body: { code: 'order_not_yet_known' } });
    expect(answer.headers.get('retry-after')).toBe('60');
    await send('orders/create', body);
    expect((await send('refunds/create', early)).status).toBe(200);
    expect(await order(String(body.id))).toMatchObject({ state: 'refunded' });
    const old = refundOf({ id: newId() }, '1.00', { processed_at: minutesAgo(61) });
    expect((await send('refunds/create', old)).body).toMatchObject({ stored: 0, ignored: 'the order is not known' });
  });
});

describe('carts and checkouts', () => {
  const cartOf = (token: string, minutes: number, quantity: number) => {
    const body = shopifySample('carts/update');
    const [line] = body.line_items;
    const line_items = quantity === 0 ? [] : [{ ...line, product_id: 42, quantity }];
    return { ...body, id: token, token, line_items, updated_at: minutesAgo(minutes) };
  };
  const cartOfToken = async (token: string) => cart(await customer('anonymous_id', `shopify-cart-${token}`));

  test('a cart is what it was last, in whatever order it is told', async () => {
    await send('carts/update', cartOf('t1', 10, 3));
    await send('carts/create', cartOf('t1', 20, 1));
    expect(await cartOfToken('t1')).toEqual([{ product_id: '42', quantity: 3 }]);
    await send('carts/update', cartOf('t1', 5, 0));
    expect(await cartOfToken('t1')).toEqual([]);
  });

  test('the checkout says whose cart it is, and the order empties it', async () => {
    await send('carts/update', cartOf('t2', 30, 1));
    const checkout = {
      ...shopifySample('checkouts/update'),
      ...{ cart_token: 't2', email: 't2@example.com', updated_at: minutesAgo(20) },
    };
    await send('checkouts/update', checkout);
    const id = await customer('email', 't2@example.com');
    expect(await customer('anonymous_id', 'shopify-cart-t2')).toBe(id);
    expect(await cart(id)).toEqual([{ product_id: '632910392', quantity: 2 }]);
    await send('orders/create', { ...placedOrder({ cart_token: 't2' }), processed_at: minutesAgo(10) });
    expect((await send('checkouts/update', { ...checkout, completed_at: minutesAgo(10) })).body.stored).toBe(0);
    expect(await cart(await customer('anonymous_id', 'shopify-cart-t2'))).toEqual([]);
  });
});

describe('customers', () => {
  test('traits and addresses, and what they said about letters, once', async () => {
    const body = {
      ...shopifySample('customers/update'),
      ...{ id: newId(), email: 'Bob@Biller.example', updated_at: minutesAgo(3) },
      email_marketing_consent: { state: 'subscribed', consent_updated_at: minutesAgo(4) },
    };
    expect((await send('customers/create', body)).body.stored).toBe(2);
    await send('customers/update', { ...body, first_name: 'Robert', updated_at: minutesAgo(2) });
    const id = await customer('email', 'bob@biller.example');
    expect(await customer('user_id', String(body.id))).toBe(id);
    const shown = (await call('GET', `/customers/${id}`)).body;
    expect(shown.traits).toMatchObject({ firstName: 'Robert', lastName: 'Biller' });
    const consents = () =>
      db.selectFrom('consents').select(['channel', 'state']).where('customer_id', '=', id).execute();
    expect(await consents()).toEqual([{ channel: 'email', state: 'granted' }]);
    await send('customers_email_marketing_consent/update', {
      ...{ customer_id: body.id, email_address: body.email },
      email_marketing_consent: { state: 'unsubscribed', consent_updated_at: minutesAgo(1) },
    });
    expect(await consents()).toHaveLength(2);
    const state = db.selectFrom('consent_states').select('state').where('customer_id', '=', id);
    expect(await state.execute()).toEqual([{ state: 'denied' }]);
  });

  test('an account is a registration, told once; the record of a guest is none', async () => {
    const body = { ...shopifySample('customers/update'), updated_at: minutesAgo(3) };
    const [guest, member] = [newId(), newId()].map((id) => ({ ...body, id, email: `${id}@biller.example` }));
    await send('customers/create', { ...guest, state: 'disabled' });
    await send('customers/create', { ...member, state: 'disabled' });
    for (const topic of ['customers/enable', 'customers/create', 'customers/update'])
      await send(topic, { ...member, state: 'enabled', updated_at: minutesAgo(2) });
    const namesOf = async (id: unknown) =>
      (await eventsOf(await customer('user_id', String(id))))
        .map(({ name }) => name)
        .filter((name) => name !== 'identify');
    expect(await namesOf(guest?.id)).toEqual([]);
    expect(await namesOf(member?.id)).toEqual(['Signed Up']);
  });

  test('the samples of the documentation, which say neither yes nor no', async () => {
    for (const topic of ['customers_email_marketing_consent/update', 'customers_marketing_consent/update']) {
      expect((await send(topic, shopifySample(topic))).body).toMatchObject({ success: true, stored: 0 });
    }
  });
});

describe('products', () => {
  const productOf = (id: number, minutes: number, more: object = {}) => ({
    ...shopifySample('products/update'),
    ...{ id, updated_at: minutesAgo(minutes) },
    ...more,
  });
  const shown = async (id: number) => (await call('GET', `/products/${id}`)).body;

  test('a product comes into the catalogue with its price, its discount and the stock of all variants', async () => {
    const id = newId();
    expect((await send('products/create', productOf(id, 9))).body).toEqual({ success: true, stored: 1 });
    expect(await shown(id)).toMatchObject({
      ...{ id: String(id), name: 'Example T-Shirt', category: 'Shirts', brand: 'Acme' },
      url: 'https://shop.example/products/example-t-shirt',
      offers: [{ region: '*', price: { amount: 1999 }, oldPrice: { amount: 2499 }, stock: 125 }],
    });
  });

  test('late news overwrite nothing, and what is deleted or hidden is offered nowhere', async () => {
    const id = newId();
    await send('products/update', productOf(id, 5, { title: 'New' }));
    await send('products/update', productOf(id, 9, { title: 'Old' }));
    expect(await shown(id)).toMatchObject({ name: 'New' });
    await send('products/update', productOf(id, 4, { title: 'New', status: 'archived' }));
    expect(await shown(id)).toMatchObject({ offers: [{ stock: 0 }] });
    await send('products/delete', { id });
    await send('products/update', productOf(id, 3));
    expect(await shown(id)).toMatchObject({ name: 'New', offers: [] });
  });

  test('of two at once the newer stays', async () => {
    const ids = Array.from({ length: 20 }, newId);
    const news = (id: number) =>
      [3, 2, 1].map((minutes) => send('products/create', productOf(id, minutes, { title: `${minutes}` })));
    await Promise.all(ids.flatMap(news));
    for (const id of ids) expect(await shown(id)).toMatchObject({ name: '1' });
  });

  test('what the catalogue cannot hold is left out, and said', async () => {
    const answer = await send('products/update', productOf(newId(), 1, { title: '' }));
    expect(answer).toMatchObject({ status: 200, body: { stored: 0, ignored: expect.stringContaining('name') } });
  });
});

test('what no mapping knows is answered with 200: Shopify drops a subscription that fails', async () => {
  for (const [topic, body] of [
    ['fulfillments/create', { id: 1 }],
    ['constructor', { id: 1 }],
    ['orders/create', 'no json'],
    ['orders/create', '[]'],
  ] as const) {
    expect((await send(topic, body)).body).toMatchObject({ success: true, stored: 0, ignored: expect.any(String) });
  }
});
