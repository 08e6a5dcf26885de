import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ContactClass, contactClasses } from '#domain/journey.ts';
import { type Candidate, type Contact, judge, type Ledger, type Plan, type PolicySettings } from '#domain/policy.ts';
import { presets } from '#presets/presets.ts';
import { days, hours, later, moment } from './wall.ts';

/** Monday noon in Moscow. */
const start = new Date('2026-05-04T09:00:00Z');
const zone = 'Europe/Moscow';
const oneAWeek: PolicySettings = {
  rules: [{ name: 'cap', channels: [], classes: [], max: 1, window: 'P7D', clock: 'rolling', unit: 'message' }],
};
let made = 0;
const candidate = (over: Partial<Candidate> = {}): Candidate => ({
  key: `contact ${++made}`,
  class: 'abandonment',
  channels: ['email'],
  runId: 'this',
  sale: false,
  due: start,
  ...over,
});
const sent = (at: Date, over: Partial<Contact> = {}): Contact => ({
  ...candidate({ runId: `run ${made}` }),
  ...over,
  at,
});
const planned = (due: Date, over: Partial<Plan> = {}): Plan => ({
  runId: 'other',
  journey: 'lifecycle',
  class: 'lifecycle',
  channel: 'email',
  due,
  until: later(due, days(1)),
  obeys: true,
  counts: true,
  sale: false,
  ...over,
});
const ledger = (plans: Plan[], history: Contact[] = []): Ledger => ({ history, plans, excludesBulk: false });
const ask = (of: Ledger, who = candidate(), policy = oneAWeek, now = start) => judge(of, policy, who, now, zone);

describe('a planned contact', () => {
  const soon = planned(later(start, days(3)));

  test('holds its slot against a lower class, which waits until the plan has had its week', () => {
    const until = later(start, days(10));
    expect(ask(ledger([soon]))).toEqual({
      allowed: false,
      rule: 'cap',
      until,
      planned: { runId: 'other', journey: 'lifecycle', due: soon.due },
    });
  });

  test('of a step that was sent already, and goes on by another channel, takes no second slot', () => {
    const here = sent(later(start, -hours(1)), { key: 'step' });
    const next = planned(later(start, hours(1)), { contact: 'step' });
    const two: PolicySettings = { rules: oneAWeek.rules.map((rule) => ({ ...rule, max: 2 })) };
    expect(ask(ledger([next], [here]), candidate(), two)).toEqual({ allowed: true });
    expect(ask(ledger([{ ...next, contact: 'another' }], [here]), candidate(), two)).toMatchObject({ allowed: false });
  });

  test('of a lower class holds nothing', () => {
    expect(ask(ledger([planned(later(start, days(3)), { class: 'bulk' })]))).toEqual({ allowed: true });
  });

  test('of the same class goes first if it is due earlier, then by the id of its run', () => {
    const same = (due: Date, runId: string) => planned(due, { class: 'abandonment', runId });
    expect(ask(ledger([same(later(start, 1), 'a')]))).toEqual({ allowed: true });
    expect(ask(ledger([same(later(start, -1), 'z')]))).toMatchObject({ allowed: false });
    expect(ask(ledger([same(start, 'a')]))).toMatchObject({ allowed: false });
    expect(ask(ledger([same(start, 'z')]))).toEqual({ allowed: true });
  });

  test('beyond the window, or too old to be sent, is in nobody’s way', () => {
    expect(ask(ledger([planned(later(start, days(7)))]))).toEqual({ allowed: true });
    expect(ask(ledger([planned(later(start, -days(2)))]))).toEqual({ allowed: true });
  });

  test('that will find no slot itself before it is too late is in nobody’s way', () => {
    // The week is taken until Thursday; the plan of Tuesday is dropped on Wednesday, and Thursday's candidate may go.
    const history = [sent(later(start, -days(4)))];
    const thursday = later(start, days(3));
    const tuesday = planned(later(start, days(1)));
    expect(ask(ledger([tuesday], history), candidate({ due: thursday }), oneAWeek, thursday)).toEqual({
      allowed: true,
    });
  });

  test('of the same run is no obstacle to it', () => {
    expect(ask(ledger([planned(later(start, days(3)), { runId: 'this' })]))).toEqual({ allowed: true });
  });
});

