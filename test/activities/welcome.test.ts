import fc from 'fast-check';
import { expect, test } from 'vitest';
import { mind } from '#activities/welcome/mind.ts';
import type { Facts } from '#db/facts.ts';
import { durationMs } from '#domain/duration.ts';
import { contract, type MessageName, sameAnswer, selling } from '#workflows/welcome/contract.ts';
import { settings } from '#workflows/welcome/settings.ts';
import { factsWith, situationOf } from './situations.ts';

// Welcome's mind alone, whatever becomes of a newcomer on the way.

const trigger = Date.parse('2026-05-04T09:00:00Z');
const day = durationMs('P1D');
const questionOf = (message: string) => sameAnswer[message as MessageName] ?? message;

/** What may happen before the next message: it is sent or skipped, they turn out to be something else, order, take an order back,
 *  or somebody is joined to them who was told something. */
const happening = fc.oneof(
  fc.constant({ what: 'goes on' as const }),
  fc.record({ what: fc.constant('is' as const), kind: fc.constantFrom('b2c' as const, 'b2b' as const) }),
  fc.record({ what: fc.constant('bought' as const), has: fc.boolean() }),
  fc.record({
    what: fc.constant('joined' as const),
    told: fc.constantFrom(...(Object.keys(contract.messages) as MessageName[])),
  }),
);

test('no question is answered twice, none comes sooner than a day after another, nothing is sold to who has bought, and it ends', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 30 }), fc.constantFrom('teach', 'end'), (happenings, afterOrder) => {
      let facts: Facts = { ...factsWith(settings.parse({ afterOrder })), hasBought: false };
      let [progress, now]: [unknown, number] = [null, trigger];
      const told: { message: string; at: number }[] = [];
      const heard = (message: string) => told.push({ message, at: now });
      for (const step of [...happenings, ...Array.from({ length: 13 }, () => ({ what: 'goes on' as const }))]) {
        if (step.what === 'is') facts = { ...facts, customer: { ...facts.customer, kind: step.kind } };
        if (step.what === 'bought') facts = { ...facts, hasBought: step.has, ordered: step.has };
        if (step.what === 'joined' && !told.some(({ message }) => questionOf(message) === questionOf(step.told))) {
          heard(step.told);
          facts = { ...facts, spoken: [...facts.spoken, { branch: step.told, at: now, goods: [], runId: 'other' }] };
        }
        const first = mind.step(situationOf(facts, trigger, now, progress));
        if (first.do === 'nothing') continue;
        if (first.do === 'wait') {
          now = first.until;
          progress = first.progress;
        }
        const due = mind.step(situationOf(facts, trigger, now, progress));
        if (due.do !== 'send') expect.unreachable('what is due is sent');
        expect(now).toBeGreaterThanOrEqual((told.at(-1)?.at ?? trigger - day) + day);
        expect(told.map(({ message }) => questionOf(message))).not.toContain(questionOf(due.message));
        expect(due.block).toBe(due.message);
        if (facts.hasBought) expect(selling).not.toContain(due.message);
        if (facts.hasBought) expect(afterOrder).toBe('teach');
        expect(due.message.startsWith('company-')).toBe(facts.customer.kind === 'b2b');
        heard(due.message);
        progress = mind.done(due.progress, now);
      }
      expect(mind.step(situationOf(facts, trigger, now, progress))).toMatchObject({ do: 'nothing' });
    }),
    { numRuns: 500 },
  );
});

test('an order turns a run that waits with something to sell, not one that waits with something to teach', () => {
  const waitsIn = (block: string, progress: unknown) => {
    const facts = { ...factsWith({}), hasBought: true, ordered: true };
    return mind.afterOrder?.(
      situationOf({ ...facts, run: { id: 'r', block } as Facts['run'] }, trigger, trigger, progress),
    );
  };
  expect(waitsIn('first-order', { done: ['how-it-works'], at: trigger })).toBe('turns');
  expect(waitsIn('originals', { done: ['how-it-works', 'first-order'], at: trigger })).toBe('goes_on');
  const all = ['how-it-works', 'first-order', 'originals', 'try-on', 'novelties'];
  expect(waitsIn('how-to-order', { done: all, at: trigger })).toBe('ends');
});

test('a branch without messages, or a journey that is switched off, is entered by nobody', () => {
  const company = (value: unknown): Facts => {
    const facts = factsWith(value);
    return { ...facts, customer: { ...facts.customer, kind: 'b2b' } };
  };
  expect(mind.isEnabled(company({}))).toBe(true);
  expect(mind.isEnabled(company({ branches: { b2b: [] } }))).toBe(false);
  expect(mind.isEnabled(factsWith({ branches: { b2b: [] } }))).toBe(true);
  expect(mind.isEnabled(factsWith({ enabled: false }))).toBe(false);
});
