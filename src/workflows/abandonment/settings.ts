import { z } from 'zod';
import {
  duration,
  entering,
  ownCascade,
  ownPromo,
  promo,
  recommendation,
  validFor,
} from '#workflows/settings-schemas.ts';
import { contract, type MessageName } from './contract.ts';

const message = z.enum(Object.keys(contract.messages) as [MessageName, ...MessageName[]]);

const step = z.strictObject({
  message,
  after: duration.describe(
    'Since the previous step was accepted or skipped; ignored for the first, which counts from `idle`',
  ),
  validFor,
  cascade: ownCascade,
});

const branchShape = (most: number) =>
  z.strictObject({
    idle: duration.describe('Quiet time since the last activity before the first message'),
    steps: z.array(step).max(most),
  });

const branch = (most: number, defaults: { idle: string; steps: z.input<typeof step>[] }) =>
  branchShape(most).prefault(defaults);

/** A company's carts and views are its own (J8): what is left out is as for people. */
const companies = z
  .strictObject({
    enabled: z.boolean().optional(),
    cascade: ownCascade,
    promo: ownPromo,
    repeatAfter: duration.optional(),
    expensiveFrom: z.int().min(0).nullable().optional(),
    branches: z
      .strictObject({
        cart: branchShape(4).optional(),
        favourites: branchShape(2).optional(),
        'expensive-view': branchShape(2).optional(),
        view: branchShape(2).optional(),
        category: branchShape(1).optional(),
        visit: branchShape(1).optional(),
      })
      .prefault({}),
    asPeople: z
      .strictObject({ every: duration.default('P30D').describe('At most one run in this time speaks to them') })
      .nullable()
      .prefault({})
      .describe(
        'What a company looks at as a person: spoken of only after a personal order, and now and then; its personal cart always. Null: as to people',
      ),
  })
  .prefault({})
  .describe('What is otherwise for the corporate profile: its switch, channels, codes, timings and messages');

/** Every number of the journey. Defaults are Second Friend Store's (`systems.md`, J3–J7). */
export const settings = z.strictObject({
  ...entering,
  repeatAfter: duration.default('P7D').describe('A branch goes again only if its goods changed and this time passed'),
  lookback: duration.default('P30D').describe('Activity older than this is no intent'),
  session: duration
    .default('PT2H')
    .describe('What was opened within this time before the last page is the same visit (J7)'),
  expensiveFrom: z
    .int()
    .min(0)
    .nullable()
    .default(null)
    .describe('Minor units: a viewed product from this price on takes the expensive branch (J6); null switches it off'),
  promo,
  shows: z
    .strictObject({
      alternatives: recommendation({ from: ['similar'], count: 4, discountedFirst: true }),
      category: recommendation({ from: ['novelties'], count: 6, discountedFirst: true }),
      latest: recommendation({ from: ['novelties'], count: 6 }),
    })
    .prefault({})
    .describe('What is shown beside the goods of the intent, in a category, and to who opened nothing'),
  branches: z
    .strictObject({
      cart: branch(4, {
        idle: 'PT30M',
        steps: [
          { message: 'cart-reminder', after: 'PT0S' },
          { message: 'cart-still-here', after: 'PT3H' },
          { message: 'cart-questions', after: 'P1D' },
          { message: 'cart-last-call', after: 'P3D' },
        ],
      }),
      favourites: branch(2, { idle: 'PT30M', steps: [{ message: 'favourites', after: 'PT0S' }] }),
      'expensive-view': branch(2, {
        idle: 'PT15M',
        steps: [
          { message: 'view-expensive', after: 'PT0S' },
          { message: 'view-alternatives', after: 'P1D' },
        ],
      }),
      view: branch(2, { idle: 'PT30M', steps: [{ message: 'view', after: 'PT0S' }] }),
      category: branch(1, { idle: 'PT30M', steps: [{ message: 'category', after: 'PT0S' }] }),
      visit: branch(1, { idle: 'PT30M', steps: [{ message: 'latest-updates', after: 'PT0S' }] }),
    })
    .prefault({}),
  companies,
});

export type Settings = z.infer<typeof settings>;
