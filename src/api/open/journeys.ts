import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { currentSettings } from '#db/settings.ts';
import { type BlockCount, blockCounts, holes, liveRuns, type RunCounts, runCounts, type Window } from '#db/stats.ts';
import type { Contract } from '#domain/journey.ts';
import { reasonInWords } from '#domain/reasons-words.ts';
import type { Locale } from '#domain/shop.ts';
import { contracts, type JourneyName, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { languageOf } from './language.ts';
import { route } from './route.ts';
import { journeyHoles, journeyList, journeyStats, type statsQuery, wordedStatsQuery } from './schemas/journeys.ts';
import { journeyNamed } from './settings.ts';

const params = z.object({ name: z.string().max(100) });
const tag = 'Journeys';
const problems = ['journey_not_found'] as const;

const list = route({
  method: 'get',
  path: '/journeys',
  tag,
  summary: 'Journeys: their blocks for a picture, what starts them, how many run',
  answer: journeyList,
  async handle({ deps }) {
    const live = await liveRuns(deps.db);
    const items = await Promise.all(journeyNames.map((name) => describe(deps, name, live.get(name) ?? 0)));
    return { items, next: null };
  },
});

async function describe({ db }: ApiDeps, name: JourneyName, live: number) {
  const contract: Contract = contracts[name];
  const saved = await currentSettings(db, name);
  const settings = settingsSchemas[name].safeParse(saved?.value ?? {});
  return {
    name,
    title: contract.title,
    class: contract.class,
    startsOn: [...contract.startsOn],
    startsOnStages: [...(contract.startsOnStage?.stages ?? [])],
    goalOn: [...contract.goalOn],
    blocks: blocksOf(contract).map(({ next, ...block }) => ({ ...block, next: [...next] })),
    messages: Object.keys(contract.messages),
    settingsVersion: saved?.version ?? 0,
    enabled: settings.success && settings.data.enabled,
    liveRuns: live,
  };
}

function blocksOf(contract: Contract) {
  return Object.entries(contract.blocks).map(([block, { title, kind, next }]) => ({ block, title, kind, next }));
}

const stats = route({
  method: 'get',
  path: '/journeys/{name}/stats',
  tag,
  summary: 'How many entered, wait, passed and dropped out of each block, and why',
  params,
  query: wordedStatsQuery,
  answer: journeyStats,
  problems,
  async handle({ params, query, request, deps: { db } }) {
    const name = journeyNamed(params.name);
    const window = windowOf(query);
    const locale = languageOf(request, query.lang);
    const [runs, counts, missing] = await Promise.all([
      runCounts(db, name, window),
      blockCounts(db, name, window),
      holes(db, name, window),
    ]);
    const notEntered = missing.map(({ reason, customers, times }) => {
      return { reason, words: holeInWords(reason, locale), customers, times };
    });
    const blocks = withCounts(contracts[name], counts, runs).map(({ reasons, ...block }) => {
      return { ...block, reasons: reasons.map((one) => ({ ...one, words: reasonInWords(one.reason, { locale }) })) };
    });
    return { journey: name, ...window, ...runs, blocks, notEntered };
  },
});

const none = { entered: 0, waiting: 0, passed: 0, dropped: 0, reasons: [] as BlockCount['reasons'] };

/** Every block of the journey, also those that nobody came to, and those that an earlier version of it had. */
function withCounts(contract: Contract, counts: readonly BlockCount[], runs: RunCounts) {
  const counted = new Map(counts.map((count) => [count.block, count]));
  const present = blocksOf(contract).map(({ next: _, ...block }) => ({
    ...(block.kind === 'end' ? ended(runs) : none),
    ...block,
    ...counted.get(block.block),
  }));
  const past = counts.filter(({ block }) => !(block in contract.blocks));
  return [...present, ...past.map((count) => ({ title: count.block, kind: 'wait' as const, ...count }))];
}

/** Runs leave through the end, which keeps no rows of its own. */
function ended({ entries, live, outcomes }: RunCounts) {
  const reasons = outcomes.map(({ outcome, count }) => ({ result: 'passed' as const, reason: outcome, count }));
  return { ...none, entered: entries - live, passed: entries - live, reasons };
}

const holesOf = route({
  method: 'get',
  path: '/journeys/{name}/holes',
  tag,
  summary: 'Customers who met a trigger and got nothing, by reason, largest first',
  params,
  query: wordedStatsQuery,
  answer: journeyHoles,
  problems,
  async handle({ params, query, request, deps: { db } }) {
    const name = journeyNamed(params.name);
    const window = windowOf(query);
    const locale = languageOf(request, query.lang);
    const found = await holes(db, name, window);
    return {
      journey: name,
      ...window,
      items: found.map((hole) => ({ ...hole, words: holeInWords(hole.reason, locale) })),
    };
  },
});

const holeInWords = (reason: string, locale: Locale) => reasonInWords(`not_entered:${reason}`, { locale });

function windowOf({ from, to }: z.output<typeof statsQuery>): Window {
  return { from: from ?? null, to: to ?? null };
}

export const journeyRoutes = [list, stats, holesOf];
