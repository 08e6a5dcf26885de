import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Good } from '#domain/intent.ts';
import { hasDropped, isOpen, isTrue, type NewsRules, tellable, type WishNews } from '#domain/wish-news.ts';

const currency = fc.constantFrom('RUB', 'EUR');
const instant = fc.integer({ min: 0, max: 1_000 });
const price = fc.integer({ min: 1, max: 1_000 });
const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: null });
const good = fc
  .record({ price, currency })
  .map((offer): Good => ({ id: '', name: '', url: '', imageUrl: null, category: null, oldPrice: null, ...offer }));
const news: fc.Arbitrary<WishNews> = fc.record({
  product: fc.constantFrom('vase', 'jug', 'rug', 'lamp'),
  cause: fc.constantFrom('stock', 'price'),
  at: instant,
  wasPrice: price,
  currency,
  wishedAt: maybe(instant),
  boughtAt: maybe(instant),
  toldAt: maybe(instant),
  good: maybe(good),
});
const least = fc.record({ share: fc.double({ min: 0, max: 1, noNaN: true }), amount: fc.nat(500) });
const rules: fc.Arbitrary<NewsRules> = fc.record({
  now: fc.integer({ min: 1_000, max: 2_000 }),
  freshMs: fc.nat(2_000),
  againAfterMs: fc.nat(2_000),
  least,
});
const many = fc.uniqueArray(news, { selector: ({ product, cause }) => `${product} ${cause}` });
const runs = { numRuns: 2_000 };

describe('what a message tells', () => {
  test('J15 only what is wished for, in stock, not bought since and, if it is a price, lower by enough; each product once', () => {
    fc.assert(
      fc.property(many, rules, (all, by) => {
        const { returned, cheaper } = tellable(all, by);
        const told = [...returned, ...cheaper];
        expect(new Set(told.map(({ product }) => product)).size).toBe(told.length);
        for (const { cause, good, wasPrice, wishedAt, boughtAt, at, ...one } of told) {
          expect(good).not.toBeNull();
          expect(wishedAt).not.toBeNull();
          expect(by.now - at).toBeLessThanOrEqual(by.freshMs);
          if (boughtAt !== null) expect(boughtAt).toBeLessThan(wishedAt ?? 0);
          if (cause === 'stock') continue;
          expect(good?.currency).toBe(one.currency);
          expect(good?.price).toBeLessThan(wasPrice);
          expect(wasPrice - (good?.price ?? 0)).toBeGreaterThanOrEqual(by.least.amount);
        }
      }),
      runs,
    );
  });

  test('J15 nothing that can be told is left out, but for a price of what is told to be back', () => {
    fc.assert(
      fc.property(many, rules, (all, by) => {
        const { returned, cheaper } = tellable(all, by);
        const told = new Set([...returned, ...cheaper].map(({ product }) => product));
        for (const one of all) if (isOpen(one, by) && isTrue(one, by)) expect(told).toContain(one.product);
      }),
      runs,
    );
  });

  test('J15 once told it is not told again: until who waits asks again, or the price falls after a while', () => {
    fc.assert(
      fc.property(many, rules, fc.nat(3_000), (all, by, later) => {
        const { returned, cheaper } = tellable(all, by);
        const after = all.map((one) => ([...returned, ...cheaper].includes(one) ? { ...one, toldAt: by.now } : one));
        const then = { ...by, now: by.now + later };
        const again = tellable(after, then);
        for (const one of [...again.returned, ...again.cheaper]) expect(one.toldAt).not.toBe(by.now);
        for (const one of cheaper) {
          const fallen = { ...one, at: then.now, toldAt: by.now };
          expect(tellable([fallen], then).cheaper).toHaveLength(later > 0 && later >= by.againAfterMs ? 1 : 0);
        }
        for (const one of returned) {
          const back = { ...one, at: then.now, toldAt: by.now };
          expect(tellable([back], then).returned).toEqual([]);
          const asked = { ...back, wishedAt: by.now + 1 };
          expect(tellable([asked], then).returned).toHaveLength(later > 0 ? 1 : 0);
        }
      }),
      runs,
    );
  });

  test('J15 the order in which news are read changes nothing', () => {
    fc.assert(
      fc.property(many, rules, (all, by) => {
        expect(tellable(all.toReversed(), by)).toEqual(tellable(all, by));
      }),
      runs,
    );
  });
});

test('J15 a drop is one by both the share and the amount; none is no drop', () => {
  expect(hasDropped(1_000, 950, { share: 0.05, amount: 0 })).toBe(true);
  expect(hasDropped(1_000, 951, { share: 0.05, amount: 0 })).toBe(false);
  expect(hasDropped(1_000, 900, { share: 0.05, amount: 200 })).toBe(false);
  expect(hasDropped(1_000, 1_000, { share: 0, amount: 0 })).toBe(false);
  fc.assert(
    fc.property(price, price, least, (was, is, by) => {
      if (hasDropped(was, is, by) && is > 0) expect(hasDropped(was, is - 1, by)).toBe(true);
    }),
  );
});
