import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  codeAlphabet,
  codeKey,
  codeOf,
  expiryOf,
  type PromoRule,
  type PromoSize,
  type PromoSubject,
  reminderObjection,
  sizeFor,
} from '#domain/promo.ts';

const region = fc.constantFrom('msk', 'spb', 'nsk');
const subject: fc.Arbitrary<PromoSubject> = fc.record({
  kind: fc.constantFrom('b2b', 'b2c'),
  region: fc.option(region),
  locale: fc.option(fc.constantFrom('en', 'ru')),
  orders: fc.nat({ max: 5 }),
  spent: fc.nat({ max: 1000 }),
  segments: fc.subarray(['VIP', 'Far away']),
});
const rule: fc.Arbitrary<PromoRule> = fc.oneof(
  fc.record({ field: fc.constant('kind' as const), is: fc.subarray(['b2b', 'b2c'], { minLength: 1 }) }),
  fc.record({
    field: fc.constant('segment' as const),
    is: fc.subarray(['VIP', 'Far away', 'Nobody'], { minLength: 1 }),
  }),
  fc.record({ field: fc.constant('region' as const), is: fc.array(region, { minLength: 1, maxLength: 3 }) }),
  fc.record(
    { field: fc.constantFrom('orders' as const, 'spent' as const), from: fc.nat({ max: 6 }), to: fc.nat({ max: 900 }) },
    { requiredKeys: ['field'] },
  ),
);
const size: fc.Arbitrary<PromoSize> = fc.record({
  name: fc.string(),
  when: fc.array(rule, { maxLength: 3 }),
  percent: fc.integer({ min: 1, max: 100 }),
});

/** What a rule says, told another way. */
function fits(one: PromoRule, who: PromoSubject): boolean {
  if ('is' in one) {
    const { is, field } = one;
    return field === 'segment'
      ? !who.segments.every((name) => !is.includes(name))
      : is.some((value) => value === who[field]);
  }
  const value = who[one.field];
  return !(one.from !== undefined && value < one.from) && !(one.to !== undefined && value > one.to);
}

test('a customer gets the first size of which every rule holds, whoever it is for after it', () => {
  fc.assert(
    fc.property(fc.array(size, { maxLength: 5 }), subject, (sizes, who) => {
      const found = sizeFor(sizes, who);
      const before = sizes.slice(0, found === null ? sizes.length : sizes.indexOf(found));
      expect(found?.when.every((one) => fits(one, who)) ?? true).toBe(true);
      for (const { when } of before) expect(when.every((one) => fits(one, who))).toBe(false);
    }),
  );
});

test('a size without rules is for everybody', () => {
  fc.assert(
    fc.property(fc.array(size, { maxLength: 3 }), subject, (sizes, who) => {
      const all: PromoSize = { name: 'all', when: [], percent: 5 };
      expect(sizeFor([...sizes, all], who)).not.toBeNull();
    }),
  );
});

const instant = fc.integer({ min: Date.UTC(2020, 0), max: Date.UTC(2040, 0) });

test('a code ends at the instant of its pool, or so long after its issue and not before', () => {
  fc.assert(
    fc.property(
      instant,
      instant,
      fc.nat({ max: 400 }),
      fc.integer({ min: 1, max: 86_399 }),
      (at, issued, days, seconds) => {
        expect(expiryOf({ at: new Date(at).toISOString() }, issued)).toBe(at);
        const ends = expiryOf({ after: `P${days}DT${seconds}S` }, issued);
        expect(ends - issued).toBe((days * 86_400 + seconds) * 1000);
      },
    ),
  );
});

test('nobody is reminded of a code that there is not, that has ended or that was used', () => {
  const given = (expires: number, redeemed: boolean) => ({ code: 'A', worth: { percent: 5 }, expires, redeemed });
  expect(reminderObjection(undefined, 0)).toBe('no_promo_given');
  fc.assert(
    fc.property(instant, instant, fc.boolean(), (now, expires, redeemed) => {
      const objection = reminderObjection(given(expires, redeemed), now);
      expect(objection === null).toBe(!redeemed && expires > now);
    }),
  );
});

test('a code has a character of the alphabet for each place of its pattern, each as likely, and keeps the rest', () => {
  const counts = new Map<string, number>();
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 64, maxLength: 64 }), (bytes) => {
      const code = codeOf('SALE-????.??', bytes);
      if (code === null) return;
      expect(code).toMatch(new RegExp(`^SALE-[${codeAlphabet}]{4}\\.[${codeAlphabet}]{2}$`));
    }),
  );
  // Every byte once: as many of each character as whole rounds of the alphabet go into 256.
  const every =
    codeOf(
      '?'.repeat(248),
      Uint8Array.from({ length: 256 }, (_, index) => index),
    ) ?? '';
  for (const one of every) counts.set(one, (counts.get(one) ?? 0) + 1);
  expect([...counts.values()].every((count) => count === 8)).toBe(true);
  expect(counts.size).toBe(codeAlphabet.length);
  expect(codeOf('??', Uint8Array.from([255, 254, 1]))).toBeNull();
});

test('nothing in the alphabet is taken for something else, and a code is known however it is typed', () => {
  for (const like of '01OI') expect(codeAlphabet).not.toContain(like);
  expect(codeKey('  hello-7k2q ')).toBe('HELLO-7K2Q');
  fc.assert(fc.property(fc.string(), (code) => codeKey(codeKey(code)) === codeKey(code)));
});
