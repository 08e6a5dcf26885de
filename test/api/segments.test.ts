import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { refreshMetrics } from '#db/metrics/refresh.ts';
import { refreshSegments } from '#db/segments/refresh.ts';
import { freshDatabase } from '#test/support/database.ts';
import { plantMessages } from '#test/support/messages.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const { db, pool } = database;
let now = new Date('2026-06-01T09:00:00Z');
const { call } = await testGateway(database, { clock: { time: { origin: 0, scale: 1 }, now: () => now } });
const ago = (days: number) => new Date(now.getTime() - days * 86_400_000);

const [anna = '', boris = '', vera = ''] = [300, 200, 100].map((days) => newId(ago(days)));
const names = new Map([
  [anna, 'anna'],
  [boris, 'boris'],
  [vera, 'vera'],
]);

/** Anna buys ink for herself, Boris paper for a company in retail; Vera looks and has bought nothing. */
beforeAll(async () => {
  const people = [
    [anna, { firstName: 'Anna', region: 'msk', vip: true, locale: 'ru-RU' }, 300],
    [boris, { kind: 'b2b', industry: 'Retail', employees: 40 }, 200],
    [vera, { region: 'spb', industry: "O'Reilly; drop table customers" }, 100],
  ] as const;
  for (const [id, traits, days] of people) {
    await pool.query('insert into customers (id, traits, created_at, last_seen_at) values ($1, $2, $3, $4)', [
      id,
      traits,
      ago(days),
      ago(days / 10),
    ]);
    await pool.query(
      `insert into identities (kind, value, customer_id, since) values ('user_id', $1, $2, now()), ('email', $3, $2, now())`,
      [names.get(id), id, `${names.get(id)}@example.com`],
    );
  }
  await pool.query(
    `insert into profiles (customer_id, kind, email) values ($1, 'personal', 'anna@example.com'), ($2, 'corporate', 'boris@example.com')`,
    [anna, boris],
  );
  await pool.query(
    `insert into consents (id, customer_id, purpose, channel, state, source, at) values (gen_random_uuid(), $1, 'advertising', '*', 'denied', 'x', now())`,
    [boris],
  );
  await pool.query(
    `insert into consent_states (customer_id, purpose, channel, state, at) values ($1, 'advertising', '*', 'denied', now())`,
    [boris],
  );
  await pool.query(`insert into products (id, name, url, category, brand, published_at, updated_at) values
    ('ink', 'Ink', 'https://shop.example', 'Consumables', 'Acme', now(), now()), ('desk', 'Desk', 'https://shop.example', 'Furniture', null, now(), now())`);
  await pool.query(
    `insert into orders (order_id, customer_id, profile, state, total, currency, placed_at, state_at) values
      ('1', $1, 'personal', 'placed', 3000, 'RUB', $3, $3), ('2', $1, 'personal', 'placed', 1000, 'RUB', $4, $4),
      ('3', $2, 'corporate', 'placed', 90000, 'RUB', $5, $5)`,
    [anna, boris, ago(200), ago(60), ago(20)],
  );
  await pool.query(
    `insert into order_lines (order_id, product_id, quantity, price) values ('1', 'desk', 1, 3000), ('2', 'ink', 2, 600), ('3', 'ink', 10, 9000)`,
  );
  await pool.query(`select ensure_month('events', $1::date)`, [ago(3)]);
  for (const occurred of [ago(3), ago(2)])
    await pool.query(
      `insert into events (id, received_at, occurred_at, source_id, message_id, type, name, customer_id, profile, payload)
       values (gen_random_uuid(), $1, $1, gen_random_uuid(), 'm', 'track', 'Product Viewed', $2, 'personal', '{}')`,
      [occurred, vera],
    );
  await plantMessages(db, [{ customer_id: anna, reserved_at: ago(9), opened_at: ago(8), opened_by: 'human' }]);
  await pool.query(
    `insert into runs (id, workflow_id, journey, class, key, customer_id, settings_version, trigger_at, entered_at, ended_at, outcome, read_seq)
     values (gen_random_uuid(), 'w', 'abandonment', 'abandonment', 'personal', $1, 1, $2, $2, $2, 'goal', 0)`,
    [vera, ago(5)],
  );
  await refreshMetrics(db, now);
});

let made = 0;

async function create(condition: unknown) {
  return call('POST', '/segments', { name: `segment ${++made}`, condition });
}

/** Names of those who meet a condition: the size that is told at once, and the members, must say the same. */
async function meet(condition: unknown): Promise<string[]> {
  const { status, body } = await create(condition);
  expect(status).toBe(201);
  const members = (await call('GET', `/segments/${body.id}/members`)).body.items;
  expect(body.size).toBe(members.length);
  expect((await call('POST', '/segments/size', { condition })).body).toEqual({ size: body.size });
  return members.map(({ customerId }: { customerId: string }) => names.get(customerId));
}

