import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type DecideInput, decide } from '#domain/decide.ts';
import type { ChannelName, ContactClass, MessageFlags } from '#domain/journey.ts';
import { type Candidate, type Contact, judge, type PolicyRule, type PolicySettings } from '#domain/policy.ts';
import { afterQuietHours } from '#domain/quiet-hours.ts';
import { defaultShop } from '#domain/shop.ts';
import { days, hours, later, minutes, moment } from './wall.ts';

/** 12:00 in Moscow. */
const noon = new Date('2026-05-04T09:00:00Z');
const evening = later(noon, hours(10));
const morning = later(noon, hours(21));
const marketing: MessageFlags = { kind: 'marketing', obeys: true, counts: true, sale: false, quietHours: true };
const service: MessageFlags = { kind: 'service', obeys: false, counts: false, sale: false, quietHours: false };
const onceA = (window: string, clock: 'rolling' | 'calendar' = 'rolling'): PolicySettings => ({
  rules: [{ name: 'cap', channels: [], classes: [], max: 1, window, clock, unit: 'message' }],
});
const contact = (at: Date): Contact => ({
  key: `other at ${at.getTime()}`,
  at,
  class: 'abandonment',
  channels: ['email'],
  runId: 'other',
  sale: false,
});
const ledger = (...history: Contact[]) => ({ history, plans: [], excludesBulk: false });
const candidate = (due: Date, over: Partial<Candidate> = {}): Candidate => ({
  key: 'this',
  class: 'abandonment',
  channels: ['email'],
  runId: 'run',
  sale: false,
  due,
  ...over,
});

const input = (over: Partial<DecideInput> = {}): DecideInput => ({
  now: noon,
  candidate: candidate(over.now ?? noon),
  validForMs: days(1),
  flags: marketing,
  zone: 'Europe/Moscow',
  shop: defaultShop,
  policy: onceA('P7D'),
  ledger: ledger(),
  bestTime: null,
  goal: false,
  exit: null,
  untrue: null,
  unreachable: null,
  ...over,
});

test('what nothing speaks against is sent', () => {
  expect(decide(input())).toEqual({ decision: 'send', reason: 'ok' });
});

describe('the first objection is the answer, in this order', () => {
  const objections: [Partial<DecideInput>, unknown][] = [
    [{ exit: 'erased' }, { decision: 'stop', reason: 'exited:erased' }],
    [{ goal: true }, { decision: 'stop', reason: 'goal' }],
    [{ untrue: 'no_goods' }, { decision: 'skip', reason: 'no_goods' }],
    [{ unreachable: 'unsubscribed' }, { decision: 'suppress', reason: 'unreachable:unsubscribed' }],
    [
      { ledger: ledger(contact(later(evening, -hours(1)))), policy: onceA('PT2H') },
      { decision: 'defer', reason: 'policy:cap', until: morning },
    ],
    [
      { now: evening, candidate: candidate(evening) },
      { decision: 'defer', reason: 'quiet_hours', until: morning },
    ],
  ];

  test.each(objections.map(([, expected], index) => [expected, index] as const))('%j', (expected, index) => {
    const all = objections.slice(index).map(([over]) => over);
    expect(decide(input(Object.assign({}, ...all)))).toEqual(expected);
  });
});

describe('contact policy', () => {
  const full = { ledger: ledger(contact(later(noon, -hours(1)))), policy: onceA('P1D') };

  test('defers until a slot is free', () => {
    const until = later(noon, hours(23));
    expect(decide(input(full))).toEqual({ decision: 'defer', reason: 'policy:cap', until });
  });

  test('is not asked for what does not obey it', () => {
    expect(decide(input({ ...full, flags: service, candidate: candidate(noon, { class: 'service' }) }))).toEqual({
      decision: 'send',
      reason: 'ok',
    });
  });

  test('is not asked again by a message that holds its slot already', () => {
    const own = { ...contact(later(noon, -hours(1))), key: 'this' };
    expect(decide(input({ ...full, ledger: ledger(own) }))).toEqual({ decision: 'send', reason: 'ok' });
  });

  test('a slot that gets free at midnight is of use in the morning: one deferral, not two', () => {
    const today = { ledger: ledger(contact(noon)), policy: onceA('P1D', 'calendar'), validForMs: days(1) };
    expect(decide(input(today))).toEqual({ decision: 'defer', reason: 'policy:cap', until: morning });
  });
});