describe('sale at most 1 in 4', () => {
  const policy: PolicySettings = { rules: [], sale: { max: 1, of: 4 } };
  const series = (...sales: boolean[]) => sales.map((sale, index) => sent(later(start, -hours(100 - index)), { sale }));
  const sale = () => candidate({ sale: true });

  test('needs three other contacts in between', () => {
    expect(ask(ledger([], series(true, false, false)), sale(), policy)).toMatchObject({
      rule: 'sale-share',
      until: null,
    });
    expect(ask(ledger([], series(true, false, false, false)), sale(), policy)).toEqual({ allowed: true });
    expect(ask(ledger([], series(true, true)), candidate(), policy)).toEqual({ allowed: true });
  });

  test('waits for what is planned in between', () => {
    const due = later(start, days(2));
    const verdict = ask(ledger([planned(due)], series(true, false, false)), sale(), policy);
    expect(verdict).toMatchObject({ allowed: false, until: later(due, 1), planned: { journey: 'lifecycle' } });
  });

  test('is kept for a sale of higher rank', () => {
    const better = planned(later(start, days(2)), { sale: true });
    expect(ask(ledger([better]), sale(), policy)).toMatchObject({ allowed: false, rule: 'sale-share' });
  });
});

describe('bulk', () => {
  const komus = presets.komus?.policy ?? expect.unreachable();
  const bulk = () => candidate({ class: 'bulk' });

  test('of Komus goes to those only with no automated contact sent or planned that week', () => {
    expect(ask(ledger([]), bulk(), komus)).toEqual({ allowed: true });
    expect(ask(ledger([], [sent(later(start, -days(6)))]), bulk(), komus)).toMatchObject({
      until: later(start, days(1)),
    });
    expect(ask(ledger([planned(later(start, days(6)))]), bulk(), komus)).toMatchObject({ allowed: false });
    expect(ask(ledger([], [sent(later(start, -days(7)))]), bulk(), komus)).toEqual({ allowed: true });
  });

  test('is kept away by a run that excludes it, whatever the rules', () => {
    const welcome = { history: [], plans: [], excludesBulk: true };
    expect(ask(welcome, bulk(), { rules: [] })).toMatchObject({ rule: 'bulk-excluded', until: later(start, days(1)) });
    expect(ask(welcome, candidate(), { rules: [] })).toEqual({ allowed: true });
  });
});

const anyClass = fc.constantFrom(...contactClasses.filter((one) => one !== 'service'));
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
  sale: fc.constantFrom(null, { max: 1, of: 4 }, { max: 1, of: 2 }),
  bulkAlone: fc.constantFrom(null, 'P7D'),
});
const anyRun = fc.record({
  class: anyClass,
  sale: fc.boolean(),
  /** Hours from the start; a run's messages come one after another. */
  due: fc.nat(240),
  gaps: fc.array(fc.integer({ min: 1, max: 96 }), { maxLength: 3 }),
  validFor: fc.integer({ min: 1, max: 120 }),
});
type AnyRun = typeof anyRun extends fc.Arbitrary<infer Run> ? Run : never;

interface Went extends Contact {
  run: AnyRun;
}

/** Plays a customer's runs to their ends: each is asked when its message is due, put off until it may be sent, dropped when that
 *  would be too late. Returns what went. */
function play(runs: readonly AnyRun[], policy: PolicySettings, instant: Date, where: string): Went[] {
  const history: Went[] = [];
  const open = runs.map((run, index) => {
    const due = later(instant, hours(run.due));
    return { run, id: `run-${index}`, left: [...run.gaps], due, first: due, step: 0 };
  });
  const until = (one: (typeof open)[number]) => later(one.first, hours(one.run.validFor));
  const next = (one: (typeof open)[number], now: Date) => {
    const gap = one.left.shift();
    if (gap === undefined) open.splice(open.indexOf(one), 1);
    else Object.assign(one, { due: later(now, hours(gap)), first: later(now, hours(gap)), step: one.step + 1 });
  };
  for (let asked = 0; open.length > 0; asked++) {
    expect(asked).toBeLessThan(2_000);
    const one = open.toSorted((a, b) => a.due.getTime() - b.due.getTime())[0] ?? expect.unreachable();
    const now = one.due;
    const contact = {
      key: `${one.id}:${one.step}`,
      class: one.run.class,
      channels: ['email' as const],
      runId: one.id,
      sale: one.run.sale,
    };
    const plans = open
      .filter((other) => other !== one)
      .map((other) => ({
        ...planned(other.due),
        runId: other.id,
        class: other.run.class,
        sale: other.run.sale,
        until: until(other),
      }));
    const verdict = judge({ history, plans, excludesBulk: false }, policy, { ...contact, due: one.first }, now, where);
    if (verdict.allowed) {
      history.push({ ...contact, at: now, run: one.run });
      next(one, now);
    } else if (verdict.until !== null && verdict.until <= until(one)) {
      expect(verdict.until.getTime()).toBeGreaterThan(now.getTime());
      one.due = verdict.until;
    } else next(one, now);
  }
  return history;
}

