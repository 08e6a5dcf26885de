import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Branch,
  branches,
  choose,
  inBranch,
  intents,
  type Progress,
  startOfRun,
  stepDone,
} from '#domain/intent.ts';
import { contract } from '#workflows/abandonment/contract.ts';
import { expensive, good, now, prepared, situation, touch, trail } from './scenes.ts';
import { walk } from './walk.ts';
import { days, hours, minutes } from './wall.ts';

const settings = prepared();
const withExpensive = prepared({ expensiveFrom: expensive });
const found = (over: Parameters<typeof trail>[0], with_ = settings) =>
  intents(situation({ settings: with_, trail: trail(over) })).map(({ branch, refs }) => [branch, ...refs].join(' '));
const ask = (over: Partial<Parameters<typeof situation>[0]>) => choose(situation({ settings, ...over }));
const after = (branch: Branch, steps: number, at = now): Progress => ({
  ...startOfRun,
  branch,
  step: steps,
  lastAt: at,
});

describe('what is an intent', () => {
  test('cart, favourites, product views, category views, and a visit with nothing opened', () => {
    const all = { cart: [touch('c')], favourites: [touch('f')], views: [touch('v')] };
    const categories = [{ ref: 'shoes', at: now - hours(1) }];
    expect(found({ ...all, categories, lastVisitAt: now })).toEqual([
      'cart c',
      'favourites f',
      'view v',
      'category shoes',
    ]);
    expect(found({ lastVisitAt: now })).toEqual(['visit']);
    expect(found({})).toEqual([]);
  });

  test.each(['cart', 'favourites', 'views'] as const)('%s: what cannot be bought now is none', (kind) => {
    const gone = touch('gone', now, { good: null });
    expect(found({ [kind]: [gone] })).toEqual([]);
    expect(found({ [kind]: [gone, touch('there')] })).toEqual([expect.stringMatching(/^\S+ there$/)]);
  });

  test.each(['cart', 'favourites', 'views'] as const)(
    '%s: a purchase ends what was before it, not what came after',
    (kind) => {
      const at = now - hours(1);
      expect(found({ [kind]: [touch('p', at, { boughtAt: at + 1 })] })).toEqual([]);
      expect(found({ [kind]: [touch('p', at, { boughtAt: at })] })).toEqual([]);
      expect(found({ [kind]: [touch('p', at, { boughtAt: at - 1 })] })).toHaveLength(1);
    },
  );

  test('what was taken out of the cart is in it no more', () => {
    expect(found({ cart: [touch('c', now, { quantity: 0 })] })).toEqual([]);
  });

  test('views, categories and visits count from what led to the run; carts and favourites as far back as one looks', () => {
    const at = now - days(1) - 1;
    const seen = { views: [touch('v', at)], categories: [{ ref: 'shoes', at }], lastVisitAt: at };
    expect(found(seen)).toEqual([]);
    expect(found({ cart: [touch('c', now - days(30))], favourites: [touch('f', now - days(30))] })).toHaveLength(2);
    expect(found({ cart: [touch('c', now - days(30) - 1)], favourites: [touch('f', now - days(30) - 1)] })).toEqual([]);
  });

  test('J6: a viewed product from a price on takes its own branch, before the other views; null switches it off', () => {
    const views = [
      touch('cheap', now, { good: good('cheap', expensive - 1) }),
      touch('dear', now, { good: good('dear', expensive) }),
    ];
    expect(found({ views }, withExpensive)).toEqual(['expensive-view dear', 'view cheap']);
    expect(found({ views })).toEqual(['view cheap dear']);
    expect(found({ cart: [touch('dear', now, { good: good('dear', expensive) })] }, withExpensive)).toEqual([
      'cart dear',
    ]);
  });

  test.each(['cart', 'favourites', 'views', 'categories'] as const)(
    'J7: a visit with %s opened in it is none',
    (kind) => {
      const open = (at: number) =>
        found({ [kind]: [{ ...touch('x', at, { good: null }), ref: 'x' }], lastVisitAt: now });
      expect(open(now)).not.toContain('visit');
      expect(open(now - hours(2))).not.toContain('visit');
      expect(open(now - hours(2) - 1), 'that was an earlier visit').toContain('visit');
    },
  );
});

