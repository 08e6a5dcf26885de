import { expect, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { createKey } from '#db/keys.ts';
import { takeCode } from '#db/promo-codes.ts';
import { scaledClock } from '#domain/clock.ts';
import { defaultShop } from '#domain/shop.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantCustomer } from '#test/support/messages.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { db, pool } = database;
const clock = scaledClock({ origin: 0, scale: 1 });
const intake = createIntake({ pool, clock, routing, onOutbox: () => {}, shop: () => defaultShop });
const { call, request } = await testGateway(database, { clock, intake });
const source = await createKey(db, 'sources', 'promo', clock.now());
let count = 0;

async function make(more: object = {}) {
  const sizes = [{ percent: 10 }];
  return call('POST', '/promo-pools', { name: `pool ${++count}`, sizes, expiry: { after: 'P7D' }, ...more });
}

const add = (id: string, ...codes: unknown[]) => call('POST', `/promo-pools/${id}/codes`, { items: codes });
const list = async (id: string, query = '') => (await call('GET', `/promo-pools/${id}/codes${query}`)).body.items;

test('R8 a pool with sizes is made, named by one name only, and shown with what it has', async () => {
  const sizes = [
    { name: 'company', when: [{ field: 'kind', is: ['b2b'] }], percent: 5 },
    { name: 'person', amount: { amount: 50_000, currency: 'RUB' } },
  ];
  const generated = { pattern: 'HELLO-??????', ahead: 30 };
  const made = await make({ name: 'sizes', sizes, generated, lowStock: 31 });
  expect(made.status).toBe(201);
  expect(made.body).toMatchObject({
    name: 'sizes',
    expiry: { after: 'P7D' },
    low: true,
    turnedAway: 0,
    emptySince: null,
  });
  expect(made.body.sizes).toMatchObject([
    { name: 'company', percent: 5, free: 30, issued: 0, redeemed: 0, low: true },
    { name: 'person', amount: { amount: 50_000, currency: 'RUB' }, when: [], free: 30 },
  ]);
  expect((await make({ name: 'sizes' })).body.code).toBe('promo_pool_taken');
  const { body } = await call('GET', '/promo-pools');
  expect(body.items.map(({ name }: { name: string }) => name)).toContain('sizes');
  const codes = await list(made.body.id, '?size=person&limit=200');
  expect(codes).toHaveLength(30);
  for (const { code, state } of codes) expect([code, state]).toEqual([expect.stringMatching(/^HELLO-\w{6}$/), 'free']);
  expect((await add(made.body.id, { code: 'A' })).body.code).toBe('promo_pool_generated');
});

test.each([
  [{ name: '' }, 'name'],
  [{ sizes: [] }, 'sizes'],
  [{ sizes: [{ percent: 10, amount: { amount: 5, currency: 'RUB' } }] }, 'sizes.0.percent'],
  [{ sizes: [{ percent: 0 }] }, 'sizes.0.percent'],
  [{ sizes: [{ percent: 5 }, { percent: 6 }] }, 'sizes.1.name'],
  [{ expiry: {} }, 'expiry.after'],
  [{ expiry: { after: 'a week' } }, 'expiry.after'],
  [{ generated: { pattern: 'HELLO-??' } }, 'generated.pattern'],
  [{ colour: 'red' }, 'colour'],
])('a pool that cannot be is refused with the field that is wrong: %j', async (wrong, field) => {
  const answer = await make(wrong);
  expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
  expect(answer.body.errors.map((error: { field: string }) => error.field)).toContain(field);
});

test('R8 a pool may get more sizes, another end and other limits; what codes say of it stays', async () => {
  const generated = { pattern: 'GROW-??????', ahead: 2, most: 2 };
  const sizes = [{ name: 'a', percent: 5 }];
  const { body } = await make({ sizes, generated });
  const change = (more: object) =>
    call('PUT', `/promo-pools/${body.id}`, { name: body.name, sizes, expiry: { after: 'P2D' }, generated, ...more });
  const grown = { sizes: [{ name: 'vip', when: [{ field: 'spent', from: 1 }], percent: 20 }, ...sizes], lowStock: 1 };
  const changed = await change({ ...grown, generated: { ...generated, most: 9 } });
  expect(changed.body).toMatchObject({ lowStock: 1, expiry: { after: 'P2D' }, generated: { most: 9 } });
  expect(changed.body.sizes.map(({ name }: { name: string }) => name)).toEqual(['vip', 'a']);
  for (const [wrong, field] of [
    [{ name: 'other' }, 'name'],
    [{ generated: null }, 'generated'],
    [{ sizes: [{ name: 'b', percent: 5 }] }, 'sizes'],
    [
      {
        sizes: [
          { name: 'vip', percent: 20 },
          { name: 'a', percent: 6 },
        ],
      },
      'sizes.1',
    ],
  ] as const) {
    const refused = await change({ sizes: grown.sizes, ...wrong });
    expect([refused.status, refused.body.errors?.[0].field]).toEqual([400, field]);
  }
});

test('R8 codes are given as JSON, each is answered, and giving them again changes nothing', async () => {
  const { id } = (
    await make({
      sizes: [
        { name: 'small', percent: 5 },
        { name: 'large', percent: 15 },
      ],
    })
  ).body;
  const items = [
    { code: 'Spring-1' },
    { code: 'Spring-2', size: 'large' },
    { code: 'x y' },
    { code: 'Q', size: 'huge' },
    7,
  ];
  const first = await add(id, ...items);
  expect(first.body.items.map(({ status }: { status: string }) => status)).toEqual([
    'added',
    'added',
    'refused',
    'refused',
    'refused',
  ]);
  expect(first.body.items[3].errors).toEqual([
    { field: 'items.3.size', pointer: '/items/3/size', message: 'the pool has no such size; it has small, large' },
  ]);
  const again = await add(id, { code: 'SPRING-1' }, { code: 'spring-2', size: 'large' }, { code: 'spring-2' });
  expect(again.body.items.map(({ status }: { status: string }) => status)).toEqual(['known', 'known', 'refused']);
  expect((await list(id)).map(({ code, percent }: { code: string; percent: number }) => [code, percent])).toEqual([
    ['Spring-1', 5],
    ['Spring-2', 15],
  ]);
  const other = (await make()).body.id;
  expect((await add(other, { code: 'spring-1' })).body.items[0].errors[0].field).toBe('items.0.code');
});

test.each([
  ['text/plain', 'FILE-A1\n\nFILE-A2\r\n'],
  ['text/csv', '\uFEFFcode;size\n"FILE-B1";all\nFILE-B2;\n'],
])('R8 codes are given as a file: %s', async (type, text) => {
  const { id } = (await make()).body;
  const answer = await call('POST', `/promo-pools/${id}/codes`, text, { 'content-type': type });
  expect(answer.body.items.map(({ status }: { status: string }) => status)).toEqual(['added', 'added']);
  expect(await list(id)).toHaveLength(2);
});

test('a file that cannot be read, and a pool that is not there, are refused', async () => {
  const { id } = (await make()).body;
  const unread = await call('POST', `/promo-pools/${id}/codes`, 'A,"B', { 'content-type': 'text/csv' });
  expect([unread.status, unread.body.code]).toEqual([400, 'invalid_request']);
  const xml = await call('POST', `/promo-pools/${id}/codes`, '<a/>', { 'content-type': 'text/xml' });
  expect(xml.body.code).toBe('not_json');
  const nobody = '019ab5d0-7c00-7000-8000-000000000001';
  expect((await add(nobody, { code: 'A' })).body.code).toBe('promo_pool_not_found');
});

async function issueTo(customerId: string, poolId: string) {
  const [at, runId] = [clock.now(), crypto.randomUUID()];
  const who = { id: runId, workflow_id: `abandonment:${customerId}:personal`, customer_id: customerId };
  const what = { journey: 'abandonment', class: 'abandonment', key: 'personal', settings_version: 0, read_seq: 0 };
  const ended = { ended_at: at, outcome: 'completed' };
  await db
    .insertInto('runs')
    .values({ ...who, ...what, ...ended, trigger_at: at, entered_at: at })
    .execute();
  const taking = { customerId, runId, block: 'cart-2', iteration: 1, at };
  const from = { id: poolId, name: '', sizes: [], expiry: { after: 'P7D' }, generated: null };
  const code = await db
    .transaction()
    .execute((trx) => takeCode(trx, from, { name: 'all', when: [], percent: 10 }, taking));
  return code?.code;
}

/** Each way in which a shop tells of an order, with a code in other letters. */
const ways: [string, (orderId: string, code: string) => Promise<unknown>][] = [
  ['Segment, the order’s coupon', (order_id, coupon) => track({ order_id, coupon })],
  ['Segment, a product’s coupon', (order_id, coupon) => track({ order_id, products: [{ product_id: 'p', coupon }] })],
  [
    'PUT /orders',
    (orderId, code) =>
      call('PUT', '/orders', {
        items: [{ orderId, userId: 'buyer', total: { amount: 5, currency: 'RUB' }, codes: [code] }],
      }),
  ],
];

function track(properties: object) {
  const authorization = `Basic ${btoa(`${source?.key}:`)}`;
  return request('/v1/track', {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/json' },
    body: JSON.stringify({ messageId: crypto.randomUUID(), userId: 'buyer', event: 'Order Completed', properties }),
  });
}

test.each(ways)('R8 a code is redeemed by the order that carries it, whoever’s: %s', async (_way, tell) => {
  const { id } = (await make()).body;
  await add(id, { code: `Used-${count}` });
  const owner = await plantCustomer(db, clock.now());
  const code = (await issueTo(owner, id)) ?? '';
  await tell(`order-${count}`, ` ${code.toLowerCase()} `);
  await tell(`order-${count}-later`, code);
  const [shown] = await list(id);
  expect(shown).toMatchObject({ state: 'redeemed', customerId: owner, redeemedOrder: `order-${count}` });
  expect(shown.redeemedBy).not.toBe(owner);
  const { body } = await call('GET', `/customers/${shown.redeemedBy}/export`);
  const orders = body.orders.filter(({ orderId }: { orderId: string }) => orderId === `order-${count}`);
  expect(orders).toMatchObject([{ codes: [code.toLowerCase()] }]);
});

test('an order that was placed before, and is told of later, is the one that redeemed the code; a cancelled one is none', async () => {
  const { id } = (await make()).body;
  await add(id, { code: `When-${count}` });
  const put = (orderId: string, more: object) =>
    call('PUT', '/orders', { items: [{ orderId, userId: 'buyer', codes: [`when-${count}`], ...more }] });
  await put('w-3', { state: 'cancelled', at: '2026-01-01T00:00:00Z' });
  expect((await list(id))[0].state).toBe('free');
  await put('w-2', { at: '2026-01-03T00:00:00Z' });
  await put('w-1', { at: '2026-01-02T00:00:00Z' });
  expect((await list(id))[0]).toMatchObject({ state: 'redeemed', redeemedOrder: 'w-1', customerId: null });
  // Used by somebody already, it is not given to anybody.
  expect(await issueTo(await plantCustomer(db, clock.now()), id)).toBeUndefined();
});

test('R8 the export of a customer names their codes; erasing them keeps the count', async () => {
  const { id } = (await make()).body;
  await add(id, { code: `Mine-${count}` });
  const owner = await plantCustomer(db, clock.now());
  const code = await issueTo(owner, id);
  const { body } = await call('GET', `/customers/${owner}/export`);
  expect(body.promoCodes).toMatchObject([
    { code, state: 'issued', percent: 10, journey: 'abandonment', step: 'cart-2' },
  ]);
  expect((await call('DELETE', `/customers/${owner}`)).status).toBe(204);
  expect(
    (await call('GET', '/promo-pools')).body.items.find((one: { id: string }) => one.id === id).sizes[0].issued,
  ).toBe(1);
});

test('what pools have in stock is a metric', async () => {
  const { name, id } = (await make({ lowStock: 2 })).body;
  await add(id, { code: `Metric-${count}` });
  const { text } = await request('/metrics');
  expect(text).toContain(`vestnik_promo_codes_free{pool="${name}",size="all"} 1`);
  expect(text).toContain(`vestnik_promo_codes_low{pool="${name}",size="all"} 1`);
  expect(text).toContain(`vestnik_promo_turned_away{pool="${name}"} 0`);
});