describe('whatever runs a customer is in', () => {
  const scenes = fc.tuple(moment, anyPolicy, fc.array(anyRun, { minLength: 2, maxLength: 6 }));

  test('caps and the share of sales are kept, and bulk goes alone', () => {
    fc.assert(
      fc.property(scenes, ([{ zone: where, instant }, policy, runs]) => {
        const went = play(runs, policy, instant, where);
        went.forEach((one, index) => {
          const before = went.slice(0, index);
          const verdict = judge(ledger([], before), policy, { ...one, due: one.at }, one.at, where);
          expect(verdict).toEqual({ allowed: true });
        });
        const { sale } = policy;
        if (sale)
          for (const index of went.keys())
            expect(went.slice(index, index + sale.of).filter((one) => one.sale).length).toBeLessThanOrEqual(sale.max);
      }),
      { numRuns: 200 },
    );
  });

  /** What a class gets must not depend on what lower ones want: without them the same contacts go at the same times. */
  test('priorities are never inverted', () => {
    fc.assert(
      fc.property(scenes, anyClass, ([{ zone: where, instant }, policy, runs], rank) => {
        // A second message of a run is planned only once the first has gone, and nobody can hold a slot for it before.
        const single = runs.map((run) => ({ ...run, gaps: [] }));
        const isAbove = ({ class: of }: { class: ContactClass }) =>
          contactClasses.indexOf(of) <= contactClasses.indexOf(rank);
        const times = (went: Went[]) =>
          went.filter(isAbove).map(({ at, class: of, run }) => [at.getTime(), of, run.due, run.validFor]);
        // Other contacts in between make room for a sale: there lower ones are a help.
        const noSale = { ...policy, sale: null };
        const together = times(play(single, noSale, instant, where));
        const alone = times(play(single.filter(isAbove), noSale, instant, where));
        expect(together).toEqual(alone);
      }),
      { numRuns: 300 },
    );
  });
});

describe('whatever was sent and is planned', () => {
  const plan = fc.record({
    class: anyClass,
    sale: fc.boolean(),
    due: fc.nat(200),
    validFor: fc.integer({ min: 1, max: 120 }),
  });
  const state = fc.record({
    history: fc.array(fc.record({ class: anyClass, sale: fc.boolean(), age: fc.integer({ min: 1, max: 240 }) }), {
      maxLength: 6,
    }),
    plans: fc.array(plan, { minLength: 1, maxLength: 4 }),
    who: fc.record({ class: anyClass, sale: fc.boolean() }),
  });

  test('who may go now makes no plan of higher rank go later, or not at all', () => {
    fc.assert(
      fc.property(moment, anyPolicy, state, ({ zone: where, instant }, policy, { history: old, plans: ahead, who }) => {
        const history = old.map(({ age, ...of }, index) =>
          sent(later(instant, -hours(age)), { ...of, runId: `old-${index}` }),
        );
        const plans = ahead.map(({ due, validFor, ...of }, index) => {
          const at = later(instant, hours(due));
          return planned(at, { ...of, runId: `plan-${index}`, until: later(at, hours(validFor)) });
        });
        const asked = candidate({ ...who, due: instant });
        if (!judge(ledger(plans, history), policy, asked, instant, where).allowed) return;
        const went = sent(instant, { ...asked });
        const rank = (of: { class: ContactClass }) => contactClasses.indexOf(of.class);
        for (const one of plans.filter((other) => rank(other) < rank(asked))) {
          // With nothing above it in the way, and when it is due.
          const slot = (before: Contact[]) => {
            const as = candidate({ ...one, key: one.runId, channels: ['email'] });
            const verdict = judge(ledger([], before), policy, as, one.due, where);
            return verdict.allowed ? one.due.getTime() : (verdict.until?.getTime() ?? Number.POSITIVE_INFINITY);
          };
          const isStillInTime = slot(history) <= one.until.getTime();
          const isOnlyOne = plans.every((other) => other === one || rank(other) > rank(asked));
          if (isStillInTime && isOnlyOne) expect(slot([...history, went])).toBeLessThanOrEqual(slot(history));
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('presets', () => {
  const policyOf = (name: string) => presets[name]?.policy ?? expect.unreachable();

  /** How many of so many messages, one every `gap`, go in the first seven days. */
  function inAWeek(policy: PolicySettings, gap: number, many: number): number {
    const history: Contact[] = [];
    for (let index = 0; index < many; index++) {
      const now = later(start, gap * index);
      const who = candidate({ runId: `run ${index}`, due: now });
      if (now.getTime() - start.getTime() < days(7) && judge(ledger([], history), policy, who, now, zone).allowed)
        history.push({ ...who, at: now });
    }
    return history.length;
  }

  test.each([
    ['komus', 1],
    ['second-friend-store', 10],
    ['default', 10],
    ['dnk', 4],
    ['electronics', 4],
    ['mi-shop', 8],
  ])('%s sends at most %i in seven days, however many want to go', (name, most) => {
    expect(inAWeek(policyOf(name), hours(1), 200)).toBe(most);
  });
});
