import { describe, expect, test } from 'vitest';
import { newId } from '#db/ids.ts';
import { recomputeRecommendations } from '#db/recommend/recompute.ts';
import { saveSettings } from '#db/settings.ts';
import { promotions } from '#db/telegram.ts';
import { recommendationSources } from '#domain/recommend.ts';
import { freshDatabase } from '#test/support/database.ts';
import { at, catalogue, customer, daysAgo, idsFor, shop } from './recommend-support.ts';

const { db } = await freshDatabase();
const nobody = '0198a5f0-0000-7000-8000-000000000000';

describe('sources', () => {
  test('novelties are the newest that can be had', async () => {
    await catalogue(
      db,
      { id: 'gone', stock: 0, publishedAt: daysAgo(1) },
      { id: 'old', publishedAt: daysAgo(9) },
      { id: 'new', publishedAt: daysAgo(2) },
      { id: 'to-come', publishedAt: daysAgo(-1) },
    );
    expect(await idsFor(db, { from: ['novelties'] })).toEqual(['new', 'old']);
  });

  test('hits are what sells in the region, smoothed by everybody’s, the newer the more', async () => {
    await catalogue(
      db,
      { id: 'a' },
      { id: 'b' },
      { id: 'c' },
      { id: 'sold-out', stock: 0 },
      { id: 'north', regions: { north: 0 } },
    );
    for (let index = 0; index < 4; index += 1) {
      await customer(db, { orders: [['a', 'sold-out', 'north']] });
      await customer(db, { orders: [['b']], traits: { region: 'north' } });
    }
    await customer(db, { orders: [['c'], ['c'], ['c'], ['c'], ['c']], when: daysAgo(50) });
    await recomputeRecommendations(db, at);
    expect(await idsFor(db, { from: ['hits'] })).toEqual(['a', 'b', 'north', 'c']);
    expect(await idsFor(db, { from: ['hits'] }, { region: 'north' })).toEqual(['b', 'a', 'c']);
    expect(await idsFor(db, { from: ['hits'] }, { region: 'nobody-lives-there' })).toEqual(['a', 'b', 'north', 'c']);
  });

  test('similar: category, price, attributes, brand, and what the same customers looked at', async () => {
    const category = 'Bags';
    await catalogue(
      db,
      { id: 'bag', category, price: 1000, attributes: { colour: ['red', 'black'] }, brand: 'Hermes' },
      { id: 'near', category, price: 1100 },
      { id: 'far', category, price: 9000 },
      { id: 'red', category, price: 1100, attributes: { colour: 'red' } },
      { id: 'same-brand', category, price: 1100, brand: 'Hermes' },
      { id: 'shoe', category: 'Shoes', price: 1000 },
      { id: 'scarf', category: 'Scarves', price: 1000 },
    );
    expect(await idsFor(db, { from: ['similar'], about: ['bag'] })).toEqual(['same-brand', 'red', 'near', 'far']);
    for (let index = 0; index < 6; index += 1) await customer(db, { views: ['bag', 'scarf'] });
    for (let index = 0; index < 9; index += 1) await customer(db, { views: ['shoe'] });
    await recomputeRecommendations(db, at);
    expect(await idsFor(db, { from: ['similar'], about: ['bag'] })).toContain('scarf');
    expect(await idsFor(db, { from: ['similar'], about: ['bag'] })).not.toContain('shoe');
    expect(await idsFor(db, { from: ['similar'], about: ['nobody-knows-it'] })).toEqual([]);
  });

  test('complementary: the matrix by hand, its categories in turn by weight, then what is bought with it', async () => {
    await catalogue(
      db,
      { id: 'phone', category: 'Phones' },
      ...['case-1', 'case-2', 'case-3'].map((id, index) => ({ id, category: 'Cases', publishedAt: daysAgo(index) })),
      { id: 'charger', category: 'Chargers' },
      { id: 'stand', category: 'Other' },
      { id: 'film', category: 'Other' },
    );
    for (let index = 0; index < 5; index += 1) await customer(db, { orders: [['phone', 'film']] });
    for (let index = 0; index < 5; index += 1) await customer(db, { orders: [['stand']] });
    await recomputeRecommendations(db, at);
    const ask = (count: number) => idsFor(db, { from: ['complementary'], about: ['phone'], count });
    expect(await ask(9)).toEqual(['film']);
    const complements = { categories: { Phones: { Cases: 1, Chargers: 0.8 } }, products: { phone: { stand: 1 } } };
    await saveSettings(db, 'recommendations', { complements }, 'test', at);
    expect(await ask(9)).toEqual(['stand', 'case-1', 'charger', 'case-2', 'case-3', 'film']);
    expect(await ask(2)).toEqual(['stand', 'case-1']);
  });

  test('personal: the categories, the brand and the price that this customer goes for', async () => {
    await catalogue(
      db,
      { id: 'seen', category: 'Tea', brand: 'Leaf', price: 500 },
      { id: 'tea', category: 'Tea', price: 500 },
      { id: 'leaf', category: 'Tea', brand: 'Leaf', price: 500 },
      { id: 'dear', category: 'Tea', price: 90_000 },
      { id: 'coffee', category: 'Coffee', price: 500 },
    );
    const anna = await customer(db, { views: ['seen'], orders: [['seen']] });
    expect(await idsFor(db, { from: ['personal'] }, { customerId: anna })).toEqual(['leaf', 'tea', 'dear']);
    expect(await idsFor(db, { from: ['personal'] }, { customerId: nobody })).toEqual([]);
  });
});

