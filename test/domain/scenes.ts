import fc from 'fast-check';
import { settingsOf } from '#activities/abandonment/settings.ts';
import { emailOnly } from '#domain/cascade.ts';
import {
  type Branch,
  branches,
  type Good,
  type IntentSettings,
  type Situation,
  startOfRun,
  type Touch,
  type Trail,
} from '#domain/intent.ts';
import { days, hours } from './wall.ts';

export const now = Date.parse('2026-05-04T09:00:00Z');

/** The journey's settings as they are prepared for deciding; without a value the defaults. */
export const prepared = (value: unknown = {}) =>
  settingsOf({ profile: 'personal', settings: { journey: { version: 1, value }, shop: null, policy: null } });

export const good = (id: string, price = 1000): Good => ({
  id,
  name: id,
  url: `https://shop.example/${id}`,
  imageUrl: null,
  category: null,
  price,
  oldPrice: null,
  currency: 'RUB',
});

export const touch = (product: string, at = now - hours(1), over: Partial<Touch> = {}): Touch => ({
  product,
  at,
  quantity: 1,
  boughtAt: null,
  good: good(product),
  ...over,
});

export const trail = (over: Partial<Trail> = {}): Trail => ({
  cart: [],
  favourites: [],
  views: [],
  categories: [],
  lastVisitAt: null,
  lastActivityAt: now - hours(1),
  ...over,
});

export const situation = <Message extends string>(
  over: Partial<Situation<Message>> & { settings: IntentSettings<Message> },
): Situation<Message> => ({
  trail: trail(),
  progress: startOfRun,
  spoken: {},
  since: now - days(1),
  now,
  waitEnd: (from, ms) => from + ms,
  ...over,
});

/** What became of the thing that a branch would speak of. */
type State = 'none' | 'true' | 'gone' | 'bought';

/** A customer's trail, told by what is true of it. */
export interface Scene {
  goods: Record<'cart' | 'favourites' | 'expensive-view' | 'view', State>;
  category: boolean;
  visited: boolean;
  /** Minutes since the last activity. */
  quietFor: number;
}

const state = fc.constantFrom<State>('none', 'none', 'true', 'gone', 'bought');

export const anyScene: fc.Arbitrary<Scene> = fc.record({
  goods: fc.record({ cart: state, favourites: state, 'expensive-view': state, view: state }),
  category: fc.boolean(),
  visited: fc.boolean(),
  quietFor: fc.integer({ min: 0, max: 90 }),
});

export const expensive = 50_000;

export function trailOf({ goods, category, visited, quietFor }: Scene, at: number): Trail {
  const last = at - quietFor * 60_000;
  const touches = (name: keyof Scene['goods'], price = 1000): Touch[] =>
    goods[name] === 'none'
      ? []
      : [
          touch(name, last, {
            good: goods[name] === 'gone' ? null : good(name, price),
            boughtAt: goods[name] === 'bought' ? last : null,
          }),
        ];
  return {
    cart: touches('cart'),
    favourites: touches('favourites'),
    views: [...touches('expensive-view', expensive), ...touches('view')],
    categories: category ? [{ ref: 'shoes', at: last }] : [],
    lastVisitAt: visited ? last : null,
    lastActivityAt: last,
  };
}

/** Branches that the scene makes true, strongest first (J3, J6, J7). Dear goods are viewed ones like all others where
 *  their own branch has nothing to say. */
export function truths({ goods, category, visited }: Scene, settings: IntentSettings<string>): Branch[] {
  const dearAreOrdinary = settings.branches['expensive-view'].steps.length === 0;
  const openedNothing = !category && Object.values(goods).every((one) => one === 'none');
  return branches.filter((branch) => {
    if (branch === 'visit') return visited && openedNothing;
    if (branch === 'view' && dearAreOrdinary && goods['expensive-view'] === 'true') return true;
    return branch === 'category' ? category : goods[branch] === 'true';
  });
}

const ms = fc.integer({ min: 0, max: days(3) });
const branch = fc.record({
  idleMs: fc.integer({ min: 0, max: hours(2) }),
  steps: fc.array(
    fc.record({ message: fc.constant('message'), afterMs: ms, validForMs: ms, cascade: fc.constant(emailOnly) }),
    { maxLength: 4 },
  ),
});

export const anySettings: fc.Arbitrary<IntentSettings<string>> = fc.record({
  lookbackMs: fc.constant(days(365)),
  sessionMs: fc.constant(hours(2)),
  repeatAfterMs: fc.constant(days(7)),
  expensiveFrom: fc.constant(expensive),
  branches: fc.record({
    cart: branch,
    favourites: branch,
    'expensive-view': branch,
    view: branch,
    category: branch,
    visit: branch,
  }),
});