describe('quiet hours', () => {
  test('hold what must not disturb till the morning, at no cost to what may', () => {
    expect(decide(input({ now: evening }))).toEqual({ decision: 'defer', reason: 'quiet_hours', until: morning });
    expect(decide(input({ now: evening, flags: service }))).toEqual({ decision: 'send', reason: 'ok' });
  });

  test('hold a service message that keeps them, and one that holds its slot', () => {
    const offer = { ...service, quietHours: true };
    expect(decide(input({ now: evening, flags: offer }))).toMatchObject({ decision: 'defer', until: morning });
    expect(decide(input({ now: evening, ledger: ledger({ ...contact(noon), key: 'this' }) }))).toMatchObject({
      decision: 'defer',
      until: morning,
    });
  });

  test('are those of the zone that counts for the customer', () => {
    expect(decide(input({ now: evening, zone: 'America/New_York' }))).toEqual({ decision: 'send', reason: 'ok' });
  });

  test('hold in the hour that the clock shows twice, also the second time', () => {
    const shop = { ...defaultShop, quietHours: { from: '21:00', to: '02:30' } };
    const again = input({ now: new Date('2026-10-25T01:10Z'), zone: 'Europe/Berlin', shop });
    const until = new Date('2026-10-25T01:30Z');
    expect(decide(again)).toEqual({ decision: 'defer', reason: 'quiet_hours', until });
  });
});

describe('validFor, counted from when the message was first due', () => {
  test('a deferral beyond it drops the message at once, with the reason', () => {
    const policy = { ledger: ledger(contact(noon)), policy: onceA('P7D') };
    expect(decide(input(policy))).toEqual({ decision: 'drop', reason: 'expired:policy:cap' });
    const night = { now: evening, validForMs: hours(10) };
    expect(decide(input(night))).toEqual({ decision: 'drop', reason: 'expired:quiet_hours' });
  });

  test('a deferral to its very end is kept', () => {
    const exact = { now: evening, validForMs: hours(11) };
    expect(decide(input(exact))).toMatchObject({ decision: 'defer', until: morning });
    expect(decide(input({ ...exact, validForMs: hours(11) - 1 }))).toMatchObject({ decision: 'drop' });
  });

  test('earlier deferrals are on the same account', () => {
    const again = { ledger: ledger(contact(later(noon, -hours(4)))), policy: onceA('PT8H') };
    expect(decide(input({ ...again, candidate: candidate(later(noon, -hours(20))) }))).toMatchObject({
      decision: 'defer',
    });
    expect(decide(input({ ...again, candidate: candidate(later(noon, -hours(21))) }))).toMatchObject({
      decision: 'drop',
    });
  });

  test('a message that is too late is not sent, though nothing else speaks against it', () => {
    const late = candidate(later(noon, -days(1)));
    expect(decide(input({ candidate: late }))).toMatchObject({ decision: 'send' });
    // A run that was held to the last moment wakes a little later.
    expect(decide(input({ now: later(noon, hours(1)), candidate: late }))).toMatchObject({ decision: 'send' });
    expect(decide(input({ now: later(noon, hours(1) + 1), candidate: late }))).toEqual({
      decision: 'drop',
      reason: 'expired:late',
    });
  });

  test('max 0 ends in a drop', () => {
    const never = { rules: onceA('P2D').rules.map((rule) => ({ ...rule, max: 0 })) };
    expect(decide(input({ policy: never }))).toEqual({ decision: 'drop', reason: 'expired:policy:cap' });
  });
});

test('whatever the clock: no deferral beyond validFor, none into quiet hours, none that is followed by another', () => {
  const rule: fc.Arbitrary<PolicyRule> = fc.record({
    name: fc.constantFrom('a', 'b'),
    channels: fc.subarray<ChannelName>(['email']),
    classes: fc.subarray<ContactClass>(['abandonment', 'bulk']),
    max: fc.integer({ min: 1, max: 3 }),
    window: fc.constantFrom('P1D', 'P2D'),
    clock: fc.constantFrom('rolling' as const, 'calendar' as const),
    unit: fc.constant('message' as const),
  });
  const ages = fc.array(fc.nat(3 * 1440), { maxLength: 6 });
  const valid = fc.nat(4 * 24);
  fc.assert(
    fc.property(moment, fc.array(rule, { maxLength: 2 }), ages, valid, ({ zone, instant }, rules, old, validFor) => {
      const history = old.map((age) => contact(later(instant, -minutes(age))));
      const asked = input({
        now: instant,
        zone,
        policy: { rules },
        ledger: ledger(...history),
        validForMs: hours(validFor),
      });
      const decision = decide(asked);
      if (decision.decision !== 'defer') return;
      const { until } = decision;
      expect(until.getTime()).toBeGreaterThan(instant.getTime());
      expect(until.getTime()).toBeLessThanOrEqual(instant.getTime() + hours(validFor));
      expect(afterQuietHours(until, zone, defaultShop.quietHours)).toEqual(until);
      expect(judge(asked.ledger, { rules }, asked.candidate, until, zone)).toEqual({ allowed: true });
      expect(decide({ ...asked, now: until })).toEqual({ decision: 'send', reason: 'ok' });
    }),
    { numRuns: 300 },
  );
});
