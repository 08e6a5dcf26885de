import fc from 'fast-check';
import { expect, test } from 'vitest';
import { complaintThresholds, type EmailCounts, emailHealth, rateNames, sumOf } from '#domain/email-health.ts';

/** Letters, each with one fate, as the counts that they make. */
const counts = fc
  .record({ delivered: fc.nat(5000), hardBounced: fc.nat(50), softBounced: fc.nat(50) })
  .chain(({ delivered, hardBounced, softBounced }) => {
    const some = fc.nat(delivered);
    return fc
      .record({
        confirmed: some,
        clicked: some,
        unsubscribed: some,
        complained: some,
        opened: fc.tuple(some, some, some),
      })
      .map(({ opened, ...rest }): EmailCounts => {
        const [human, unknown, machine] = opened.toSorted((a, b) => a - b) as [number, number, number];
        const sent = delivered + hardBounced + softBounced;
        const opens = { openedByHuman: human, openedByUnknown: unknown - human, openedByMachine: machine - unknown };
        return { sent, delivered, hardBounced, softBounced, ...rest, ...opens };
      });
  });

test('V3 rates are shares of what they say, and those of one whole add up', () => {
  fc.assert(
    fc.property(counts, (given) => {
      const { rates } = emailHealth(given);
      for (const name of rateNames) expect(rates[name] ?? 0).toSatisfy((rate: number) => rate >= 0 && rate <= 1);
      if (given.sent === 0) return expect(rates.delivered).toBeNull();
      const { delivered, hardBounced, softBounced, opened, openedByAny } = rates;
      expect((delivered ?? 0) + (hardBounced ?? 0) + (softBounced ?? 0)).toBeCloseTo(1, 5);
      expect(openedByAny ?? 0).toBeGreaterThanOrEqual(opened ?? 0);
    }),
  );
});

test('V3 a small sample is never judged; a large one is by its complaints alone', () => {
  fc.assert(
    fc.property(counts, (given) => {
      const { isSmall, warning } = emailHealth(given);
      expect(isSmall).toBe(given.delivered < 1000);
      const rate = given.complained / given.delivered;
      const { target, limit } = complaintThresholds;
      if (isSmall || rate < target - 1e-6) expect(warning).toBeNull();
      else if (rate >= limit) expect(warning).toBe('complaints_at_limit');
      else if (rate >= target && rate < limit - 1e-6) expect(warning).toBe('complaints_above_target');
    }),
  );
  const letters = { ...sumOf([]), sent: 1000, delivered: 1000 };
  expect(emailHealth({ ...letters, complained: 1 }).warning).toBe('complaints_above_target');
  expect(emailHealth({ ...letters, complained: 3 }).warning).toBe('complaints_at_limit');
  expect(emailHealth({ ...letters, complained: 0 }).warning).toBeNull();
});

test('V3 the sum of parts does not depend on how they are cut', () => {
  fc.assert(
    fc.property(fc.array(counts, { minLength: 2, maxLength: 6 }), fc.nat(6), (parts, cut) => {
      expect(sumOf([sumOf(parts.slice(0, cut)), sumOf(parts.slice(cut))])).toEqual(sumOf(parts));
    }),
  );
});
