import { afterAll, expect, test } from 'vitest';
import { createIntake } from '#db/intake.ts';
import { scaledClock } from '#domain/clock.ts';
import { freshDatabase } from '#test/support/database.ts';
import { routing } from '#workflows/catalogue.ts';
import { testGateway } from './support.ts';

const database = await freshDatabase();
const clock = scaledClock({ origin: 0, scale: 1 });
const intake = createIntake({ pool: database.pool, clock, routing, onOutbox: () => {} });
afterAll(() => intake.close());
const { call } = await testGateway(database, { intake, clock });

const put = async (...items: unknown[]) => call('PUT', '/customers', { items });
const find = async (query: string) => (await call('GET', `/customers?${query}`)).body.items;

test('customers are made, added to and joined by the rules of events; repeating changes nothing', async () => {
  const anna = { userId: 'anna', email: 'Anna@Example.com', phone: '8 916 123-45-67', traits: { firstName: 'Anna' } };
  const { status, body } = await put(anna, { userId: 'boris', profile: 'corporate', email: 'boris@work.example' });
  expect(status).toBe(200);
  expect(body.items).toEqual([
    { index: 0, userId: 'anna', status: 'stored' },
    { index: 1, userId: 'boris', status: 'stored' },
  ]);
  await put(anna, { userId: 'anna', traits: { city: 'Omsk' } });
  const found = await find('email=anna%40example.com');
  expect(found).toMatchObject([{ traits: { firstName: 'Anna', city: 'Omsk' }, profiles: [{ phone: '+79161234567' }] }]);
  expect(await find('userId=boris')).toMatchObject([
    { profiles: [{ kind: 'corporate', email: 'boris@work.example' }] },
  ]);
  await put({ anonymousId: 'browser', traits: { seen: true } }, { userId: 'anna', anonymousId: 'browser' });
  expect(await find('userId=anna')).toMatchObject([{ id: found[0].id, traits: { seen: true } }]);
  expect(await find('')).toHaveLength(2);
});

test('what was said before comes back when it is said again', async () => {
  for (const city of ['Omsk', 'Tomsk', 'Omsk']) await put({ userId: 'moves', traits: { city } });
  expect(await find('userId=moves')).toMatchObject([{ traits: { city: 'Omsk' } }]);
});

test('each item is refused on its own, with its place and field', async () => {
  const { body } = await put(
    { userId: 'good' },
    { traits: { city: 'Omsk' } },
    { userId: 'bad-mail', email: 'nonsense' },
    { userId: 'bad-phone', phone: 'nonsense' },
    { userId: 'twice', traits: { email: 'a@example.com' } },
    { userId: 'more', unknown: 1 },
    { userId: 'nul', traits: { name: 'a\0b' } },
    { userId: 'long', traits: { text: 'x'.repeat(40_000) } },
    'nothing',
  );
  const told = body.items.map((item: { status: string; errors?: { field: string }[] }) =>
    [item.status, item.errors?.[0]?.field].filter(Boolean).join(' '),
  );
  expect(told).toEqual([
    'stored',
    'refused items.1.userId',
    'refused items.2.email',
    'refused items.3.phone',
    'refused items.4.traits',
    'refused items.5.unknown',
    'refused items.6.traits.name',
    'refused items.7.event',
    'refused items.8',
  ]);
  expect(await find('userId=good')).toHaveLength(1);
  expect(await find('userId=bad-mail')).toHaveLength(0);
});

test('a request without items is refused as a whole', async () => {
  expect(await put()).toMatchObject({ status: 400, body: { code: 'invalid_request' } });
});
