import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import type { RfmSettings, Scale } from '#domain/rfm.ts';
import { defaultRfm } from '#domain/rfm-defaults.ts';
import { freshDatabase } from '#test/support/database.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { db, pool } = database;
const now = new Date('2026-06-01T09:00:00Z');
const { call } = await testGateway(database, { clock: { time: { origin: 0, scale: 1 }, now: () => now } });
const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);

const [anna, boris] = [newId(ago(500)), newId(ago(400))];
const fixed: Scale = {
  recency: { by: 'thresholds', at: [180, 365] },
  frequency: { by: 'thresholds', at: [2, 4] },
  money: { by: 'thresholds', at: [1000, 5000] },
};
const rfm: RfmSettings = {
  ...defaultRfm,
  codes: { personal: fixed, corporate: fixed },
  offers: [
    { codes: ['11x'], title: { en: 'Come back', ru: 'Возвращайтесь' }, promo: 'win-back' },
    { codes: ['xx2'], title: { en: 'Gift', ru: 'Подарок' }, promo: null },
  ],
};

beforeAll(async () => {
  for (const [id, at] of [
    [anna, ago(500)],
    [boris, ago(400)],
  ] as const)
    await db.insertInto('customers').values({ id, created_at: at }).execute();
  await pool.query(
    `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at) values
      ('1', $1, 'personal', 'placed', 4000, 'RUB', $3, $3), ('2', $1, 'personal', 'placed', 2000, 'RUB', $4, $4),
      ('3', $2, 'personal', 'placed', 300, 'RUB', $5, $5), ('4', $2, 'corporate', 'placed', 90, 'RUB', $5, $5)`,
    [anna, boris, ago(40), ago(20), ago(399)],
  );
  await pool.query(`insert into order_lines (order_id, product_id, quantity, price, cost) values
    ('2', 'kettle', 1, 1500, 900), ('2', 'cup', 2, 250, 100)`);
  await pool.query(`insert into products (id, name, url, category, published_at, updated_at) values
    ('kettle', 'Kettle', 'https://shop.example/kettle', 'Kitchen', now(), now())`);
  await call('PUT', '/settings/rfm', rfm);
  await refreshMetrics(db, now);
});

test('P2 metrics of a customer: what their orders come to, their code with its name and offer, their stage', async () => {
  const { status, body } = await call('GET', `/customers/${anna}/metrics`);
  expect(status).toBe(200);
  expect(body.at).toBe(now.toISOString());
  expect(body.profiles).toMatchObject([
    {
      profile: 'personal',
      orders: 2,
      turnover: { amount: 6000, currency: 'RUB' },
      averageCheque: { amount: 3000 },
      profit: { amount: 900 },
      intervalDays: 20,
      lastGoods: ['kettle', 'cup'],
      lastCategories: ['Kitchen'],
      rfm: { code: 323, name: 'recent, rare, high cheque', best: 'highest', offer: null },
      stage: { stage: 'potential', title: 'Potential', since: now.toISOString() },
    },
  ]);
  const { body: other } = await call('GET', `/customers/${boris}/metrics?lang=ru`);
  expect(other.profiles.map((one: { profile: string }) => one.profile)).toEqual(['personal', 'corporate']);
  expect(other.profiles[0]).toMatchObject({
    rfm: { code: 111, name: 'давние, разовые, с низким чеком', offer: { title: 'Возвращайтесь', promo: 'win-back' } },
    stage: { title: 'Ушедший' },
  });
});

describe('P2 the RFM report', () => {
  test('tells all 27 codes with their offers, the segments and the thresholds', async () => {
    const { body } = await call('GET', '/reports/rfm');
    expect(body.codes).toHaveLength(27);
    const coded = (code: number) => body.codes.find((one: { code: number }) => one.code === code);
    expect(coded(111)).toMatchObject({ customers: 1, turnover: { amount: 300 }, offer: { title: 'Come back' } });
    expect(coded(323)).toMatchObject({ customers: 1, orders: 2, profit: { amount: 900 } });
    expect(coded(222)).toMatchObject({ customers: 0, offer: { title: 'Gift' } });
    expect(body.thresholds.codes).toEqual({ recency: [180, 365], frequency: [2, 4], money: [1000, 5000] });
    const sum = body.segments.reduce((total: number, { customers }: { customers: number }) => total + customers, 0);
    expect(sum).toBe(2);
  });

  test('shows the direction: 1 the best, where the shop wants it so', async () => {
    await call('PUT', '/settings/rfm', { ...rfm, best: 'lowest' });
    const { body } = await call('GET', '/reports/rfm');
    expect(body.best).toBe('lowest');
    const named = body.codes.find((one: { code: number }) => one.code === 333);
    expect(named).toMatchObject({ name: 'long ago, one-off, low cheque', customers: 1, offer: null });
    await call('PUT', '/settings/rfm', rfm);
  });
});

