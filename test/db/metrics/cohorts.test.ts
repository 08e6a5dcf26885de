import { beforeEach, describe, expect, test } from 'vitest';
import { type CohortsAsked, cohorts } from '#db/metrics/cohorts.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { freshDatabase } from '#test/support/database.ts';
import { openData, type PlantedOrder, plantCustomers, plantOrders } from './support.ts';

const { db, pool } = await freshDatabase();
const now = new Date('2011-12-31T00:00:00Z');

const asked: CohortsAsked = {
  rows: 'first_order',
  value: 'customers',
  group: 'all',
  profile: null,
  from: new Date('2009-01-01T00:00:00Z'),
  to: now,
  zone: 'UTC',
  currency: 'RUB',
  share: 0.5,
  orders: 5,
};

async function matrix(more: Partial<CohortsAsked>) {
  const found = await cohorts(db, { ...asked, ...more });
  return Object.fromEntries(
    found.map(({ cohort, values }) => [cohort, values.map(({ months, value }) => [months, value])]),
  );
}

beforeEach(async () => {
  await pool.query(`truncate customers, orders, order_changes, customer_metrics, metrics_state cascade`);
});

// UCI Online Retail (test/data/README.md): lines with a customer, quantity and price above 0; a cohort is the month of the first
// invoice, a cell how many of it have an invoice in that month: the convention of every published analysis of that data.
describe('P4 UCI Online Retail', () => {
  async function plant() {
    const customers = openData('online-retail-months.csv.gz');
    const ids = await plantCustomers(pool, customers.length, new Date('2010-01-01T00:00:00Z'));
    const orders: PlantedOrder[] = customers.flatMap(([, months = '0'], index) =>
      Array.from({ length: 13 }, (_, month) => month)
        .filter((month) => (Number.parseInt(months, 16) >> month) & 1)
        .map((month) => ({ customer: ids[index] ?? '', at: new Date(Date.UTC(2010, 11 + month, 9, 12)), total: 1 })),
    );
    await plantOrders(pool, orders);
    await refreshMetrics(db, now);
  }

  test('the sizes of all cohorts, and the row of December 2010, are the published ones', async () => {
    await plant();
    const found = await cohorts(db, asked);
    expect(found.map(({ customers }) => customers)).toEqual([
      885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 323, 41,
    ]);
    expect(found[0]).toMatchObject({ cohort: '2010-12' });
    const december = [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235];
    expect(found[0]?.values).toEqual(december.map((value, months) => ({ months, value })));
    expect(found.at(-1)).toEqual({ cohort: '2011-12', customers: 41, values: [{ months: 0, value: 41 }] });
  });
});

describe('P4 what is counted, and of whom', () => {
  let ids: string[];
  const at = (date: string) => new Date(`${date}T12:00:00Z`);

  beforeEach(async () => {
    ids = await plantCustomers(pool, 4, at('2011-01-10'));
    const [anna = '', boris = '', vera = ''] = ids;
    const orders = [
      { customer: anna, at: at('2011-01-10'), total: 100 },
      { customer: anna, at: at('2011-03-01'), total: 200 },
      { customer: anna, at: at('2011-03-20'), total: 50 },
      { customer: boris, at: at('2011-02-05'), total: 10, profile: 'corporate' as const },
      { customer: boris, at: at('2011-02-25'), total: 20, profile: 'corporate' as const },
      { customer: vera, at: new Date('2011-02-28T22:30:00Z'), total: 7 },
    ];
    const placed = await plantOrders(pool, orders);
    await pool.query(
      'insert into order_lines (order_id, product_id, quantity, price, old_price) select id, $2, 1, 1, 2 from unnest($1::text[]) id',
      [[placed[3], placed[4], placed[5]], 'kettle'],
    );
    await refreshMetrics(db, now);
  });

  test('customers, orders and revenue by month since the first order, on the shop’s clock', async () => {
    expect(await matrix({})).toEqual({
      '2011-01': [
        [0, 1],
        [2, 1],
      ],
      '2011-02': [[0, 2]],
    });
    expect(await matrix({ value: 'orders' })).toEqual({
      '2011-01': [
        [0, 1],
        [2, 2],
      ],
      '2011-02': [[0, 3]],
    });
    expect(await matrix({ value: 'revenue', zone: 'Europe/Moscow' })).toEqual({
      '2011-01': [
        [0, 100],
        [2, 250],
      ],
      '2011-02': [[0, 30]],
      '2011-03': [[0, 7]],
    });
  });

  test('by the month of sign-up, with those who never ordered', async () => {
    const [january] = await cohorts(db, { ...asked, rows: 'sign_up' });
    expect(january).toEqual({
      cohort: '2011-01',
      customers: 4,
      values: [
        { months: 0, value: 1 },
        { months: 1, value: 2 },
        { months: 2, value: 1 },
      ],
    });
  });

  test('by the days to the first order', async () => {
    const found = await cohorts(db, { ...asked, rows: 'days_to_first_order' });
    expect(found.map(({ cohort, customers }) => [cohort, customers])).toEqual([
      ['0', 1],
      ['8', 1],
      ['31', 1],
    ]);
  });

  test('who came by a sale, discount hunters, fanatics, one kind of profile', async () => {
    expect(await matrix({ group: 'sale' })).toEqual({ '2011-02': [[0, 2]] });
    expect(await matrix({ group: 'discount_hunters' })).toEqual({ '2011-02': [[0, 1]] });
    expect(await matrix({ group: 'fanatics', orders: 3 })).toEqual({
      '2011-01': [
        [0, 1],
        [2, 1],
      ],
    });
    expect(await matrix({ profile: 'corporate', value: 'orders' })).toEqual({ '2011-02': [[0, 2]] });
  });

  test('activity is anything that was done', async () => {
    const visit = at('2011-05-05');
    await pool.query('select ensure_month($1, $2)', ['events', visit]);
    await pool.query(
      `insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
       values (gen_random_uuid(), $1, $1, gen_random_uuid(), 'm', 'page', 'page', $2, 'personal', '{}')`,
      [visit, ids[0]],
    );
    expect(await matrix({ value: 'activity' })).toEqual({ '2011-01': [[4, 1]], '2011-02': [] });
  });
});