test('goods that cost nothing and settings that count nothing break nothing', async () => {
  await catalogue(db, { id: 'free', category: 'Gifts', price: 0 }, { id: 'gift', category: 'Gifts', price: 0 });
  const anna = await customer(db, {
    views: ['free'],
    orders: [['free']],
    traits: { region: 'north' },
    when: daysAgo(50),
  });
  for (const weight of [1, 0]) {
    const hits = { order: weight, favourite: weight, view: weight, halfLife: 'PT1S' };
    await saveSettings(db, 'recommendations', { hits }, 'test', at);
    await recomputeRecommendations(db, at);
    for (const source of recommendationSources)
      expect(await idsFor(db, { from: [source, 'novelties'], about: ['free'] }, { customerId: anna })).toEqual([
        'gift',
      ]);
  }
});

describe('random', () => {
  test('J19 fifteen of a hundred: each product as often as any other, each customer a set of their own', async () => {
    const products = Array.from({ length: 100 }, (_, index) => `theme-${index}`);
    await catalogue(db, { id: 'other' }, ...products.map((id) => ({ id })));
    const sets = new Set<string>();
    const times = new Map<string, number>();
    const customers = Array.from({ length: 400 }, () => newId(at));
    for (const customerId of customers) {
      const wish = { from: ['random'] as const, count: 15, seed: 'campaign', filters: { products } };
      const drawn = await idsFor(db, wish, { customerId });
      expect(drawn).toHaveLength(15);
      sets.add(drawn.toSorted().join());
      for (const id of drawn) times.set(id, (times.get(id) ?? 0) + 1);
    }
    expect(sets.size).toBe(customers.length);
    // 400 draws with a chance of 15 % each: 60 times, give or take 7.1; nobody is further off than five of those.
    expect([...times.keys()].toSorted()).toEqual(products.toSorted());
    for (const [id, count] of times) expect(Math.abs(count - 60), id).toBeLessThan(36);
  });

  test('from a catalogue larger than what is read of it: all of it is drawn in the end', async () => {
    await catalogue(
      db,
      ...Array.from({ length: 1100 }, (_, index) => ({ id: `of-many-${index}`, category: index % 2 ? 'Odd' : 'Even' })),
    );
    for (const [filters, size] of [
      [{}, 1100],
      [{ category: 'Odd' }, 550],
    ] as const) {
      const times = new Map<string, number>();
      const draws = (size * 4) / 15;
      for (let draw = 0; draw < draws; draw += 1)
        for (const id of await idsFor(db, { from: ['random'], count: 15, seed: `draw ${draw}`, filters }))
          times.set(id, (times.get(id) ?? 0) + 1);
      // Drawn four times each, on average: one in 55 is left out by chance.
      expect(times.size).toBeGreaterThan(size * 0.95);
      expect(Math.max(...times.values())).toBeLessThan(18);
    }
  });
});

