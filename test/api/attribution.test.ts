import { describe, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { attributionShop, linkTo, machine, rub } from './attribution-support.ts';

const shop = await attributionShop();
const { at, begin, call, click, db, known, order, report, sent, visit } = shop;

const ad = 'https://shop.example/?utm_source=yandex&utm_medium=cpc';
const nothing = { orders: 0, revenue: [] };
const none = { ...nothing, cancelled: nothing };
const standing = (orders: number, amount: number) => ({ orders, revenue: [rub(amount)], cancelled: nothing });
/** Rows as `key: orders`. */
const rows = ({ items }: { items: { key: string | null; orders: number }[] }) =>
  Object.fromEntries(items.map(({ key, orders }) => [key, orders]));

describe('V2 a letter, a push message, an advertisement', () => {
  const story = async () => {
    begin();
    const [anna, boris] = [await known('anna'), await known('boris')];
    at(0.1);
    const letter = await sent(anna);
    const push = await sent(anna, { channel: 'web_push', block: 'cart-2', template: 'cart-still-here' });
    await sent(boris);
    await visit({ userId: 'anna' }, 'https://shop.example/', 'https://www.google.com/');
    at(1);
    await click(letter);
    await visit({ userId: 'anna' }, linkTo('cart-reminder'));
    at(2);
    await click(push);
    await visit({ userId: 'anna' }, linkTo('cart-still-here', 'web_push'));
    at(3);
    await order('anna', 'a-1', rub(1000));
    at(4);
    await visit({ userId: 'anna' }, ad);
    at(4.1);
    await order('anna', 'a-2', rub(500));
    await order('boris', 'b-1', rub(2500));
  };

  test('V2 the last click has the order, whatever came after it; conversion is orders per message sent, and the share is of all revenue', async () => {
    await story();
    expect(await report('model=last_click&by=message')).toEqual({
      from: shop.instant(0),
      to: shop.instant(100),
      model: 'last_click',
      by: 'message',
      profile: null,
      window: 'P5D',
      total: standing(3, 4000),
      messages: { ...standing(2, 1500), sent: 3, conversion: 2 / 3 },
      visits: none,
      untouched: standing(1, 2500),
      shares: [{ currency: 'RUB', share: 0.375 }],
      items: [
        { journey: 'abandonment', key: 'cart-still-here', name: null, sent: 1, conversion: 2, ...standing(2, 1500) },
        { journey: 'abandonment', key: 'cart-reminder', name: null, sent: 2, conversion: 0, ...none },
      ],
      overlap: none,
    });
  });

  test.each([
    ['last_click', { messages: 2, visits: 0, untouched: 1 }],
    ['last_non_direct', { messages: 1, visits: 1, untouched: 1 }],
    ['first_interaction', { messages: 0, visits: 2, untouched: 1 }],
  ])('V2 %s credits each order once, to a message, a visit or nothing', async (model, expected) => {
    const { messages, visits, untouched, total } = await report(`model=${model}`);
    expect({ messages: messages.orders, visits: visits.orders, untouched: untouched.orders }).toEqual(expected);
    expect(total.orders).toBe(3);
  });

  test.each([
    ['message', 'cart-still-here'],
    ['block', 'cart-2'],
    ['journey', 'abandonment'],
    ['channel', 'web_push'],
    ['campaign', 'null'],
  ])('V2 rows by %s sum up to the total', async (by, key) => {
    const found = await report(`by=${by}`);
    expect(rows(found)).toMatchObject({ [key]: 2 });
    expect(found.items.reduce((sum: number, { orders }: { orders: number }) => sum + orders, 0)).toBe(2);
    expect(found.overlap).toEqual(none);
  });
});

test('V2 a machine’s click credits nothing, also where a person clicked long before; nor does a letter sent to look at it', async () => {
  begin();
  const carl = await known('carl');
  const [letter, scanned] = [await sent(carl), await sent(carl)];
  const look = await sent(carl, { journey: 'message', block: 'test' });
  at(1);
  await click(letter);
  at(9);
  for (const one of [letter, scanned]) await click(one, machine);
  await click(look);
  at(10);
  await order('carl', 'c-1', rub(100));
  expect(await report('')).toMatchObject({ messages: { orders: 0 }, untouched: { orders: 1 }, shares: [{ share: 0 }] });
});

test('V2 cancelled and refunded orders are subtracted as they were credited, each currency for itself', async () => {
  begin();
  const dora = await known('dora');
  const letter = await sent(dora);
  at(1);
  await click(letter);
  at(2);
  await order('dora', 'd-1', rub(100));
  await order('dora', 'd-2', rub(200));
  await order('dora', 'd-3', rub(400));
  await order('dora', 'd-4', { amount: 7, currency: 'KZT' });
  const before = await report('', [0, 3]);
  const both = [{ amount: 7, currency: 'KZT' }, rub(700)];
  expect(before.messages).toMatchObject({ orders: 4, revenue: both, cancelled: nothing });
  at(9);
  await order('dora', 'd-2', rub(200), { state: 'cancelled' });
  await order('dora', 'd-3', rub(400), { state: 'refunded' });
  const after = await report('', [0, 3]);
  const left = [{ amount: 7, currency: 'KZT' }, rub(100)];
  const cancelled = { orders: 2, revenue: [rub(600)] };
  expect(after.total).toEqual({ orders: 2, revenue: left, cancelled });
  expect(after.items).toMatchObject([{ key: 'abandonment', orders: 2, revenue: left, cancelled }]);
  expect(after.shares).toEqual([
    { currency: 'KZT', share: 1 },
    { currency: 'RUB', share: 1 },
  ]);
});

test('V2 what a browser did and was sent before it was known whose it is, counts for whom it was joined to', async () => {
  begin();
  await known('emil');
  await visit({ anonymousId: 'browser-of-emil' }, ad);
  const identity = db.selectFrom('identities').select('customer_id').where('value', '=', 'browser-of-emil');
  const guest = (await identity.executeTakeFirstOrThrow()).customer_id;
  const push = await sent(guest, { channel: 'web_push' });
  at(1);
  await click(push);
  at(2);
  expect(await known('emil', { anonymousId: 'browser-of-emil' })).not.toBe(guest);
  at(3);
  await order('emil', 'e-1', rub(300));
  expect(rows(await report('model=last_click&by=channel'))).toEqual({ web_push: 1 });
  expect((await report('model=first_interaction')).visits).toMatchObject({ orders: 1 });
});

test('V2 an order of a history counts when it was placed, however late it is told of', async () => {
  begin();
  const letter = await sent(await known('eva'));
  at(1);
  await click(letter);
  at(50);
  const history = [{ orderId: 'v-1', userId: 'eva', total: rub(300), at: shop.instant(3) }];
  expect((await call('PUT', '/orders?live=false', { items: history })).body.items[0].status).toBe('stored');
  expect((await report('', [0, 10])).messages).toMatchObject({ orders: 1 });
  expect((await report('', [10, 60])).total).toMatchObject({ orders: 0 });
});

test('V2 who is erased is forgotten, and what their clicks brought is still counted', async () => {
  begin();
  const nina = await known('nina');
  const letter = await sent(nina);
  at(1);
  await click(letter);
  at(2);
  await order('nina', 'n-1', rub(50));
  expect((await call('DELETE', `/customers/${nina}`)).status).toBe(204);
  expect((await report('')).messages).toMatchObject({ orders: 1, revenue: [rub(50)] });
});

test('V2 orders of companies can be looked at alone; a click is the person’s, whoever pays', async () => {
  begin();
  const fay = await known('fay');
  const letter = await sent(fay);
  at(1);
  await click(letter);
  at(2);
  await order('fay', 'f-1', rub(100));
  await order('fay', 'f-2', rub(9000), { profile: 'corporate' });
  expect((await report('')).messages).toMatchObject({ orders: 2, revenue: [rub(9100)] });
  expect((await report('profile=corporate')).messages).toMatchObject({ orders: 1, revenue: [rub(9000)] });
  expect((await report('profile=personal')).total).toMatchObject({ orders: 1, revenue: [rub(100)] });
});

test('V2 by segment each of a customer’s has the order, and what is counted more than once is told', async () => {
  begin();
  const people = [await known('gleb'), await known('hanna'), await known('ilya')];
  const [gleb, hanna] = people;
  const list = async (name: string, members: (string | undefined)[], expiresAt: string | null = null) => {
    const { id } = (await call('POST', '/segments', { name, expiresAt })).body;
    await call('POST', `/segments/${id}/members`, { items: members.map((customerId) => ({ customerId })) });
    return id;
  };
  const vip = await list('VIP', [gleb, hanna]);
  const tea = await list('Tea', [gleb]);
  await list('Over', people, shop.instant(1));
  at(0.5);
  for (const one of people) await click(await sent(one));
  at(2);
  for (const name of ['gleb', 'hanna', 'ilya']) await order(name, `${name}-1`, rub(10));
  const found = await report('by=segment');
  expect(rows(found)).toEqual({ [vip]: 2, [tea]: 1, null: 1 });
  expect(found.items).toContainEqual(expect.objectContaining({ key: vip, name: 'VIP', sent: 2, conversion: 1 }));
  expect(found).toMatchObject({ messages: { orders: 3, sent: 3 }, overlap: { orders: 1, revenue: [rub(10)] } });
});

test('V2 a campaign is one run with many customers', async () => {
  begin();
  const [julia, kim] = [await known('julia'), await known('kim')];
  const run = newId(new Date(shop.instant(0)));
  const times = { trigger_at: shop.instant(0), entered_at: shop.instant(0), read_seq: 0, settings_version: 0 };
  const about = { id: run, workflow_id: 'campaign:spring', journey: 'campaign', key: 'spring', class: 'bulk' };
  await db
    .insertInto('runs')
    .values({ ...about, ...times })
    .execute();
  at(1);
  for (const one of [julia, kim]) await click(await sent(one, { run_id: run, journey: 'campaign', block: 'send' }));
  at(2);
  await order('julia', 'j-1', rub(10));
  const { items } = await report('by=campaign');
  expect(items).toMatchObject([{ key: 'spring', sent: 2, orders: 1, conversion: 0.5 }]);
});

describe('V2 settings', () => {
  const set = (value: object) => call('PUT', '/settings/attribution', value);

  test('V2 windows and sites to ignore are the shop’s to say', async () => {
    begin();
    const lena = await known('lena');
    const letter = await sent(lena);
    at(1);
    await click(letter);
    at(2);
    await visit({ userId: 'lena' }, 'https://shop.example/thanks', 'https://pay.example/done');
    at(7);
    await order('lena', 'l-1', rub(10));
    expect((await report('')).messages.orders).toBe(0);
    expect((await report('model=last_non_direct')).visits.orders).toBe(1);
    const lookBack = { last_click: { window: 'P7D', channels: {} } };
    expect((await set({ lookBack, ignoredReferrers: ['pay.example'] })).status).toBe(200);
    expect(await report('')).toMatchObject({ window: 'P7D', messages: { orders: 1 } });
    expect((await report('model=last_non_direct')).messages.orders).toBe(1);
    await set({ lookBack: { last_click: { window: 'P7D', channels: { email: 'P1D' } } } });
    expect((await report('')).messages.orders).toBe(0);
    await set({});
  });

  test.each([
    [{ lookBack: { last_click: { window: 'P400D' } } }, 'lookBack.last_click.window'],
    [{ lookBack: { last_click: { window: 'five days' } } }, 'lookBack.last_click.window'],
    [
      { lookBack: { first_interaction: { window: 'P9D', channels: { fax: 'P1D' } } } },
      'lookBack.first_interaction.channels.fax',
    ],
    [{ lookBack: { any_click: {} } }, 'lookBack.any_click'],
    [{ ignoredReferrers: ['https://pay.example/'] }, 'ignoredReferrers.0'],
  ])('V2 what is wrong with %j is named', async (value, field) => {
    const { status, body } = await set(value);
    expect(status).toBe(400);
    expect(body.errors.map((one: { field: string }) => one.field)).toContain(field);
  });
});

test('V2 orders of a time are those from its beginning on and before its end; what is wrong with a question is named', async () => {
  begin();
  await known('mark');
  at(1);
  await order('mark', 'm-1', rub(10));
  expect((await report('', [1, 2])).total.orders).toBe(1);
  expect((await report('', [0, 1])).total.orders).toBe(0);
  const refused = async (query: string) => (await call('GET', `/reports/attribution?${query}`)).body.errors[0].field;
  expect(await refused('model=last_touch')).toBe('model');
  expect(await refused('by=weather')).toBe('by');
  expect(await refused('from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z')).toBe('to');
});
