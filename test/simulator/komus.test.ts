import { expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import { afterUnsubscribing, closerThan, column, type Got, liveYear, messagesOf } from './retailer-year.ts';

/** Komus' year: companies and people in five regions, who seldom come, fill carts more often than real ones do, and buy again what runs
 *  out; some buy once and are never heard of again. */
const habits = { visitsAWeek: 0.22, cartVisits: 0.45, favouriteVisits: 0.2, known: 0.35, silent: 0.1 };
const rates = { ...habits, unsubscribes: 0.01, bounces: 0.005 };
const journeys = ['welcome', 'abandonment', 'at-risk', 'win-back', 'replenishment'] as const;

test('a year of Komus: one marketing message a week at most, every journey and branch, every promise kept', {
  timeout: 900_000,
}, async () => {
  const year = await liveYear({ preset: 'komus', customers: 32, seed: 4, rates });
  const { db, got, settings, lost } = year;
  expect(closerThan(durationMs('P7D'), year)).toEqual([]);
  expect(lost.some(({ did }) => did === 'unsubscribed')).toBe(true);
  expect(afterUnsubscribing(year)).toEqual([]);

  const sent = new Set(got.map(({ message }) => message));
  expect([...sent].sort()).toEqual(expect.arrayContaining(messagesOf(settings, journeys)));
  // J8: what a company left in its cart goes to companies only.
  const carts = got.filter(({ message }) => message === 'abandonment/company-cart');
  expect(carts.every(({ person }) => person.kind === 'b2b')).toBe(true);
  // J12: the code is spoken of again two weeks after it was given. J13: once a quarter, people and companies apart.
  for (const days of daysBetween(got, 'at-risk/promo', 'at-risk/promo-ends')) expect(days).toBeGreaterThanOrEqual(14);
  const offers = got.filter(({ message }) => message.startsWith('win-back/'));
  const quarters = offers.map(({ person, message, at }) => [person.userId, message, Math.floor(at.getUTCMonth() / 3)]);
  expect(new Set(quarters.map(String)).size).toBe(offers.length);
  // P3: everybody's way down the stages, people's and companies' apart.
  const stages = await column(db, 'select distinct profile || to_stage as one from stage_transitions');
  expect(stages.length).toBeGreaterThan(8);
});

/** From each `second` back to the last `first` that its reader had got. */
function daysBetween(got: readonly Got[], first: string, second: string): number[] {
  return got.flatMap((one) => {
    if (one.message !== second) return [];
    const before = got.filter(({ message, person, at }) => message === first && person === one.person && at < one.at);
    return [(one.at.getTime() - (before.at(-1)?.at.getTime() ?? Number.NaN)) / durationMs('P1D')];
  });
}