test('P3 the report of stages, and who moved', async () => {
  const { body } = await call(
    'GET',
    '/reports/stages?profile=personal&from=2026-05-01T00:00:00Z&to=2026-07-01T00:00:00Z',
  );
  const counts = body.stages.map(({ stage, customers }: { stage: string; customers: number }) => [stage, customers]);
  expect(Object.fromEntries(counts)).toEqual({
    new: 0,
    potential: 1,
    loyal: 0,
    at_risk: 0,
    churning: 0,
    lost: 0,
    gone: 1,
  });
  await refreshMetrics(db, ago(-100));
  const { body: later } = await call('GET', '/reports/stages?from=2026-06-02T00:00:00Z&to=2027-01-01T00:00:00Z');
  expect(later.transitions.items).toEqual([{ from: 'potential', to: 'at_risk', count: 1 }]);
});

test('P4 bands of what customers have brought, by shares or amounts', async () => {
  const { body } = await call('GET', '/reports/ltv');
  expect(body.bands.map(({ band, customers }: { band: string; customers: number }) => [band, customers])).toEqual([
    ['low', 1],
    ['middle', 0],
    ['high', 0],
    ['top', 1],
  ]);
  const title = { en: 'x', ru: 'x' };
  const bands = [
    { key: 'small', title, from: { amount: 0 } },
    { key: 'large', title, from: { amount: 6000 } },
  ];
  expect((await call('PUT', '/settings/ltv', { of: 'turnover', bands })).status).toBe(200);
  const { body: named } = await call('GET', '/reports/ltv');
  expect(named.bands).toMatchObject([
    { band: 'small', customers: 1, from: { amount: 0 }, perCustomer: { amount: 300 } },
    { band: 'large', customers: 1, from: { amount: 6000 }, perCustomer: { amount: 6000 } },
  ]);
});

test('P4 cohorts by the month of the first order, and by the days until it', async () => {
  const { body } = await call('GET', '/reports/cohorts?value=revenue&profile=personal');
  expect(body.cohorts).toEqual([
    { cohort: '2025-04', customers: 1, values: [{ months: 0, value: 300 }] },
    {
      cohort: '2026-04',
      customers: 1,
      values: [
        { months: 0, value: 4000 },
        { months: 1, value: 2000 },
      ],
    },
  ]);
  const { body: days } = await call('GET', '/reports/cohorts?rows=days_to_first_order');
  expect(days.cohorts.map(({ cohort }: { cohort: string }) => cohort)).toEqual(['1–7', '91+']);
});

describe('what is wrong with settings is named', () => {
  const refused = async (path: string, body: unknown) => {
    const answer = await call('PUT', path, body);
    expect(answer.status).toBe(400);
    return answer.body.errors.map(({ field }: { field: string }) => field);
  };

  test('of RFM', async () => {
    const descending = { ...fixed, recency: { by: 'thresholds', at: [9, 3] } };
    const wrong = {
      codes: { personal: descending, corporate: fixed },
      offers: [{ codes: ['411'], title: { en: 'x', ru: 'x' } }],
    };
    expect(await refused('/settings/rfm', wrong)).toEqual(['codes.personal.recency.at', 'offers.0.codes.0']);
  });

  test('of stages and bands', async () => {
    const intervals = { atRisk: 'P90D', churning: 'P60D', lost: 'P100D', gone: 'P200D' };
    expect(await refused('/settings/stages', { personal: { potentialFrom: 2, loyalFrom: 3, intervals } })).toEqual([
      'personal.intervals',
    ]);
    const title = { en: 'x', ru: 'x' };
    const mixed = [
      { key: 'a', title, from: { share: 0 } },
      { key: 'b', title, from: { amount: 5 } },
    ];
    expect(await refused('/settings/ltv', { of: 'profit', bands: mixed })).toEqual(['bands']);
  });
});
