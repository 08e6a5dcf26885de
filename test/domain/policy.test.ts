import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { durationMs } from '#domain/duration.ts';
import type { ChannelName, ContactClass } from '#domain/journey.ts';
import {
  type Candidate,
  type Contact,
  defaultPolicy,
  judge,
  type PolicyRule,
  type PolicySettings,
} from '#domain/policy.ts';
import { dayNumber, days, hours, later, minutes, moment, wall } from './wall.ts';

const moscow = 'Europe/Moscow';
const start = new Date('2026-05-04T09:00:00Z');
const rule = (over: Partial<PolicyRule> = {}): PolicyRule => ({
  name: 'rule',
  channels: [],
  classes: [],
  max: 1,
  window: 'P7D',
  clock: 'rolling',
  unit: 'message',
  ...over,
});
/** Every contact is another one, unless the test says otherwise. */
let made = 0;
const candidate = (over: Partial<Candidate> = {}): Candidate => ({
  key: `contact ${++made}`,
  class: 'abandonment',
  channels: ['email'],
  runId: 'run-1',
  sale: false,
  due: start,
  ...over,
});
const contact = (ms: number, over: Partial<Contact> = {}): Contact => ({
  ...candidate(),
  ...over,
  at: later(start, ms),
});
const only = (history: Contact[]) => ({ history, plans: [], excludesBulk: false });
const judged = (history: Contact[], policy: PolicySettings, who: Candidate, now: Date, zone: string) =>
  judge(only(history), policy, who, now, zone);
const ask = (history: Contact[], rules: PolicyRule[], ms: number, who = candidate()) =>
  judged(history, { rules }, who, later(start, ms), moscow);
const refused = (ms: number, name = 'rule') => ({ allowed: false, rule: name, until: later(start, ms), planned: null });

describe('rules', () => {
  test('a rolling window is left to the millisecond', () => {
    expect(ask([contact(0)], [rule()], days(7) - 1)).toEqual(refused(days(7)));
    expect(ask([contact(0)], [rule()], days(7))).toEqual({ allowed: true });
  });

  test('a calendar day ends at midnight on the clock of the customer', () => {
    const today = rule({ window: 'P1D', clock: 'calendar' });
    const midnight = new Date('2026-05-04T21:00:00Z');
    expect(ask([contact(0)], [today], hours(1))).toMatchObject({ allowed: false, until: midnight });
    expect(judged([contact(0)], { rules: [today] }, candidate(), midnight, moscow)).toEqual({ allowed: true });
  });

  test('whole days of the calendar count today in', () => {
    const until = new Date('2026-05-06T21:00:00Z');
    const three = rule({ window: 'P3D', clock: 'calendar' });
    expect(ask([contact(0)], [three], days(1))).toMatchObject({ allowed: false, until });
  });

  test('a day of 25 hours is one day', () => {
    const today = { rules: [rule({ window: 'P1D', clock: 'calendar' })] };
    const early = { ...contact(0), at: new Date('2026-10-24T22:10Z') };
    const late = judged([early], today, candidate(), new Date('2026-10-25T22:50Z'), 'Europe/Berlin');
    expect(late).toMatchObject({ allowed: false, until: new Date('2026-10-25T23:00Z') });
  });

  test('where the clock goes back over midnight, the old day is not over', () => {
    const zone = 'America/St_Johns';
    const twoADay = { rules: [rule({ max: 2, window: 'P1D', clock: 'calendar' })] };
    // The new day's first minute, then the old day's last hour once more.
    const history = ['2010-11-07T02:30:30Z', '2010-11-07T03:00Z'].map((at) => ({ ...contact(0), at: new Date(at) }));
    const ask = (at: string) => judged(history, twoADay, candidate(), new Date(at), zone);
    expect(ask('2010-11-07T03:10Z')).toMatchObject({ allowed: false, until: new Date('2010-11-07T03:30Z') });
    expect(ask('2010-11-07T03:30Z')).toEqual({ allowed: true });
  });

  test('all rules must agree, and the last to give way is named', () => {
    const rules = [rule({ name: 'a-day', window: 'P1D' }), rule({ name: 'two-a-week', max: 2 })];
    expect(ask([contact(0)], rules, hours(1))).toEqual(refused(days(1), 'a-day'));
    expect(ask([contact(0), contact(days(1))], rules, days(1) + 1)).toEqual(refused(days(7), 'two-a-week'));
    expect(ask([contact(0), contact(days(6.5))], rules, days(6.6))).toEqual(refused(days(7.5), 'a-day'));
  });

  test('a rule is about its classes and channels only, and only their contacts count', () => {
    const bulk = rule({ classes: ['bulk'] });
    expect(ask([contact(0, { class: 'bulk' })], [bulk], 1)).toEqual({ allowed: true });
    expect(ask([contact(0)], [bulk], 1, candidate({ class: 'bulk' }))).toEqual({ allowed: true });
    expect(ask([contact(0, { class: 'bulk' })], [bulk], 1, candidate({ class: 'bulk' }))).toEqual(refused(days(7)));
    expect(ask([contact(0)], [rule({ channels: ['email'] })], 1)).toEqual(refused(days(7)));
  });

  test('max 0 forbids for as long as one looks ahead', () => {
    expect(ask([], [rule({ max: 0 })], 0)).toEqual(refused(days(7)));
    expect(ask([contact(0)], [rule({ max: 0, unit: 'run' })], 5)).toEqual(refused(days(7) + 5));
    expect(ask([], [rule({ max: 0, classes: ['bulk'] })], 0)).toEqual({ allowed: true });
  });

  test('no rules, no limits; the default is three a local day and ten in seven days', () => {
    expect(ask([contact(0), contact(0), contact(0)], [], 0)).toEqual({ allowed: true });
    const two = [contact(0), contact(1)];
    expect(ask(two, defaultPolicy.rules, 2)).toEqual({ allowed: true });
    expect(ask([...two, contact(2)], defaultPolicy.rules, 3)).toMatchObject({ rule: 'three-a-day' });
    const ten = Array.from({ length: 10 }, (_, index) => contact(hours(12) * index));
    expect(ask(ten, defaultPolicy.rules, days(6))).toEqual(refused(days(7), 'ten-a-week'));
  });
});