test('the bot’s promotions keep early access, too', async () => {
  const hidden = { from: daysAgo(2), to: daysAgo(1) };
  await catalogue(
    db,
    { id: 'kept', price: 1, oldPrice: 10, publishedAt: daysAgo(1.5) },
    { id: 'half', price: 5, oldPrice: 10 },
  );
  const [stranger, member] = [await customer(db), await customer(db, { registered: true })];
  const ask = async (customerId: string) =>
    (await promotions(db, { customerId, region: null }, hidden, 5)).map(({ id }) => id);
  expect([await ask(stranger), await ask(member)]).toEqual([['half'], ['kept', 'half']]);
});

describe('filters', () => {
  test('attributes: only for those whom they matter to; what has none is for all', async () => {
    await catalogue(
      db,
      { id: 'couperose', attributes: { concerns: ['couperose', 'redness'] } },
      { id: 'acne', attributes: { concerns: 'acne' } },
      { id: 'soap' },
    );
    const matching = [{ attribute: 'concerns', trait: 'skin' }];
    const ask = async (traits: object) =>
      (
        await idsFor(db, { from: ['novelties'], filters: { matching } }, { customerId: await customer(db, { traits }) })
      ).toSorted();
    expect(await ask({ skin: ['dry', 'couperose'] })).toEqual(['couperose', 'soap']);
    expect(await ask({ skin: 'acne' })).toEqual(['acne', 'soap']);
    expect(await ask({})).toEqual(['soap']);
  });

  test('discounted goods first, and a discount of so much', async () => {
    await catalogue(
      db,
      { id: 'newest', publishedAt: daysAgo(1) },
      { id: 'fifth-off', price: 800, oldPrice: 1000, publishedAt: daysAgo(2) },
      { id: 'half-off', price: 500, oldPrice: 1000, publishedAt: daysAgo(3) },
    );
    expect(await idsFor(db, { from: ['novelties'], discountedFirst: true })).toEqual([
      'fifth-off',
      'half-off',
      'newest',
    ]);
    expect(await idsFor(db, { from: ['novelties'], filters: { discountFrom: 20 } })).toEqual(['fifth-off', 'half-off']);
    expect(await idsFor(db, { from: ['novelties'], filters: { discountFrom: 21 } })).toEqual(['half-off']);
  });

  test('early access: Friday’s goods are for the registered until Monday morning', async () => {
    const friday = new Date('2026-05-22T09:00:00Z');
    await catalogue(
      db,
      { id: 'thursday', publishedAt: new Date('2026-05-21T20:59:00Z') },
      { id: 'friday', publishedAt: friday },
      { id: 'late-friday', publishedAt: new Date('2026-05-22T20:59:00Z') },
      { id: 'saturday', publishedAt: new Date('2026-05-22T21:00:00Z') },
    );
    const early = { ...shop, earlyAccess: { weekday: 'friday', until: { weekday: 'monday', time: '09:00' } } } as const;
    const [stranger, member] = [await customer(db), await customer(db, { registered: true })];
    const ask = (instant: string, customerId: string | null, registered?: boolean) =>
      idsFor(
        db,
        { from: ['novelties'] },
        { shop: early, at: new Date(instant), customerId, ...(registered !== undefined && { registered }) },
      );
    const all = ['saturday', 'late-friday', 'friday', 'thursday'];
    expect(await ask('2026-05-25T05:59:00Z', stranger)).toEqual(['saturday', 'thursday']);
    expect(await ask('2026-05-25T05:59:00Z', null)).toEqual(['saturday', 'thursday']);
    expect(await ask('2026-05-25T05:59:00Z', member)).toEqual(all);
    expect(await ask('2026-05-25T05:59:00Z', null, true)).toEqual(all);
    expect(await ask('2026-05-25T06:00:00Z', stranger)).toEqual(all);
    expect(await ask('2026-05-22T09:30:00Z', stranger)).toEqual(['thursday']);
    expect(await ask('2026-05-29T09:30:00Z', stranger)).toEqual(all);
  });
});
