import type { ApiDeps } from '#api/deps.ts';
import { summaries } from '#db/customers.ts';
import { recommend } from '#db/recommend/recommend.ts';
import type { Good } from '#domain/intent.ts';
import { gone, living, params, shopOf } from './customers.ts';
import { route } from './route.ts';
import { goodsList, noveltiesQuery, recommendationsQuery, recommended } from './schemas/recommendations.ts';

const preview = route({
  method: 'get',
  path: '/customers/{id}/recommendations',
  tag: 'Recommendations',
  summary: 'What a message would recommend to this customer now, and which source gave each',
  description: 'As docs/recommendations.md says. Nothing is noted of it: `notShown` knows messages only.',
  params,
  query: recommendationsQuery,
  answer: recommended,
  problems: gone,
  async handle({ params, query: { category, discountFrom, notBought, notShown, ...wish }, deps }) {
    const { id } = await living(deps, params.id);
    const [known] = await summaries(deps.db, [id]);
    const filters = { category: category ?? null, discountFrom: discountFrom ?? null, notBought, notShown };
    const goods = await recommend(
      deps.db,
      { customerId: id, region: known?.region ?? null, ...(await here(deps)) },
      { ...wish, filters },
    );
    return { items: goods.map(({ source, ...good }) => ({ source, good: shown(good) })) };
  },
});

const feed = route({
  method: 'get',
  path: '/novelties',
  tag: 'Recommendations',
  summary: 'The newest goods in stock in a region',
  description: 'For the shop’s own pages. What early access keeps for the registered is left out unless `registered`.',
  query: noveltiesQuery,
  answer: goodsList,
  handle: async ({ query, deps }) => ({ items: await noveltiesFor(deps, query) }),
});

interface FeedQuery {
  region?: string | undefined;
  category?: string | undefined;
  registered: boolean;
  count: number;
}

/** Novelties of a region for somebody who is not known by name. */
export async function noveltiesFor(
  deps: Pick<ApiDeps, 'db' | 'clock'>,
  { region, category, registered, count }: FeedQuery,
) {
  const visitor = { customerId: null, region: region ?? null, registered, ...(await here(deps)) };
  const wish = { from: ['novelties'], count, filters: { category: category ?? null }, seed: '' } as const;
  return (await recommend(deps.db, visitor, wish)).map(shown);
}

async function here(deps: Pick<ApiDeps, 'db' | 'clock'>) {
  return { at: deps.clock.now(), shop: await shopOf(deps) };
}

function shown({ id, name, url, imageUrl, category, price, oldPrice, currency }: Good) {
  const money = (amount: number) => ({ amount, currency });
  return {
    id,
    name,
    url,
    imageUrl,
    category,
    price: money(price),
    oldPrice: oldPrice === null ? null : money(oldPrice),
  };
}

export const recommendationRoutes = [preview, feed];
