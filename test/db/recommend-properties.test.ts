import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Asking, recommend } from '#db/recommend/recommend.ts';
import { recomputeRecommendations } from '#db/recommend/recompute.ts';
import { type Filters, type Recommended, recommendationSources, type Source, type Wish } from '#domain/recommend.ts';
import { freshDatabase } from '#test/support/database.ts';
import { at, catalogue, customer, daysAgo, type Item, shop } from './recommend-support.ts';

const { db } = await freshDatabase();

const regions = ['north', 'south'] as const;
const categories = ['Bags', 'Shoes', 'Scarves'];
const ids = Array.from({ length: 16 }, (_, index) => `item-${index}`);
const someIds = fc.subarray(ids, { maxLength: 5 });
/** Tuesday's goods are hidden from strangers on this Wednesday. */
const early = { ...shop, earlyAccess: { weekday: 'tuesday', until: { weekday: 'friday', time: '09:00' } } } as const;

const item = (id: string): fc.Arbitrary<Item> =>
  fc
    .record({
      category: fc.constantFrom(null, ...categories),
      price: fc.integer({ min: 1, max: 40 }).map((hundreds) => hundreds * 100),
      off: fc.constantFrom(0, 0, 10, 50),
      stock: fc.constantFrom(3, 0, 3, 3),
      regions: fc.dictionary(fc.constantFrom(...regions), fc.constantFrom(2, 0)),
      publishedAt: fc.constantFrom(2, 30, 8, 1, 0, -1).map(daysAgo),
    })
    .map(({ off, price, ...rest }) => ({
      id,
      ...rest,
      price,
      oldPrice: off === 0 ? null : Math.round((price * 100) / (100 - off)),
    }));

const anyFilters: fc.Arbitrary<Partial<Filters>> = fc.record(
  {
    category: fc.constantFrom(...categories),
    products: fc.subarray(ids, { minLength: 8 }),
    discountFrom: fc.constantFrom(5, 40),
    price: fc.record({ from: fc.constantFrom(null, 1000), to: fc.constantFrom(null, 3000) }),
    notBought: fc.boolean(),
  },
  { requiredKeys: [] },
);

/** One of them at a time, mostly: all of them leave nothing to be shown. */
const filters = anyFilters.chain((all) => {
  const one = fc.constantFrom(...Object.entries(all), ['notBought', true] as const);
  return fc.oneof(
    { weight: 4, arbitrary: one.map(([name, value]) => ({ [name]: value })) },
    { weight: 1, arbitrary: fc.constant(all) },
  );
});

const world = fc.record({
  items: fc.tuple(...ids.map(item)),
  bought: fc.array(fc.subarray(ids, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
  viewed: someIds,
  registered: fc.boolean(),
  region: fc.constantFrom(null, 'elsewhere', ...regions),
  wish: fc.record({
    from: fc.shuffledSubarray([...recommendationSources], { minLength: 1 }),
    count: fc.integer({ min: 2, max: 8 }),
    seed: fc.string({ maxLength: 4, unit: 'grapheme-ascii' }),
    about: fc.subarray(ids, { maxLength: 2 }),
    exclude: someIds,
    filters,
    discountedFirst: fc.boolean(),
  }),
});

interface World {
  items: readonly Item[];
  bought: string[][];
  registered: boolean;
  region: string | null;
  wish: Wish;
}

/** By the letter of docs/recommendations.md, without SQL: why the item must not be shown; null where it may. */
function forbidden({ items, bought, registered, region, wish }: World, id: string): string | null {
  const found = items.find((one) => one.id === id);
  if (!found) return 'unknown';
  const { stock = 0, regions = {}, price = 0, oldPrice = null, publishedAt = at, category = null } = found;
  const wanted = wish.filters ?? {};
  const inStock = region !== null && region in regions ? (regions[region] ?? 0) : stock;
  const isTuesday = publishedAt.getTime() === daysAgo(1).getTime() || publishedAt.getTime() === daysAgo(8).getTime();
  const percent = oldPrice === null ? 0 : ((oldPrice - price) / oldPrice) * 100;
  if (inStock === 0) return 'not in stock';
  if (publishedAt > at) return 'not published';
  if (!registered && isTuesday && publishedAt > daysAgo(7)) return 'early access';
  if (wish.about?.includes(id) || wish.exclude?.includes(id)) return 'excluded';
  if (wanted.notBought !== false && bought.flat().includes(id)) return 'bought';
  if (wanted.category !== undefined && category !== wanted.category) return 'category';
  if (wanted.products !== undefined && !wanted.products.includes(id)) return 'not on the list';
  if (wanted.discountFrom != null && percent < wanted.discountFrom) return 'discount';
  if (price < (wanted.price?.from ?? 0) || price > (wanted.price?.to ?? price)) return 'price';
  return null;
}

/** Sources that live on what was computed. */
const statistical = new Set<Source>(['hits', 'similar', 'complementary']);

/** Makes the world, then asks twice for the wish, and for each shorter chain. */
async function ask({ items, bought, viewed, registered, region, wish }: World & { viewed: string[] }) {
  await catalogue(db, ...items);
  const customerId = await customer(db, { orders: bought, views: viewed, registered, when: daysAgo(3) });
  if (wish.from.some((source) => statistical.has(source))) await recomputeRecommendations(db, at);
  const asking: Asking = { customerId, region, shop: early, at };
  const answer = await recommend(db, asking, wish);
  const again = await recommend(db, asking, wish);
  const shorter: Recommended[][] = [];
  for (const length of wish.from.keys())
    shorter.push(await recommend(db, asking, { ...wish, from: wish.from.slice(0, length) }));
  return { answer, again, shorter };
}

test('whatever the shop, the customer and the wish: only what may be shown, in the order of the chain, always the same', async () => {
  const shown = { goods: 0, full: 0 };
  await fc.assert(
    fc.asyncProperty(world, async (made) => {
      const { answer, again, shorter } = await ask(made);
      const { from, count } = made.wish;
      for (const { id } of answer) expect([id, forbidden(made, id)]).toEqual([id, null]);
      expect(new Set(answer.map(({ id }) => id)).size).toBe(answer.length);
      expect(answer.length).toBeLessThanOrEqual(count);
      expect(again).toEqual(answer);
      // Each source adds to what those before it have given, and takes nothing away.
      const places = answer.map(({ source }) => from.indexOf(source));
      expect(places).toEqual(places.toSorted((a, b) => a - b));
      for (const before of shorter) expect(answer.slice(0, before.length)).toEqual(before);
      // These two know the whole of a small catalogue: with them the answer is as long as it can be.
      const allowed = ids.filter((id) => forbidden(made, id) === null).length;
      if (from.includes('novelties') || from.includes('random')) expect(answer).toHaveLength(Math.min(count, allowed));
      shown.goods += answer.length;
      shown.full += Number(answer.length === count);
    }),
    { numRuns: 50 },
  );
  // Else the worlds would be too empty to show anything.

  expect(shown.goods).toBeGreaterThan(25);
  expect(shown.full).toBeGreaterThan(2);
});
