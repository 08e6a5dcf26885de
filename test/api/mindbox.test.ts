import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { createKey, revokeKey } from '#db/keys.ts';
import { webhookGateway } from './webhooks/support.ts';

const gateway = await webhookGateway();
const { db, call, request, customer, order, lines, cart, eventsOf } = gateway;
let key = '';
beforeAll(async () => {
  key = (await createKey(db, 'sources', 'site', new Date()))?.key ?? '';
});

interface Sending {
  mode?: 'sync' | 'async';
  device?: string;
  transactionId?: string;
  authorization?: string;
  ip?: string;
}

/** As Mindbox's PHP client sends it: github.com/mindbox-cloud/php-sdk, whose documentation the bodies here are shaped after. */
function operate(operation: string, body: unknown, sending: Sending = {}) {
  const { mode = 'sync', device, transactionId, authorization = `Mindbox secretKey="${key}"`, ip = '' } = sending;
  const query = new URLSearchParams({ endpointId: 'shop.Website', operation });
  if (device !== undefined) query.set('deviceUUID', device);
  if (transactionId !== undefined) query.set('transactionId', transactionId);
  return request(`/v3/operations/${mode}?${query}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', authorization, 'x-customer-ip': ip },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
}

const success = { status: 200, body: { status: 'Success' } };
const named = (id: string, more: object = {}) => ({ customer: { ids: { bitrixId: id }, ...more } });
const listed = (productId: string, count = 1) => ({ product: { ids: { productId }, name: 'Kettle' }, count });
const names = async (id: string) => (await eventsOf(id)).map(({ name }) => name).toSorted();

describe('customers', () => {
  test('register: a visitor becomes known, with their traits, addresses and consent', async () => {
    const device = randomUUID();
    const seen = { viewProduct: { product: { ids: { website: 'p1' } }, price: 2499 } };
    expect(await operate('Website.ViewProduct', seen, { device, mode: 'async' })).toMatchObject(success);
    const visitor = await customer('anonymous_id', device);
    const subscriptions = [{ brand: 'shop', pointOfContact: 'Email', isSubscribed: true }];
    const person = { email: 'Anna@Example.com', mobilePhone: '+7 903 123-45-67', firstName: 'Anna', subscriptions };
    const answer = await operate('Website.RegisterCustomer', named('41', person), { device, ip: '203.0.113.7' });
    expect(answer).toMatchObject(success);
    expect(await customer('user_id', '41')).toBe(visitor);
    expect(await customer('email', 'anna@example.com')).toBe(visitor);
    expect(await customer('phone', '+79031234567')).toBe(visitor);
    expect((await call('GET', `/customers/${visitor}`)).body.traits).toEqual({ firstName: 'Anna' });
    expect(await names(visitor)).toEqual(['Consent Changed', 'Product Viewed', 'Signed Up', 'identify']);
    const consents = db.selectFrom('consents').select(['channel', 'state', 'ip']).where('customer_id', '=', visitor);
    expect(await consents.execute()).toEqual([{ channel: 'email', state: 'granted', ip: '203.0.113.7' }]);
  });

  test('authorize and edit: the same customer, newer traits', async () => {
    const device = randomUUID();
    await operate('Website.EditCustomer', named('42', { firstName: 'Ann', sex: 'female' }));
    expect(await operate('Website.AuthorizeCustomer', named('42'), { device })).toMatchObject(success);
    const id = await customer('user_id', '42');
    expect(await customer('anonymous_id', device)).toBe(id);
    await operate('Website.FillCustomerProfile', named('42', { firstName: 'Anna' }));
    expect((await call('GET', `/customers/${id}`)).body.traits).toEqual({ firstName: 'Anna', sex: 'female' });
  });

  test('subscriptions: without `isSubscribed` a yes; leaving one topic leaves the channel', async () => {
    const said = (...subscriptions: object[]) =>
      operate('Website.SubscriptionInFooter', { customer: { email: 's@example.com', subscriptions } });
    await said({ pointOfContact: 'Email' });
    await said({ pointOfContact: 'Email', topic: 'sales', isSubscribed: false });
    const id = await customer('email', 's@example.com');
    const states = () => db.selectFrom('consent_states').select(['channel', 'state']).where('customer_id', '=', id);
    expect(await states().execute()).toEqual([{ channel: 'email', state: 'granted' }]);
    await said({ pointOfContact: 'Email', isSubscribed: false });
    expect(await states().execute()).toEqual([{ channel: 'email', state: 'denied' }]);
    expect((await said()).body).toMatchObject({
      status: 'ValidationError',
      validationMessages: [{ location: '/customer/subscriptions' }],
    });
  });
});

describe('what they look at and put in', () => {
  test('a cart is exactly the list that was set; single changes too', async () => {
    const set = (...productList: object[]) => operate('Website.SetCart', { ...named('51'), productList });
    await set(listed('a', 2), listed('b'));
    const id = await customer('user_id', '51');
    expect(await cart(id)).toEqual([
      { product_id: 'a', quantity: 2 },
      { product_id: 'b', quantity: 1 },
    ]);
    await set(listed('b', 3));
    await operate('Website.AddToCart', { ...named('51'), addProductToList: listed('c') });
    await operate('Website.RemoveFromCart', { ...named('51'), removeProductFromList: listed('b', 1) });
    expect(await cart(id)).toEqual([
      { product_id: 'b', quantity: 2 },
      { product_id: 'c', quantity: 1 },
    ]);
    await set();
    expect(await cart(id)).toEqual([]);
  });

  test('a wish list is exactly the list that was set, and what stays on it is no news', async () => {
    const set = (...ids: string[]) =>
      operate('Website.SetWishList', { ...named('52'), productList: ids.map((id) => listed(id)) });
    await set('a', 'b');
    const id = await customer('user_id', '52');
    await set('b', 'c');
    await set('b', 'c');
    const query = db.selectFrom('interests').select(['ref', 'times']).where('customer_id', '=', id);
    const on = query.where('kind', '=', 'favourite').where('removed_at', 'is', null).orderBy('ref');
    expect(await on.execute()).toEqual([
      { ref: 'b', times: 1 },
      { ref: 'c', times: 1 },
    ]);
    expect(await eventsOf(id)).toHaveLength(4);
    expect(await operate('Website.SetWishList', { ...named('52'), productList: [] })).toMatchObject(success);
    expect(await on.execute()).toEqual([]);
  });

  test('a category', async () => {
    const device = randomUUID();
    await operate(
      'Website.ViewCategory',
      { viewProductCategory: { productCategory: { ids: { website: 'tea' } } } },
      { device },
    );
    const id = await customer('anonymous_id', device);
    const interests = db.selectFrom('interests').select(['kind', 'ref']).where('customer_id', '=', id);
    expect(await interests.execute()).toEqual([{ kind: 'category', ref: 'tea' }]);
  });
});

describe('orders', () => {
  /** The customer is inside the order where the PHP client puts it. */
  const orderOf = (id: string, more: object = {}) => ({
    order: {
      ids: { bitrixId: id },
      customer: { ids: { bitrixId: `u-${id}` }, email: `u${id}@example.com` },
      lines: [
        { product: { ids: { productId: 'a' }, name: 'Kettle', price: 100.5 }, quantity: 2 },
        { product: { ids: { productId: 'b' } }, basePricePerItem: 50, quantity: 1 },
      ],
      ...more,
    },
  });
  const changed = (id: string, ...statuses: unknown[]) => ({
    order: {
      ids: { bitrixId: id },
      lines: statuses.map((status) => ({ product: { ids: { productId: 'a' } }, status })),
    },
  });

  test('created: its lines, its price, its customer, and an empty cart', async () => {
    await operate('Website.SetCart', { ...named('u-o1'), productList: [listed('a')] });
    expect(await operate('Website.CreateAuthorizedOrder', orderOf('o1', { totalPrice: 240 }))).toMatchObject(success);
    const id = await customer('email', 'uo1@example.com');
    expect(await order('o1')).toMatchObject({ customer_id: id, state: 'placed', total: 24000, currency: 'RUB' });
    expect(await lines('o1')).toEqual([
      { product_id: 'a', quantity: 2, price: 10050 },
      { product_id: 'b', quantity: 1, price: 5000 },
    ]);
    expect(await cart(id)).toEqual([]);
  });

  test('R8 it keeps the promo codes of the order and of its lines', async () => {
    const coupons = [{ ids: { code: 'WHOLE' }, amount: 10 }];
    const discounts = [{ type: 'promoCode', promoCode: { ids: { code: 'LINE' } }, amount: 5 }];
    const lines = [{ product: { ids: { productId: 'a' }, price: 100 }, quantity: 1, discounts }];
    await operate('Website.CreateAuthorizedOrder', orderOf('o1-codes', { coupons, lines }));
    expect(await order('o1-codes')).toMatchObject({ codes: ['LINE', 'WHOLE'] });
  });

  test('without a total it is that of the lines; at the time of its execution', async () => {
    const executionDateTimeUtc = '2026-05-04 10:11:12.130';
    await operate('Website.CreateUnauthorizedOrder', { ...orderOf('o2'), executionDateTimeUtc });
    expect(await order('o2')).toMatchObject({ total: 25100, placed_at: new Date('2026-05-04T10:11:12.130Z') });
  });

  test('changed by who names nobody: cancelled or returned when all its lines are', async () => {
    await operate('Website.CreateOrder', orderOf('o3'));
    const id = await customer('email', 'uo3@example.com');
    await operate('Website.SetCart', { ...named('u-o3'), productList: [listed('later')] });
    for (const statuses of [
      ['Paid', 'Paid'],
      ['Cancelled', { ids: { externalId: 'Paid' } }],
    ]) {
      expect(await operate('Website.UpdateOrder', changed('o3', ...statuses))).toMatchObject(success);
      expect(await order('o3')).toMatchObject({ state: 'placed', total: 25100 });
    }
    expect(await cart(id)).toEqual([{ product_id: 'later', quantity: 1 }]);
    await operate('Website.UpdateOrder', changed('o3', 'Cancelled', { ids: { externalId: 'Cancelled' } }));
    expect(await order('o3')).toMatchObject({ state: 'cancelled', customer_id: id });
    await operate('Website.CreateOrder', orderOf('o3'));
    expect(await order('o3')).toMatchObject({ state: 'cancelled' });
    await operate('Website.UpdateOrder', changed('o3', 'Returned'));
    expect(await order('o3')).toMatchObject({ state: 'refunded', total: 25100 });
  });

  test('cancelled as an operation of its own', async () => {
    await operate('Website.CreateOrder', orderOf('o4'));
    await operate('Website.CancelOrder', changed('o4'));
    expect(await order('o4')).toMatchObject({ state: 'cancelled' });
  });

  test('an order without an id, or of nobody, is a ValidationError that says where', async () => {
    expect((await operate('Website.CreateOrder', { order: { lines: [] } })).body).toEqual({
      status: 'ValidationError',
      validationMessages: [{ message: 'the order must be named', location: '/order/ids' }],
    });
    expect((await operate('Website.UpdateOrder', changed('unknown', 'Paid'))).body).toMatchObject({
      status: 'ValidationError',
      validationMessages: [{ location: '/customer' }],
    });
    const nameless = { order: { ids: { a: '1' }, lines: [{ product: {}, quantity: 1 }] } };
    expect((await operate('Website.CreateOrder', nameless)).body.validationMessages[0].location).toBe(
      '/order/lines/0/product/ids',
    );
  });
});

test('the same transaction sent five times is one', async () => {
  const transactionId = randomUUID();
  const body = { ...named('61'), addProductToList: listed('a') };
  await Promise.all(Array.from({ length: 5 }, () => operate('Website.AddToCart', body, { transactionId })));
  expect(await cart(await customer('user_id', '61'))).toEqual([{ product_id: 'a', quantity: 1 }]);
});

describe('what is wrong before anybody looks at the body', () => {
  const protocolError = (httpStatusCode: number) => ({
    status: httpStatusCode,
    body: { status: 'ProtocolError', errorMessage: expect.any(String), errorId: expect.any(String), httpStatusCode },
  });

  test('the key: either way of giving it, none that is wrong or revoked', async () => {
    expect(
      await operate('Website.SetCart', { ...named('71'), productList: [] }, { authorization: `SecretKey ${key}` }),
    ).toMatchObject(success);
    const revoked = await createKey(db, 'sources', 'revoked', new Date());
    await revokeKey(db, 'sources', revoked?.id ?? '', new Date());
    for (const authorization of [
      '',
      'Mindbox',
      `Bearer ${key}`,
      'Mindbox secretKey="x"',
      `Mindbox secretKey="${revoked?.key}"`,
    ]) {
      expect(await operate('Website.SetCart', {}, { authorization })).toMatchObject(protocolError(401));
    }
  });

  test('an operation without a kind, and a body that is none', async () => {
    for (const name of ['Website.Unheard', 'constructor', '']) {
      expect(await operate(name, named('72'))).toMatchObject(protocolError(400));
    }
    for (const body of ['no json', '[]', '<operation/>', JSON.stringify({ large: 'x'.repeat(600_000) })]) {
      expect(await operate('Website.SetCart', body)).toMatchObject(protocolError(400));
    }
  });
});

test("names and ids are the shop's own, by a setting", async () => {
  const ids = { customer: 'websiteID', product: null, order: null };
  const saved = await call('PUT', '/settings/mindbox', { operations: { 'Shop.Basket': 'set_cart' }, ids });
  expect(saved.status).toBe(200);
  const body = { customer: { ids: { bitrixId: '1', websiteID: '81' } }, productList: [listed('a')] };
  expect(await operate('Shop.Basket', body)).toMatchObject(success);
  expect(await cart(await customer('user_id', '81'))).toHaveLength(1);
  expect((await operate('Website.SetCart', body)).status).toBe(400);
  expect((await call('PUT', '/settings/mindbox', { operations: { x: 'dance' } })).body.code).toBe('invalid_request');
});