describe('unit run', () => {
  const perRun = rule({ unit: 'run' });
  const other = candidate({ runId: 'run-2' });

  test('the first message takes the slot, the others of the run within the window are free', () => {
    expect(ask([contact(0)], [perRun], days(6))).toEqual({ allowed: true });
    expect(ask([contact(0)], [perRun], days(6), other)).toEqual(refused(days(7)));
  });

  test('a free message takes no slot: the window counts from the first', () => {
    const chain = [contact(0), contact(days(6))];
    expect(ask(chain, [perRun], days(6) + 1, other)).toEqual(refused(days(7)));
    expect(ask(chain, [perRun], days(7), other)).toEqual({ allowed: true });
  });

  test('after the window the run takes a slot again', () => {
    const chain = [contact(0), contact(days(6)), contact(days(7))];
    expect(ask(chain, [perRun], days(13), other)).toEqual(refused(days(14)));
    const overtaken = [contact(0), contact(days(7), { runId: 'run-2' })];
    expect(ask(overtaken, [perRun], days(8))).toEqual(refused(days(14)));
  });

  test('messages without a run take a slot each', () => {
    const single = candidate({ runId: null });
    const twice = rule({ unit: 'run', max: 2 });
    expect(ask([contact(0, { runId: null })], [twice], 1, single)).toEqual({ allowed: true });
    const two = [contact(0, { runId: null }), contact(1, { runId: null })];
    expect(ask(two, [twice], 2, single)).toEqual(refused(days(7)));
  });

  test('a slot that is held now may have lapsed when another rule gives way', () => {
    const rules = [rule({ name: 'pause', window: 'P5D', classes: ['abandonment'] }), perRun];
    // The second run went without asking, as a message may that counts but does not obey.
    const history = [contact(0), contact(days(6), { runId: 'run-2' }), contact(days(6.5))];
    expect(ask(history, rules, days(6.6))).toEqual(refused(days(13), 'rule'));
  });
});

const anyRule = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  channels: fc.subarray<ChannelName>(['email']),
  classes: fc.subarray<ContactClass>(['abandonment', 'bulk']),
  max: fc.integer({ min: 1, max: 4 }),
  window: fc.constantFrom('PT6H', 'P1D', 'P2D', 'P3DT12H'),
  clock: fc.constantFrom('rolling' as const, 'calendar' as const),
  unit: fc.constantFrom('message' as const, 'run' as const),
});
const anyRules = fc
  .array(anyRule, { minLength: 1, maxLength: 3 })
  // A calendar counts whole days.
  .map((rules) => rules.map((one) => (one.clock === 'calendar' ? { ...one, window: `P${(one.max % 3) + 1}D` } : one)));
