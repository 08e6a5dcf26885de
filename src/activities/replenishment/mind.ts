import { type Composer, lines, nothing, untrue } from '#activities/content.ts';
import type { Mind, Situation } from '#activities/mind.ts';
import { seriesMind } from '#activities/series.ts';
import type { Facts } from '#db/facts.ts';
import { type Supply, supplies } from '#db/replenishment/offered.ts';
import type { Good } from '#domain/intent.ts';
import { contract } from '#workflows/replenishment/contract.ts';
import { settings } from '#workflows/replenishment/settings.ts';

/** So many a message shows. */
const most = 8;

/** Facts with the goods that the job has chosen. */
type StockFacts = Facts & { supplies: Supply[] };

const left = ({ facts }: Situation) => (facts as StockFacts).supplies.filter(({ isBought }) => !isBought);

/** What is not bought yet and can be bought: on sale first, then what runs out first. */
function offered(situation: Situation): Good[] {
  const goods = left(situation).flatMap(({ good }) => good ?? []);
  const isOnSale = ({ oldPrice }: Good) => oldPrice !== null;
  return [...goods.filter(isOnSale), ...goods.filter((good) => !isOnSale(good))].slice(0, most);
}

const compose: Composer = async (_, situation, { refs }) => {
  const goods = offered(situation).filter(({ id }) => refs.includes(id));
  return goods.length > 0 ? { ...nothing, goods: lines(goods) } : untrue('no_goods');
};

const inSeries = seriesMind({ contract, settings, compose: { 'running-out': compose, 'run-out': compose } });

/** Replenishment (J14): a series about what the job has chosen, less what is bought meanwhile. */
export const mind: Mind = {
  ...inSeries,
  async load(trx, facts): Promise<StockFacts> {
    const { id: customerId, region } = facts.customer;
    return { ...facts, supplies: await supplies(trx, { customerId, region, runId: facts.run?.id ?? null }) };
  },
  step(situation) {
    const step = inSeries.step(situation);
    return step.do === 'send' ? { ...step, refs: offered(situation).map(({ id }) => id) } : step;
  },
  // An order of other things leaves something to speak of.
  afterOrder: (situation) => (left(situation).length > 0 ? 'goes_on' : 'ends'),
};
