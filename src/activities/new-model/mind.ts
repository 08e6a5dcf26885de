import { type Composer, line, lines, nothing, untrue } from '#activities/content.ts';
import type { Mind } from '#activities/mind.ts';
import { recommend, wishOf } from '#activities/recommend.ts';
import { seriesMind } from '#activities/series.ts';
import { settingsReader } from '#activities/settings-reader.ts';
import type { Facts } from '#db/facts.ts';
import { hasModel } from '#db/models.ts';
import { itemGood } from '#db/queue/run.ts';
import { contract } from '#workflows/new-model/contract.ts';
import { settings } from '#workflows/new-model/settings.ts';

const settingsOf = settingsReader(settings, ({ shows }) => ({ shows }));

/** Facts with whether they have bought the new model: the run's key. */
type ModelFacts = Facts & { hasIt: boolean };
const hasIt = (facts: Facts) => (facts as ModelFacts).hasIt;

/** The new model, and what goes with it. Where the customer's region cannot buy it, there is nothing to say. */
const newModel: Composer = async (trx, situation, candidate) => {
  const { run, customer } = situation.facts;
  const about = run?.key ?? '';
  const good = await itemGood(trx, about, customer.region);
  if (good === null) return untrue('no_goods');
  const wish = wishOf(situation, candidate, settingsOf(situation.facts).shows, [about]);
  const more = await recommend(trx, situation, { ...wish, exclude: [about] });
  return { ...nothing, goods: [line(good)], more: lines(more) };
};

const series = seriesMind({ contract, settings, compose: { 'new-model': newModel } });

/** A new model for owners of the old one. */
export const mind: Mind = {
  ...series,
  async load(trx, facts, key) {
    return { ...facts, hasIt: await hasModel(trx, facts.customer.id, key) } as ModelFacts;
  },
  refuses: (facts) => (hasIt(facts) ? 'has_model' : null),
  step: (situation) => (hasIt(situation.facts) ? { do: 'nothing', why: 'nothing_left' } : series.step(situation)),
};
