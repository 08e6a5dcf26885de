import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { forecast, ruleStates } from '#domain/forecast.ts';
import { quietEnd } from '#domain/forecast-quiet.ts';
import { type ContactClass, contactClasses } from '#domain/journey.ts';
import { type Contact, candidateOf, judge, type Ledger, type Plan, type PolicySettings } from '#domain/policy.ts';
import { afterQuietHours } from '#domain/quiet-hours.ts';
import { days, hours, later, moment } from './wall.ts';

/** Monday noon in Moscow. */
const start = new Date('2026-05-04T09:00:00Z');
const zone = 'Europe/Moscow';
const cap = (max: number, window = 'P1D', clock: 'rolling' | 'calendar' = 'calendar'): PolicySettings => ({
  rules: [{ name: 'cap', channels: [], classes: [], max, window, clock, unit: 'message' }],
});
const plan = (runId: string, rank: ContactClass, due: Date, over: Partial<Plan> = {}): Plan => ({
  runId,
  journey: `${runId}-journey`,
  class: rank,
  channel: 'email',
  due,
  until: later(due, days(3)),
  obeys: true,
  counts: true,
  sale: false,
  ...over,
});
const sent = (at: Date, over: Partial<Contact> = {}): Contact => ({
  key: `sent ${at.getTime()}`,
  at,
  class: 'lifecycle',
  channels: ['email'],
  runId: 'past',
  sale: false,
  ...over,
});
const ledger = (plans: Plan[], history: Contact[] = []): Ledger => ({ history, plans, excludesBulk: false });
const any = (_: Plan, at: Date) => at;
const quiet = (_: Plan, at: Date) => afterQuietHours(at, zone, { from: '21:00', to: '09:00' });
const ask = (of: Ledger, policy = cap(1), audible = any) =>
  Object.fromEntries(forecast(of, policy, start, zone, audible).map(({ plan: { runId }, ...rest }) => [runId, rest]));

describe('a forecast', () => {
  test('gives each plan its slot by rank, and says who stands in whose way', () => {
    const found = ask(
      ledger([plan('cart', 'abandonment', later(start, hours(1))), plan('hello', 'lifecycle', later(start, hours(5)))]),
    );
    expect(found).toMatchObject({
      hello: { at: later(start, hours(5)), reason: null, blockedBy: [] },
      cart: {
        at: new Date('2026-05-04T21:00:00Z'),
        reason: 'planned:cap',
        blockedBy: [{ runId: 'hello', journey: 'hello-journey', rule: 'cap' }],
      },
    });
  });

  test('keeps quiet hours, and asks the policy again where they end', () => {
    const late = plan('late', 'abandonment', new Date('2026-05-04T19:00:00Z'));
    const morning = new Date('2026-05-05T06:00:00Z');
    expect(ask(ledger([late]), cap(1), quiet)).toMatchObject({ late: { at: morning, reason: 'quiet_hours' } });
    const early = plan('early', 'lifecycle', new Date('2026-05-05T05:00:00Z'));
    expect(ask(ledger([late, early]), cap(1), quiet)).toMatchObject({
      early: { at: morning, reason: 'quiet_hours' },
      late: { at: new Date('2026-05-06T06:00:00Z'), reason: 'planned:cap' },
    });
  });

  test('says what will be too late, what is forbidden, and what was due long ago', () => {
    const soon = { until: later(start, hours(2)) };
    const history = [sent(start)];
    expect(ask(ledger([plan('a', 'lifecycle', start, soon)], history))).toMatchObject({
      a: { at: null, reason: 'expired:policy:cap' },
    });
    expect(ask(ledger([plan('a', 'lifecycle', start)]), cap(0))).toMatchObject({
      a: { at: null, reason: 'policy:cap' },
    });
    const past = plan('a', 'lifecycle', later(start, -days(4)));
    expect(ask(ledger([past]))).toMatchObject({ a: { at: null, reason: 'expired:late' } });
    const overdue = plan('a', 'lifecycle', later(start, -hours(1)));
    expect(ask(ledger([overdue]))).toMatchObject({ a: { at: start, reason: null } });
  });

  test('takes no slot for what does not count, nor a second one for a cascade that goes on', () => {
    const service = plan('s', 'service', start, { obeys: false, counts: false });
    const cart = plan('cart', 'abandonment', later(start, hours(1)));
    expect(ask(ledger([service, cart]))).toMatchObject({ s: { at: start }, cart: { at: cart.due, reason: null } });
    const going = plan('going', 'lifecycle', later(start, hours(1)), { contact: 'step' });
    expect(ask(ledger([going], [sent(start, { key: 'step' })]))).toMatchObject({ going: { at: going.due } });
  });
});

