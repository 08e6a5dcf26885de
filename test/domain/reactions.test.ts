import fc from 'fast-check';
import { expect, test } from 'vitest';
import { averageChance, priorMessages, reactionChance } from '#domain/reactions.ts';

/** Of one customer or of all; with more of them one more would be lost in the rounding of numbers. */
const reactions = fc
  .record({ sent: fc.nat(10_000), share: fc.double({ min: 0, max: 1, noNaN: true }) })
  .map(({ sent, share }) => ({ sent, reacted: Math.round(sent * share) }));
const nothing = { sent: 0, reacted: 0 };
const average = { sent: 990, reacted: 199 };

test('nobody has reacted to anything yet: one in ten; a new customer reacts as all do', () => {
  expect(reactionChance(nothing, nothing)).toBeCloseTo(0.1, 12);
  expect(reactionChance(nothing, average)).toBeCloseTo(0.2, 12);
});

test('after as many messages of their own as the average weighs, both count the same', () => {
  expect(reactionChance({ sent: priorMessages, reacted: priorMessages }, average)).toBeCloseTo((1 + 0.2) / 2, 12);
  expect(reactionChance({ sent: priorMessages, reacted: 0 }, average)).toBeCloseTo(0.1, 12);
});

test('between their own rate and the average, never impossible, never sure', () => {
  fc.assert(
    fc.property(reactions, reactions, (own, all) => {
      const chance = reactionChance(own, all);
      const bounds = [averageChance(all), own.sent === 0 ? averageChance(all) : own.reacted / own.sent];
      expect(chance).toBeGreaterThan(0);
      expect(chance).toBeLessThan(1);
      expect(chance).toBeGreaterThanOrEqual(Math.min(...bounds) - 1e-12);
      expect(chance).toBeLessThanOrEqual(Math.max(...bounds) + 1e-12);
    }),
    { numRuns: 1000 },
  );
});

test('one more reaction makes it likelier, one more silence less likely', () => {
  fc.assert(
    fc.property(reactions, reactions, (own, all) => {
      const chance = reactionChance(own, all);
      expect(reactionChance({ sent: own.sent + 1, reacted: own.reacted + 1 }, all)).toBeGreaterThan(chance);
      expect(reactionChance({ sent: own.sent + 1, reacted: own.reacted }, all)).toBeLessThan(chance);
      expect(reactionChance(own, { sent: all.sent + 1, reacted: all.reacted + 1 })).toBeGreaterThan(chance);
    }),
    { numRuns: 1000 },
  );
});

test('more reactions than messages are no certainty', () => {
  expect(reactionChance({ sent: 1, reacted: 9 }, { sent: 1, reacted: 9 })).toBeLessThan(1);
});