describe('when', () => {
  test("Second Friend Store's cart: at once (30 minutes idle), then 3 hours, 1 day, 3 days", () => {
    const goods = { cart: 'true', favourites: 'none', 'expensive-view': 'none', view: 'none' } as const;
    const scene = { goods, category: false, visited: true, quietFor: 0 };
    const { sent, why } = walk(settings, [scene]);
    expect(sent.map(({ block, upcoming, at }) => [block, upcoming.message, at - now])).toEqual([
      ['cart-1', 'cart-reminder', minutes(30)],
      ['cart-2', 'cart-still-here', minutes(30) + hours(3)],
      ['cart-3', 'cart-questions', minutes(30) + hours(3) + days(1)],
      ['cart-4', 'cart-last-call', minutes(30) + hours(3) + days(4)],
    ]);
    expect(why).toBe('completed');
  });

  test('the first step waits for the idle time since the last activity or visit, whichever is later', () => {
    const cart = [touch('c')];
    expect(ask({ trail: trail({ cart, lastActivityAt: now }) })).toMatchObject({
      do: 'wait',
      block: 'cart-1',
      until: now + minutes(30),
    });
    expect(ask({ trail: trail({ cart, lastVisitAt: now - 1 }) })).toMatchObject({
      do: 'wait',
      until: now + minutes(30) - 1,
    });
    expect(ask({ trail: trail({ cart, lastActivityAt: now - minutes(30) }) })).toMatchObject({
      do: 'send',
      upcoming: { firstDue: now },
    });
  });

  test('the next counts from the acceptance or skip of the one before, and yet waits for who is browsing', () => {
    const progress = after('cart', 1, now - hours(3));
    const cart = [touch('c')];
    expect(ask({ progress, trail: trail({ cart }) })).toMatchObject({
      do: 'send',
      block: 'cart-2',
      upcoming: { firstDue: now },
    });
    expect(ask({ progress: { ...progress, lastAt: now }, trail: trail({ cart }) })).toMatchObject({
      do: 'wait',
      until: now + hours(3),
    });
    const browsing = trail({ cart, lastActivityAt: now - minutes(10) });
    expect(ask({ progress, trail: browsing })).toMatchObject({ do: 'wait', until: now + minutes(20) });
  });

  test('validFor counts from when the message was first due, however often it was put off', () => {
    const progress: Progress = { ...startOfRun, branch: 'cart', due: { block: 'cart-1', at: now - hours(5) } };
    const cart = trail({ cart: [touch('c')] });
    expect(ask({ progress, trail: cart })).toMatchObject({
      do: 'send',
      upcoming: { firstDue: now - hours(5), validForMs: days(1) },
    });
  });

  test('newer activity only moves the due time later', () => {
    const step = fc.integer({ min: 0, max: 3 });
    const ago = fc.integer({ min: 0, max: days(2) });
    fc.assert(
      fc.property(step, ago, ago, ago, fc.boolean(), (steps, spokeAgo, one, other, isVisit) => {
        const progress = steps === 0 ? startOfRun : after('cart', steps, now - spokeAgo);
        const due = (quiet: number) => {
          const active = isVisit ? { lastVisitAt: now - quiet, lastActivityAt: null } : { lastActivityAt: now - quiet };
          const choice = ask({ progress, trail: trail({ cart: [touch('c')], ...active }) });
          return choice.do === 'wait' ? choice.until : now;
        };
        expect(due(Math.min(one, other))).toBeGreaterThanOrEqual(due(Math.max(one, other)));
      }),
    );
  });
});

