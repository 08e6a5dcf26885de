import { z } from 'zod';
import { recommendationSources } from '#domain/recommend.ts';
import { defaultRecommendations, type RecommendationSettings } from '#domain/recommendation-settings.ts';
import { duration } from '#workflows/settings-schemas.ts';
import { money, orNull } from './common.ts';

const name = z.string().min(1).max(500);
const weights = z.record(name, z.number().gt(0).max(1));
const most = { rows: 2_000, beside: 100 };

const matrix = z
  .record(
    name,
    weights.refine((beside) => Object.keys(beside).length <= most.beside, `at most ${most.beside} beside one`),
  )
  .refine((rows) => Object.keys(rows).length <= most.rows, `at most ${most.rows} rows`)
  .default({});
const points = z.number().min(0).max(1000);

/** `RecommendationSettings` of the domain, checked. */
export const recommendationSettings = z
  .strictObject({
    complements: z
      .strictObject({
        categories: matrix.meta({ description: 'By name: the categories that go with it, with weights' }),
        products: matrix.meta({ description: 'By id: the products that go with it, with weights; before categories' }),
      })
      .prefault({})
      .meta({ description: 'The matrix by hand: `{"categories": {"Phones": {"Cases": 1, "Chargers": 0.5}}}`' }),
    hits: z
      .strictObject({
        order: points.default(defaultRecommendations.hits.order),
        favourite: points.default(defaultRecommendations.hits.favourite),
        view: points.default(defaultRecommendations.hits.view),
        halfLife: duration.default(defaultRecommendations.hits.halfLife),
      })
      .prefault({})
      .meta({ description: 'What each counts for a hit; half as much after every `halfLife`' }),
    window: duration
      .default(defaultRecommendations.window)
      .meta({ description: 'What is older is no hit, and was not seen together' }),
    boughtWindow: duration
      .default(defaultRecommendations.boughtWindow)
      .meta({ description: 'Older orders say nothing of what is bought together' }),
  })
  .meta({ id: 'RecommendationSettings' }) satisfies z.ZodType<RecommendationSettings>;

export const shownGood = z
  .object({
    id: z.string(),
    name: z.string(),
    url: z.string(),
    imageUrl: z.string().nullable(),
    category: z.string().nullable(),
    price: money,
    oldPrice: orNull(money),
  })
  .meta({ id: 'Good', description: 'A product at the price of the region' });

export const recommended = z.object({
  items: z.array(
    z.object({
      source: z.enum(recommendationSources).meta({ description: 'Which source of the chain gave it' }),
      good: shownGood,
    }),
  ),
});

export const goodsList = z.object({ items: z.array(shownGood) }).meta({ id: 'Goods' });

/** `a,b` → `['a', 'b']`. */
function commas<S extends z.ZodType<unknown, string>>(item: S, most: number) {
  const split = (text: string) => text.split(',').filter((part) => part !== '');
  return z.string().max(2000).transform(split).pipe(z.array(item).max(most));
}

const whole = (from: number, to: number) => z.coerce.number().pipe(z.int().min(from).max(to));
const yes = z.enum(['true', 'false']).transform((text) => text === 'true');

export const count = whole(1, 100).default(10).meta({ type: 'integer', minimum: 1, maximum: 100, default: 10 });

export const noveltiesQuery = z.strictObject({
  region: z.string().max(100).optional().meta({ description: 'Left out: what is offered everywhere' }),
  registered: yes.default(false).meta({
    type: 'boolean',
    default: false,
    description: 'Whether the visitor is signed in: early access (`earlyAccess` of the shop)',
  }),
  category: name.optional(),
  count,
});

const comma = (description: string) => ({
  type: 'string' as const,
  description: `${description}, with commas between`,
});

export const recommendationsQuery = z.strictObject({
  from: commas(z.enum(recommendationSources), recommendationSources.length)
    .default(['personal', 'hits', 'novelties'])
    .meta({ ...comma(`The chain of ${recommendationSources.join(', ')}`), default: 'personal,hits,novelties' }),
  count,
  about: commas(z.string().max(200), 20).default([]).meta(comma('Ids of the products that the message would be about')),
  category: name.optional(),
  discountFrom: whole(1, 99).optional().meta({ type: 'integer', minimum: 1, maximum: 99 }),
  notBought: yes.default(true).meta({ type: 'boolean', default: true }),
  notShown: whole(0, 50).default(0).meta({ type: 'integer', minimum: 0, maximum: 50, default: 0 }),
  seed: z.string().max(200).default('').meta({ description: 'Another seed, other random goods' }),
});
