import { z } from 'zod';
import type { ApiDeps } from '#api/deps.ts';
import { currentSettings } from '#db/settings.ts';
import { type BlockCount, blockCounts, holes, liveRuns, type RunCounts, runCounts, type Window } from '#db/stats.ts';
import type { Contract } from '#domain/journey.ts';
import { contracts, type JourneyName, journeyNames, settingsSchemas } from '#workflows/catalogue.ts';
import { route } from './route.ts';
import { journeyHoles, journeyList, journeyStats, statsQuery } from './schemas/journeys.ts';
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
  query: statsQuery,
  answer: journeyStats,
  problems,
  async handle({ params, query, deps: { db } }) {
    const name = journeyNamed(params.name);
    const window = windowOf(query);
    const [runs, counts, missing] = await Promise.all([
      runCounts(db, name, window),
      blockCounts(db, name, window),
      holes(db, name, window),
    ]);
    const notEntered = missing.map(({ reason, customers, times }) => ({ reason, customers, times }));
    return { journey: name, ...window, ...runs, blocks: withCounts(contracts[name], counts, runs), notEntered };
  },
});

const none = { entered: 0, waiting: 0, passed: 0, dropped: 0, reasons: [] };

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
  query: statsQuery,
  answer: journeyHoles,
  problems,
  async handle({ params, query, deps: { db } }) {
    const name = journeyNamed(params.name);
    const window = windowOf(query);
    return { journey: name, ...window, items: await holes(db, name, window) };
  },
});

function windowOf({ from, to }: z.output<typeof statsQuery>): Window {
  return { from: from ?? null, to: to ?? null };
}

export const journeyRoutes = [list, stats, holesOf];
