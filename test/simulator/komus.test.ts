import { expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import { afterUnsubscribing, closerThan, column, liveYear, messagesOf } from './retailer-year.ts';

/** Komus' year: companies and people in five regions, who seldom come, fill carts more than real ones do, and buy again what runs out. */
const habits = { visitsAWeek: 0.3, cartVisits: 0.4, favouriteVisits: 0.2, known: 0.4 };
const rates = { ...habits, unsubscribes: 0.01, bounces: 0.005 };
const journeys = ['welcome', 'abandonment', 'at-risk', 'win-back', 'replenishment'] as const;

test('a year of Komus: one marketing message a week at most, every journey and branch, every promise kept', {
  timeout: 900_000,
}, async () => {
  const year = await liveYear({ preset: 'komus', customers: 36, seed: 4, rates });
  const { db, got, settings, lost } = year;
  expect(closerThan(durationMs('P7D'), year)).toEqual([]);
  expect(lost.some(({ did }) => did === 'unsubscribed')).toBe(true);
  expect(afterUnsubscribing(year)).toEqual([]);

  const sent = new Set(got.map(({ message }) => message));
  expect([...sent].sort()).toEqual(expect.arrayContaining(messagesOf(settings, journeys)));
  // J8: what a company left in its cart goes to the company's address.
  const corporate = got.filter(({ message }) => message === 'abandonment/company-cart');
  expect(corporate.every(({ person }) => person.kind === 'b2b')).toBe(true);
  // P3: everybody's way down the stages, people's and companies' apart.
  const stages = await column(db, 'select distinct profile || to_stage as one from stage_transitions');
  expect(stages.length).toBeGreaterThan(8);
});
