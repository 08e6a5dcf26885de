import { expect, test } from 'vitest';
import { afterUnsubscribing, liveYear, messagesOf, type Year } from './retailer-year.ts';

/** DNK's year: some come, put things into carts, buy online and at counters, and buy again what has run out; others bought once, and are
 *  neither seen nor heard of again. */
const habits = { visitsAWeek: 0.25, cartVisits: 0.4, favouriteVisits: 0.2, rebuys: 0.3, known: 0.5, silent: 0.2 };
const rates = { ...habits, unsubscribes: 0.01, bounces: 0.005 };
const journeys = ['welcome', 'abandonment', 'lifecycle', 'replenishment'] as const;
/** Its customers are people, and no view is expensive there (J6 is mi-shop's). */
const neverThere = /company|view-expensive|view-alternatives/;

/** What silent customers are told in the year after their order (J11), with what replenishment says in its place. */
const ofTheYear = ['cross-sell', 'review-request', 'top-up', 'news', 'small-promo', 'bigger-promo'];

test('a year of DNK: every journey and channel, six contacts for who is silent, every promise kept', {
  timeout: 900_000,
}, async () => {
  const year = await liveYear({ preset: 'dnk', customers: 28, seed: 4, rates });
  const { got, settings, lost } = year;
  expect(lost.some(({ did }) => did === 'unsubscribed')).toBe(true);
  expect(afterUnsubscribing(year)).toEqual([]);

  const silent = silentOf(year);
  expect(silent.length).toBeGreaterThan(3);
  for (const { userId, told } of silent) expect(told, userId).toEqual(ofTheYear);

  const wanted = messagesOf(settings, journeys).filter((message) => !neverThere.test(message));
  const sent = new Set(got.map(({ message }) => message));
  expect([...sent].sort()).toEqual(expect.arrayContaining(wanted));
  // R3: the whole cascade.
  expect(new Set(got.map(({ channel }) => channel))).toEqual(new Set(['email', 'viber', 'sms']));
});

/** Who bought once and was never heard of again, while their letters arrived: the year's messages that they got, in their order. */
function silentOf({ people, got, lost }: Year) {
  const isLost = new Set(lost.map(({ person }) => person));
  const silent = people.filter((person) => person.isSilent && person.emails.personal !== null && !isLost.has(person));
  return silent.map((person) => {
    const messages = got.filter((one) => one.person === person).map(({ message }) => message);
    const told = messages.map((one) => (one === 'replenishment/running-out' ? 'lifecycle/top-up' : one));
    const contacts = [...new Set(told)].filter((one) => one.startsWith('lifecycle/'));
    return { userId: person.userId, told: contacts.map((one) => one.replace('lifecycle/', '')) };
  });
}