test('ends of quiet hours are remembered as they are computed, whatever the zone and the hours', () => {
  const time = fc.constantFrom('00:00', '02:30', '08:45', '09:07', '21:00', '23:15');
  fc.assert(
    fc.property(moment, time, time, fc.nat(days(2)), ({ zone: where, instant }, from, to, off) => {
      const at = later(instant, off);
      fc.pre(at.getUTCFullYear() >= 2012);
      expect(quietEnd(at, where, { from, to })).toEqual(afterQuietHours(at, where, { from, to }));
    }),
    { numRuns: 2_000 },
  );
});

describe('whatever is planned', () => {
  const anyPolicy: fc.Arbitrary<PolicySettings> = fc.record({
    rules: fc.array(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c'),
        channels: fc.constant([]),
        classes: fc.subarray<ContactClass>(['abandonment', 'bulk', 'lifecycle']),
        max: fc.integer({ min: 1, max: 3 }),
        window: fc.constantFrom('P1D', 'P2D', 'P7D'),
        clock: fc.constantFrom('rolling' as const, 'calendar' as const),
        unit: fc.constantFrom('message' as const, 'run' as const),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    sale: fc.constant(null),
    bulkAlone: fc.constantFrom(null, 'P7D'),
  });
  const anyPlans = fc.uniqueArray(fc.constantFrom(...contactClasses.slice(1)), { minLength: 1 }).chain((classes) =>
    fc.tuple(
      ...classes.map((rank) =>
        fc.record({
          rank: fc.constant(rank),
          due: fc.integer({ min: 0, max: 200 }),
          validFor: fc.integer({ min: 0, max: 150 }),
        }),
      ),
    ),
  );
  const anyHistory = fc.array(
    fc.record({ class: fc.constantFrom(...contactClasses.slice(1)), age: fc.integer({ min: 1, max: 240 }) }),
    { maxLength: 5 },
  );

  /** Asks for each message when it is due, as a run does: put off until it may be sent, or dropped. When each went. */
  function play({ plans, history, excludesBulk }: Ledger, policy: PolicySettings, where: string) {
    const past = [...history];
    const open = [...plans];
    const went: Record<string, number | null> = {};
    while (open.length > 0) {
      open.sort((a, b) => a.due.getTime() - b.due.getTime());
      const one = open.shift() ?? expect.unreachable();
      const verdict = judge({ history: past, plans: open, excludesBulk }, policy, candidateOf(one), one.due, where);
      went[one.runId] = null;
      if (verdict.allowed) {
        past.push({ ...candidateOf(one), at: one.due });
        went[one.runId] = one.due.getTime();
      } else if (verdict.until !== null && verdict.until <= one.until) open.push({ ...one, due: verdict.until });
    }
    return went;
  }

  test('what is foreseen is what deciding does, should nothing else happen', () => {
    fc.assert(
      fc.property(moment, anyPolicy, anyPlans, anyHistory, ({ zone: where, instant }, policy, ahead, old) => {
        const history = old.map(({ age, ...of }, index) =>
          sent(later(instant, -hours(age)), { ...of, key: `${index}`, runId: `old-${index}` }),
        );
        const plans = ahead.map(({ rank, due, validFor }) => {
          const at = later(instant, hours(due));
          return plan(rank, rank, at, { until: later(at, hours(validFor)) });
        });
        const foreseen = forecast(ledger(plans, history), policy, instant, where, any);
        const times = Object.fromEntries(foreseen.map(({ plan: { runId }, at }) => [runId, at?.getTime() ?? null]));
        expect(times).toEqual(play(ledger(plans, history), policy, where));
      }),
      { numRuns: 300 },
    );
  });

  test('a rule is free when it says so, and not a moment before', () => {
    fc.assert(
      fc.property(moment, anyPolicy, anyHistory, ({ zone: where, instant }, { rules }, old) => {
        const history = old.map(({ age, ...of }, index) =>
          sent(later(instant, -hours(age)), { ...of, key: `${index}`, runId: `old-${index}` }),
        );
        for (const { rule, freeAt } of ruleStates(history, { rules }, instant, where)) {
          const rank = rule.classes[0] ?? 'bulk';
          const who = candidateOf(plan('new', rank, instant));
          const verdict = judge(ledger([], history), { rules: [rule] }, who, instant, where);
          expect(freeAt).toEqual(verdict.allowed ? instant : verdict.until);
        }
      }),
      { numRuns: 300 },
    );
  });
});