describe('P5 conditions', () => {
  test.each<[string, unknown, string[]]>([
    ['traits: a flag', { where: 'trait', name: 'vip', is: { in: [true] } }, ['anna']],
    ['traits: a text in whatever case', { where: 'trait', name: 'industry', is: { contains: 'RETAIL' } }, ['boris']],
    ['traits: a number', { where: 'trait', name: 'employees', is: { gte: 10, lt: 50 } }, ['boris']],
    ['traits: nothing known', { where: 'trait', name: 'industry', is: { known: false } }, ['anna']],
    ['region and language', { where: 'customer', region: ['msk', 'spb'], locale: ['ru'] }, ['anna']],
    ['kind', { where: 'customer', kind: 'b2b' }, ['boris']],
    ['signed up', { where: 'customer', signedUp: { within: 'P150D' } }, ['vera']],
    ['average cheque', { where: 'metric', metric: 'average', is: { lt: 7000 } }, ['anna']],
    [
      'turnover of companies',
      { where: 'metric', metric: 'turnover', profile: 'corporate', is: { gte: 90000 } },
      ['boris'],
    ],
    ['no orders', { where: 'metric', metric: 'orders', is: { eq: 0 } }, ['vera']],
    ['stage', { where: 'stage', in: ['potential', 'new'] }, ['anna', 'boris']],
    ['RFM code', { where: 'rfm', codes: ['31x', '32x'] }, ['anna', 'boris']],
    [
      'consumables bought 45 to 90 days ago',
      { where: 'orders', placed: { within: 'P90D', before: 'P45D' }, lines: { categories: ['Consumables'] } },
      ['anna'],
    ],
    ['goods of the last order', { where: 'orders', last: true, lines: { products: ['desk'] } }, []],
    ['a brand, twice', { where: 'orders', lines: { brands: ['Acme'] }, count: { gte: 2 } }, []],
    ['not one desk', { where: 'orders', lines: { products: ['desk'] }, count: { eq: 0 } }, ['boris', 'vera']],
    ['less to pay than the lines sum up to', { where: 'orders', reduced: true }, ['anna']],
    [
      'events, twice in a week',
      { where: 'events', name: 'Product Viewed', occurred: { within: 'P7D' }, count: { gte: 2 } },
      ['vera'],
    ],
    ['a no to advertising', { where: 'consent', state: 'denied', channel: 'email' }, ['boris']],
    ['reachable by e-mail', { where: 'reachable', channels: ['email', 'sms'] }, ['anna']],
    ['a journey that reached its goal', { where: 'journey', journey: 'abandonment', outcome: 'goal' }, ['vera']],
    ['an opened message', { where: 'message', reaction: 'opened', channel: 'email', at: { within: 'P10D' } }, ['anna']],
    [
      'and, or, not',
      {
        any: [
          {
            all: [
              { where: 'customer', region: ['msk'] },
              { where: 'trait', name: 'vip', is: { known: true } },
            ],
          },
          { not: { where: 'metric', metric: 'orders', is: { gte: 1 } } },
        ],
      },
      ['anna', 'vera'],
    ],
  ])('%s', async (_, condition, expected) => {
    expect(await meet(condition)).toEqual(expected);
  });

  test('another segment', async () => {
    const { body: retail } = await create({ where: 'trait', name: 'industry', is: { in: ['Retail'] } });
    expect(await meet({ not: { where: 'segment', id: retail.id } })).toEqual(['anna', 'vera']);
    expect((await call('DELETE', `/segments/${retail.id}`)).body.code).toBe('segment_in_use');
    const circle = { name: 'circle', condition: { any: [{ where: 'segment', id: retail.id }] } };
    const { body: outer } = await call('POST', '/segments', circle);
    const answer = await call('PUT', `/segments/${retail.id}`, {
      name: 'x',
      condition: { where: 'segment', id: outer.id },
    });
    expect(answer.body.errors).toMatchObject([{ field: 'condition', message: expect.stringContaining('itself') }]);
  });
});

test('P5 what a document says is never SQL', async () => {
  const evil = `x' or true; drop table customers; --"\\`;
  const documents = [
    { where: 'trait', name: evil, is: { in: [evil], contains: evil } },
    { where: 'trait', name: 'industry', is: { in: ["O'Reilly; drop table customers"] } },
    { where: 'customer', region: [evil] },
    { where: 'orders', lines: { products: [evil], categories: [evil], brands: [evil] } },
    { where: 'events', name: evil },
    { where: 'message', reaction: 'sent', template: evil },
    { where: 'rfm', segments: [evil] },
    { where: 'journey', journey: 'abandonment', outcome: evil },
  ];
  const met = [];
  for (const condition of documents) met.push(await meet(condition));
  expect(met).toEqual([[], ['vera'], [], [], [], [], [], []]);
});