describe('which branch', () => {
  const favourites = [touch('f')];

  test('a stronger intent takes over at the next step, and from its first message', () => {
    const progress = { ...after('favourites', 1, now - days(1)), due: { block: 'favourites-2', at: now } };
    const two = prepared({
      branches: {
        favourites: {
          idle: 'PT30M',
          steps: [
            { message: 'favourites', after: 'PT0S' },
            { message: 'favourites-alternatives', after: 'P1D' },
          ],
        },
      },
    });
    const both = trail({ cart: [touch('c')], favourites });
    expect(ask({ settings: two, progress, trail: trail({ favourites }) })).toMatchObject({ block: 'favourites-2' });
    expect(ask({ settings: two, progress, trail: both })).toMatchObject({
      do: 'send',
      block: 'cart-1',
      upcoming: { firstDue: now },
    });
    const early = { ...progress, due: { block: 'favourites-2', at: now + hours(1) } };
    expect(ask({ settings: two, progress: early, trail: both })).toMatchObject({
      do: 'wait',
      block: 'cart-1',
      until: now + hours(1),
    });
  });

  test('when its goods are gone the run falls to the next intent, at the time of the step it waited for', () => {
    const progress = { ...after('cart', 2, now - days(1)), due: { block: 'cart-3', at: now } };
    const soldOut = trail({
      cart: [touch('c', now - days(2), { good: null })],
      favourites,
      lastActivityAt: now - days(2),
    });
    // Due now, not two days ago: its validFor of a day would be over before it was ever asked for.
    expect(ask({ progress, trail: soldOut })).toMatchObject({
      do: 'send',
      block: 'favourites-1',
      upcoming: { firstDue: now },
    });
    const putOff = { ...progress, due: { block: 'cart-3', at: now - days(2) } };
    expect(ask({ progress: putOff, trail: soldOut })).toMatchObject({
      block: 'favourites-1',
      upcoming: { firstDue: now },
    });
    expect(ask({ progress, trail: trail() })).toEqual({ do: 'nothing', why: 'nothing_left' });
  });

  test('a completed branch ends the run rather than fall to a weaker one, and gives way to a stronger', () => {
    const progress = after('favourites', 1);
    expect(ask({ progress, trail: trail({ favourites, views: [touch('v')] }) })).toEqual({
      do: 'nothing',
      why: 'completed',
    });
    expect(ask({ progress, trail: trail({ views: [touch('v')] }) })).toEqual({ do: 'nothing', why: 'completed' });
    expect(ask({ progress, trail: trail({ cart: [touch('c')], favourites }) })).toMatchObject({ block: 'cart-1' });
  });

  test('a run does not come back to a branch that it left', () => {
    const left = inBranch(after('favourites', 1), 'cart');
    expect(left).toMatchObject({ branch: 'cart', step: 0, closed: ['favourites'] });
    expect(ask({ progress: left, trail: trail({ favourites, views: [touch('v')] }) })).toMatchObject({
      block: 'view-1',
    });
    expect(ask({ progress: left, trail: trail({ favourites }) })).toEqual({ do: 'nothing', why: 'nothing_left' });
  });

  test('a branch without steps is passed over', () => {
    const off = prepared({ branches: { cart: { idle: 'PT30M', steps: [] } } });
    expect(ask({ settings: off, trail: trail({ cart: [touch('c')], favourites }) })).toMatchObject({
      block: 'favourites-1',
    });
  });

  test('a branch speaks again only if its goods changed and 7 days passed', () => {
    const cart = [touch('a'), touch('b')];
    const spoke = (ago: number, goods: string[]) =>
      ask({ spoken: { cart: { at: now - ago, goods } }, trail: trail({ cart, favourites }) });
    expect(spoke(days(7), ['a'])).toMatchObject({ block: 'cart-1' });
    expect(spoke(days(7) - 1, ['a'])).toMatchObject({ block: 'favourites-1' });
    expect(spoke(days(7), ['b', 'a'])).toMatchObject({ block: 'favourites-1' });
    expect(spoke(days(7), ['b', 'a', 'b']), 'named twice').toMatchObject({ block: 'favourites-1' });
    const visit = (ago: number) =>
      ask({ spoken: { visit: { at: now - ago, goods: [] } }, trail: trail({ lastVisitAt: now - hours(1) }) });
    expect([visit(days(7)).do, visit(days(7) - 1).do]).toEqual(['send', 'nothing']);
  });
});

test('a step that is done is remembered with its time', () => {
  const progress: Progress = { ...after('cart', 1), due: { block: 'cart-2', at: now } };
  expect(stepDone(progress, now + 5)).toEqual({ ...after('cart', 2, now + 5), due: null });
  expect(inBranch(progress, 'cart')).toEqual(progress);
});

test('every step that settings may have is a block of the contract, and the other way round', () => {
  const step = (branch: Branch) => ({ message: settings.raw.branches[branch].steps[0]?.message, after: 'PT1H' });
  const most = { cart: 4, favourites: 2, 'expensive-view': 2, view: 2, category: 1, visit: 1 };
  const full = (over: number) =>
    prepared({
      branches: Object.fromEntries(
        branches.map((name) => [name, { idle: 'PT1H', steps: Array(most[name] + over).fill(step(name)) }]),
      ),
    });
  const names = branches.flatMap((name) => full(0).branches[name].steps.map((_, index) => `${name}-${index + 1}`));
  const blocks = Object.entries(contract.blocks).filter(([, { kind }]) => kind === 'message');
  expect(names.toSorted()).toEqual(blocks.map(([name]) => name).toSorted());
  expect(() => full(1)).toThrow();
});
