import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mind } from '#activities/lifecycle/mind.ts';
import type { Facts } from '#db/facts.ts';
import type { Purchase } from '#db/purchases.ts';
import { durationMs } from '#domain/duration.ts';
import type { Plan } from '#domain/policy.ts';
import { settings } from '#workflows/lifecycle/settings.ts';
import { factsWith, situationOf } from './situations.ts';

// Lifecycle's mind alone: which message is due when (J11).

const ordered = Date.parse('2026-05-04T09:00:00Z');
const [hour, day] = [durationMs('PT1H'), durationMs('P1D')];
const defaults = settings.parse({ enabled: true });

function factsOf(purchase: Partial<Purchase> = {}, more: Partial<Facts> = {}): Facts {
  const placed: Purchase = { state: 'placed', placedAt: ordered, deliveredAt: null, isFollowed: false, ...purchase };
  return { ...factsWith(defaults), ...more, purchase: placed } as Facts;
}
const stepOf = (facts: Facts, now: number, progress: unknown = null) =>
  mind.step(situationOf(facts, ordered, now, progress));

test('whatever is put off, by however much, each message goes once, in its order and not before its time; then the year ends', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 60 }), { maxLength: 12 }),
      fc.integer({ min: 0, max: 30 }),
      (delays, delivered) => {
        const facts = factsOf({ deliveredAt: ordered + delivered * day });
        let [progress, now]: [unknown, number] = [null, ordered];
        const told: string[] = [];
        for (let turns = 0; turns < 40; turns += 1) {
          const step = stepOf(facts, now, progress);
          if (step.do === 'nothing') break;
          progress = step.progress;
          if (step.do === 'wait') {
            expect(step.until).toBeGreaterThan(now);
            now = step.until + (delays[turns] ?? 0) * day;
            continue;
          }
          const { at, from } = defaults.steps.find(({ message }) => message === step.message) ?? expect.unreachable();
          const since = from === 'delivery' ? ordered + delivered * day : ordered;
          expect(now).toBeGreaterThanOrEqual(since + durationMs(at));
          expect(step.firstDue).toBe(since + durationMs(at));
          told.push(step.message);
          progress = mind.done(progress, now);
        }
        expect(told).toEqual(defaults.steps.map(({ message }) => message));
        expect(stepOf(facts, now, progress)).toEqual({ do: 'nothing', why: 'completed' });
        expect(now).toBeGreaterThanOrEqual(ordered + durationMs(defaults.over));
      },
    ),
  );
});

const plan = (journey: string, due: number): Plan => ({
  runId: 'other',
  journey,
  class: 'lifecycle',
  channel: 'email',
  due: new Date(due),
  until: new Date(due + day),
  obeys: true,
  counts: true,
  sale: false,
});
const news = ordered + 180 * day;
const progress = { done: ['cross-sell', 'review-request', 'top-up'], due: null };

test.each([
  ['about to speak', 'replenishment', news + 5 * hour, { do: 'wait', until: news + 5 * hour + day }],
  ['late', 'replenishment', news - 5 * hour, { do: 'wait', until: news + day }],
  ['to speak in a week', 'replenishment', news + 7 * day, { do: 'send', block: 'news' }],
  ['another journey', 'win-back', news + 5 * hour, { do: 'send', block: 'news' }],
])('replenishment goes first, and this a day after it: %s', (_what, journey, due, expected) => {
  const facts = factsOf({}, { ledger: { history: [], plans: [plan(journey, due)], excludesBulk: false } });
  expect(stepOf(facts, news, progress)).toMatchObject(expected);
});

test.each([
  [{}, null],
  [{ state: 'cancelled' }, 'order_cancelled'],
  [{ state: 'refunded' }, 'order_returned'],
  [{ isFollowed: true }, 'newer_order'],
] as const)('an order is followed while it stands and is the newest: %o', (purchase, reason) => {
  expect(mind.refuses?.(factsOf(purchase))).toBe(reason);
});
