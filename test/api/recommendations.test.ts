import { expect, test } from 'vitest';
import { recomputeRecommendations } from '#db/recommend/recompute.ts';
import { freshDatabase } from '#test/support/database.ts';
import { seed } from './seed.ts';
import { type Answer, testGateway } from './support.ts';

const database = await freshDatabase();
let now = new Date('2026-05-23T10:00:00Z'); // a Saturday
const clock = { time: { origin: 0, scale: 1 }, now: () => now };
const { call, request } = await testGateway(database, { clock });
const { customer } = await seed(database.db);

const product = (id: string, category: string, day: number, prices: Record<string, number> = { '*': 100 }) => ({
  id,
  name: id,
  category,
  url: `https://shop.example/${id}`,
  publishedAt: `2026-05-${day}T12:00:00Z`,
  offers: Object.entries(prices).map(([region, amount]) => ({ region, price: { amount, currency: 'RUB' }, stock: 1 })),
});
const items = [
  product('phone', 'Phones', 20),
  product('case', 'Cases', 19, { '*': 100, msk: 90 }),
  product('charger', 'Chargers', 18),
  product('friday', 'Phones', 22),
];
await call('PUT', '/products', { items });

const idsOf = ({ body }: Answer) =>
  body.items.map(({ id, good }: { id: string; good?: { id: string } }) => good?.id ?? id);

test('a preview says what a message would show to this customer, at their region’s price, and which source gave it', async () => {
  const complements = { categories: { Phones: { Cases: 1 } }, products: {} };
  expect((await call('PUT', '/settings/recommendations', { complements })).status).toBe(200);
  await recomputeRecommendations(database.db, now);
  const path = `/customers/${customer}/recommendations`;
  const { body } = await call('GET', `${path}?from=complementary,novelties&about=phone&count=3`);
  expect(body.items).toEqual([
    {
      source: 'complementary',
      good: {
        id: 'case',
        name: 'case',
        url: 'https://shop.example/case',
        imageUrl: null,
        category: 'Cases',
        price: { amount: 90, currency: 'RUB' },
        oldPrice: null,
      },
    },
    { source: 'novelties', good: expect.objectContaining({ id: 'friday' }) },
    { source: 'novelties', good: expect.objectContaining({ id: 'charger' }) },
  ]);
  expect(idsOf(await call('GET', `${path}?from=novelties&category=Chargers`))).toEqual(['charger']);
  const random = async (seed: string) => idsOf(await call('GET', `${path}?from=random&seed=${seed}`)).join();
  expect(await random('a')).toBe(await random('a'));
  expect(new Set(await Promise.all([...'abcdefgh'].map(random))).size).toBeGreaterThan(1);
  const unknown = await call('GET', `${path}?from=horoscope`);
  expect([unknown.status, unknown.body.errors[0].field]).toEqual([400, 'from.0']);
});

test('a matrix with a weight that is none is refused, with its place', async () => {
  const complements = { categories: { Phones: { Cases: 2 } } };
  const { status, body } = await call('PUT', '/settings/recommendations', { complements });
  expect([status, body.errors[0].field]).toEqual([400, 'complements.categories.Phones.Cases']);
});

test('the novelties feed keeps Friday’s for the registered until Monday morning; the public one always as for strangers', async () => {
  const { value: shop } = (await call('GET', '/settings/shop')).body;
  const earlyAccess = { weekday: 'friday', until: { weekday: 'monday', time: '09:00' } };
  expect((await call('PUT', '/settings/shop', { ...shop, earlyAccess })).status).toBe(200);
  const site = () => request('/site/v1/novelties?count=2');
  const feed = async () => ({
    registered: idsOf(await call('GET', '/novelties?registered=true&count=2')),
    strangers: idsOf(await call('GET', '/novelties?count=2')),
    site: idsOf(await site()),
  });
  const [early, later] = [
    ['friday', 'phone'],
    ['phone', 'case'],
  ];
  expect(await feed()).toEqual({ registered: early, strangers: later, site: later });
  now = new Date('2026-05-25T06:00:00Z');
  expect(await feed()).toEqual({ registered: early, strangers: early, site: early });
  const { headers } = await site();
  expect([headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual([
    '*',
    'public, max-age=60',
  ]);
  expect((await request('/site/v1/novelties?registered=true')).status).toBe(400);
});
