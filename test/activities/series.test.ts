import fc from 'fast-check';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { nothing } from '#activities/content.ts';
import type { Candidate } from '#activities/mind.ts';
import { seriesMind } from '#activities/series.ts';
import { durationMs } from '#domain/duration.ts';
import type { Contract, MessageFlags } from '#domain/journey.ts';
import { entering, series } from '#workflows/settings-schemas.ts';
import { factsWith, situationOf } from './situations.ts';

const flags: MessageFlags = { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: true };

const contract = {
  name: 'welcome',
  title: 'Welcome',
  class: 'lifecycle',
  topic: 'advice',
  key: 'none',
  startsOn: ['Signed Up'],
  goalOn: ['Order Completed'],
  reentry: { overlap: 'none', once: true },
  blocks: {
    'day-1': { kind: 'message', title: 'First', next: ['day-2', 'end'] },
    'day-2': { kind: 'message', title: 'Second', next: ['day-3', 'end'] },
    'day-3': { kind: 'message', title: 'Third', next: ['end'] },
    end: { kind: 'end', title: 'End', next: [] },
  },
  messages: { hello: flags, queue: flags, novelties: flags },
} as const satisfies Contract;

const settings = z.strictObject({
  ...entering,
  series: series(contract, [
    { message: 'hello', after: 'PT1H' },
    { message: 'queue', after: 'P1D', validFor: 'PT6H' },
  ]),
});

const compose = async () => nothing;
const mind = seriesMind({ contract, settings, compose: { hello: compose, queue: compose, novelties: compose } });

const trigger = Date.parse('2026-05-04T09:00:00Z');
const hour = durationMs('PT1H');

/** What is due at `now`, in a run whose last step was done at `at`. */
const ask = (now: number, progress: unknown = null, value: unknown = {}) =>
  mind.step(situationOf(factsWith(value), trigger, now, progress));

test('the first message counts from the trigger, however late the run was entered', () => {
  expect(mind.first(situationOf(factsWith({}), trigger, trigger + hour / 2))).toMatchObject({
    block: 'day-1',
    until: trigger + hour,
  });
  expect(ask(trigger)).toMatchObject({ do: 'wait', block: 'day-1', until: trigger + hour });
  expect(ask(trigger + hour)).toMatchObject({ do: 'send', block: 'day-1', message: 'hello', firstDue: trigger + hour });
});

test('each other one counts from when the step before it was done, whatever became of it', () => {
  const at = trigger + 5 * hour;
  const progress = mind.done(null, at);
  expect(ask(at, progress)).toMatchObject({ do: 'wait', block: 'day-2', until: at + 24 * hour });
  expect(ask(at + 30 * hour, progress)).toMatchObject({
    do: 'send',
    block: 'day-2',
    message: 'queue',
    firstDue: at + 24 * hour,
    validForMs: 6 * hour,
  });
});

test('after the last message nothing is left', () => {
  expect(ask(trigger, mind.done(mind.done(null, trigger), trigger))).toEqual({ do: 'nothing', why: 'completed' });
});

test('nobody enters a series that is switched off or has no messages', () => {
  expect(mind.isEnabled(factsWith({}))).toBe(true);
  expect(mind.isEnabled(factsWith({ enabled: false }))).toBe(false);
  expect(mind.isEnabled(factsWith({ series: [] }))).toBe(false);
  expect(mind.entryValidForMs(factsWith({ entryValidFor: 'PT2H' }))).toBe(2 * hour);
});

test.each([
  ['a message twice', ['hello', 'queue', 'hello'], ['series', 2, 'message'], 'hello is in the series already'],
  ['a message of another journey', ['view'], ['series', 0, 'message'], 'Invalid option'],
  ['more messages than blocks', ['hello', 'queue', 'novelties', 'hello'], ['series'], 'Too big'],
])('settings with %s are refused, and say where', (_, messages, path, message) => {
  const result = settings.safeParse({ series: messages.map((name) => ({ message: name, after: 'P1D' })) });
  expect(result.error?.issues).toContainEqual(
    expect.objectContaining({ path, message: expect.stringContaining(message) }),
  );
});

test('defaults are checked like what people save', () => {
  const wrong = z.strictObject({ series: series(contract, [{ message: 'hello', after: 'tomorrow' }]) });
  expect(wrong.safeParse({}).error?.issues).toMatchObject([{ path: ['series', 0, 'after'] }]);
});

test('a contract without a message block is no series', () => {
  const silent = { ...contract, blocks: { end: contract.blocks.end } };
  expect(() =>
    seriesMind({ contract: silent, settings, compose: { hello: compose, queue: compose, novelties: compose } }),
  ).toThrow('journey welcome has no message block');
});

const anySeries = fc
  .shuffledSubarray(['hello', 'queue', 'novelties'])
  .chain((messages) =>
    fc.tuple(
      ...messages.map((message) =>
        fc.record({ message: fc.constant(message), after: fc.nat(100_000).map((s) => `PT${s}S`) }),
      ),
    ),
  );

/** A run as the worker lives it: it wakes early or late, is deferred, and each message takes its time. */
function live(value: { series: { message: string; after: string }[] }, delays: readonly number[]) {
  const facts = factsWith(value);
  const sent: (Candidate & { since: number; at: number })[] = [];
  let [now, since]: [number, number] = [trigger, trigger];
  let progress: unknown = null;
  for (const delay of delays) {
    now += delay;
    const step = mind.step(situationOf(facts, trigger, now, progress));
    if (step.do === 'nothing') break;
    progress = step.progress;
    // Every third time it wakes for something else, or is deferred.
    if (step.do === 'wait') now = delay % 3 === 0 ? now : step.until;
    else if (delay % 3 !== 0) {
      sent.push({ ...step, since, at: now });
      progress = mind.done(step.progress, now);
      since = now;
    }
  }
  return sent;
}

test('every message goes once at most, in order, and none before the one before it plus its time', () => {
  const delays = fc.array(fc.nat(200_000_000), { maxLength: 30 });
  fc.assert(
    fc.property(anySeries, delays, (steps, late) => {
      const sent = live({ series: steps }, late);
      expect(sent.map(({ message }) => message)).toEqual(steps.slice(0, sent.length).map(({ message }) => message));
      expect(sent.map(({ block }) => block)).toEqual(['day-1', 'day-2', 'day-3'].slice(0, sent.length));
      for (const [index, { firstDue, since, at }] of sent.entries()) {
        expect(firstDue).toBe(since + durationMs(steps[index]?.after ?? ''));
        expect(at).toBeGreaterThanOrEqual(firstDue);
      }
    }),
    { numRuns: 500 },
  );
});

test('a run that is asked whenever it is due sends the whole series', () => {
  fc.assert(
    fc.property(anySeries, (steps) => {
      // Each message wants to be waited for and then sent.
      const asked = live({ series: steps }, Array(2 * steps.length + 1).fill(1));
      expect(asked).toHaveLength(steps.length);
    }),
  );
});