const anyCandidate = fc.record({
  class: fc.constantFrom('abandonment' as const, 'bulk' as const, 'lifecycle' as const),
  key: fc.uuid(),
  channels: fc.constant(['email' as const]),
  sale: fc.constant(false),
  due: fc.constant(start),
  runId: fc.constantFrom('run-1', 'run-2', 'run-3', null),
});
const attempts = fc.array(fc.record({ gap: fc.oneof(fc.nat(20), fc.nat(1440)), who: anyCandidate }), {
  minLength: 10,
  maxLength: 60,
});

/** Asks for each attempt in turn; returns what was allowed. */
function play(rules: PolicyRule[], instant: Date, zone: string, tries: { gap: number; who: Candidate }[]) {
  const history: Contact[] = [];
  let now = instant;
  for (const [index, { gap, who: one }] of tries.entries()) {
    const who = { ...one, key: `try ${index}` };
    now = later(now, minutes(gap));
    if (judged(history, { rules }, who, now, zone).allowed) history.push({ ...who, at: now });
  }
  return { history, now };
}

/** The most that one window holds: of any span of that length, or of any so many dates of the calendar. */
function fullest(taken: Contact[], one: PolicyRule, zone: string): number {
  const span = one.clock === 'rolling' ? durationMs(one.window) : durationMs(one.window) / days(1);
  const places = taken.map(({ at }) => (one.clock === 'rolling' ? at.getTime() : dayNumber(wall(at, zone).date)));
  return Math.max(0, ...places.map((end) => places.filter((place) => place > end - span && place <= end).length));
}

const isAbout = (one: PolicyRule) => (it: Contact) => one.classes.length === 0 || one.classes.includes(it.class);

describe('whatever is asked, in whatever zone', () => {
  test('no window ever holds more than the cap', () => {
    fc.assert(
      fc.property(moment, anyRules, attempts, ({ zone, instant }, rules, tries) => {
        const { history } = play(rules, instant, zone, tries);
        for (const one of rules.filter(({ unit }) => unit === 'message'))
          expect(fullest(history.filter(isAbout(one)), one, zone)).toBeLessThanOrEqual(one.max);
      }),
      { numRuns: 100 },
    );
  });

  test('no moment ever has more runs in their window than the cap', () => {
    fc.assert(
      fc.property(moment, anyRules, attempts, ({ zone, instant }, rules, tries) => {
        const { history } = play(rules, instant, zone, tries);
        for (const one of rules.filter(({ unit, clock }) => unit === 'run' && clock === 'rolling')) {
          const openings = history.filter(isAbout(one)).filter(opensWindow(durationMs(one.window)));
          expect(fullest(openings, one, zone)).toBeLessThanOrEqual(one.max);
        }
      }),
      { numRuns: 100 },
    );
  });

  test('a refusal stands at every moment until its end, and not a millisecond longer', () => {
    fc.assert(
      fc.property(moment, anyRules, attempts, anyCandidate, ({ zone, instant }, rules, tries, who) => {
        const { history, now } = play(rules, instant, zone, tries);
        const verdict = judged(history, { rules }, who, now, zone);
        if (verdict.allowed) return;
        const until = verdict.until ?? expect.unreachable();
        const at = (moment: Date) => judged(history, { rules }, who, moment, zone).allowed;
        expect(at(until)).toBe(true);
        expect(at(later(until, -1))).toBe(false);
        const step = Math.max(1, Math.floor((until.getTime() - now.getTime()) / 20));
        for (let t = now.getTime(); t < until.getTime(); t += step) expect(at(new Date(t))).toBe(false);
      }),
      { numRuns: 100 },
    );
  });
});

/** A run's first contact opens its window; the next that is not inside opens another. */
function opensWindow(window: number): (contact: Contact) => boolean {
  const open = new Map<string, number>();
  return ({ at, runId }) => {
    if (runId === null) return true;
    const opened = open.get(runId);
    if (opened !== undefined && at.getTime() < opened + window) return false;
    open.set(runId, at.getTime());
    return true;
  };
}