describe('what is wrong with a condition is named where it stands', () => {
  test.each<[string, unknown, string]>([
    ['an unknown kind', { all: [{ where: 'weather' }] }, 'condition.all.0.where'],
    ['a metric that is none', { not: { where: 'metric', metric: 'password', is: { gte: 1 } } }, 'condition.not.metric'],
    ['a test of nothing', { where: 'metric', metric: 'orders', is: {} }, 'condition.is'],
    ['a field too many', { any: [{ where: 'customer', kind: 'b2b', age: 5 }] }, 'condition.any.0.age'],
    ['an empty list', { all: [] }, 'condition.all'],
    ['two joints at once', { all: [{ where: 'customer', kind: 'b2b' }], not: {} }, 'condition.not'],
    ['a time that never is', { where: 'orders', placed: { within: 'P5D', before: 'P9D' } }, 'condition.placed'],
    ['a segment that nobody made', { where: 'segment', id: '00000000-0000-4000-8000-000000000000' }, 'condition'],
    ['no condition at all', 'everybody', 'condition'],
  ])('%s', async (_, condition, field) => {
    const { status, body } = await create(condition);
    expect(status).toBe(400);
    expect(body.errors.map((error: { field: string }) => error.field)).toContain(field);
  });

  test('nesting without end', async () => {
    let deep: unknown = { where: 'customer', kind: 'b2b' };
    for (let level = 0; level < 25; level++) deep = { not: deep };
    expect((await create(deep)).status).toBe(400);
  });
});

test('P5 members follow the data: who enters and who leaves is told', async () => {
  const { body: segment } = await create({ where: 'orders', placed: { within: 'P90D' } });
  const changes = async () =>
    (await call('GET', `/segments/${segment.id}/changes`)).body.items.map(
      ({ customerId, entered }: { customerId: string; entered: boolean }) =>
        `${names.get(customerId)} ${entered ? 'in' : 'out'}`,
    );
  expect(await changes()).toEqual(['anna in', 'boris in']);
  now = new Date('2026-07-15T09:00:00Z');
  await refreshMetrics(db, now);
  await refreshSegments(db, now);
  expect(await changes()).toEqual(['anna in', 'boris in', 'anna out']);
  expect((await call('GET', `/segments/${segment.id}`)).body).toMatchObject({
    size: 1,
    evaluatedAt: now.toISOString(),
  });
});

test('P5 a list from elsewhere: who is known is in it, until it ends', async () => {
  const ends = new Date(now.getTime() + 86_400_000).toISOString();
  const { body: cohort } = await call('POST', '/segments', { name: 'BI cohort', expiresAt: ends });
  const give = (items: object[], replace = false) => call('POST', `/segments/${cohort.id}/members`, { items, replace });
  expect((await give([{ userId: 'anna' }, { email: 'Boris@Example.com' }, { userId: 'nobody' }])).body).toEqual({
    size: 2,
    unknown: [2],
  });
  expect((await give([{ customerId: vera }, { userId: 'anna' }], true)).body).toEqual({ size: 2, unknown: [] });
  expect(await meet({ where: 'segment', id: cohort.id })).toEqual(['anna', 'vera']);
  const { body: dynamic } = await create({ where: 'customer', kind: 'b2b' });
  expect((await call('POST', `/segments/${dynamic.id}/members`, { items: [] })).body.code).toBe('segment_dynamic');
  now = new Date(now.getTime() + 2 * 86_400_000);
  expect(await meet({ where: 'segment', id: cohort.id })).toEqual([]);
  expect((await call('GET', `/segments/${cohort.id}/members`)).body.items).toEqual([]);
});

test('P5 who is erased is in no segment at once, and leaves when it is looked at', async () => {
  const gone = newId(now);
  await pool.query('insert into customers (id, traits, created_at) values ($1, $2, $3)', [gone, { vip: true }, now]);
  const { body: segment } = await create({ where: 'trait', name: 'vip', is: { in: [true] } });
  expect(segment.size).toBe(2);
  expect((await call('DELETE', `/customers/${gone}`)).status).toBe(204);
  const members = (await call('GET', `/segments/${segment.id}/members`)).body.items;
  expect(members.map(({ customerId }: { customerId: string }) => customerId)).toEqual([anna]);
  await refreshSegments(db, now);
  expect((await call('GET', `/segments/${segment.id}`)).body.size).toBe(1);
});

test('a name is of one segment', async () => {
  const body = { name: 'VIP', condition: { where: 'trait', name: 'vip', is: { known: true } } };
  expect((await call('POST', '/segments', body)).status).toBe(201);
  expect((await call('POST', '/segments', body)).body.code).toBe('segment_taken');
});
