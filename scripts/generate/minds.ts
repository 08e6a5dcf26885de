import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { namesIn } from '#scripts/lib/files.ts';
import { functionName, type Journey } from './journeys.ts';

/** A journey's folder below src/activities, as `generate` sees it. */
export interface MindFile {
  journey: string;
  source: string;
}

/** Every `<journey>/mind.ts` below `activities`. */
export async function readMinds(activities: string): Promise<MindFile[]> {
  const journeys = (await namesIn(activities)).filter((name) => existsSync(join(activities, name, 'mind.ts')));
  return Promise.all(
    journeys.map(async (journey) => ({
      journey,
      source: await readFile(join(activities, journey, 'mind.ts'), 'utf8'),
    })),
  );
}

/** Every journey has a mind, and every mind a journey. */
export function mindFaults(journeys: readonly Journey[], minds: readonly MindFile[]): string[] {
  const missing = journeys
    .filter(({ name }) => !minds.some(({ journey }) => journey === name))
    .map(
      ({ name }) => `Journey ${name}: it has no mind; write src/activities/${name}/mind.ts, which exports \`mind\`.`,
    );
  const silent = minds
    .filter(({ source }) => !/^export const mind\b/m.test(source))
    .map(({ journey }) => `Journey ${journey}: src/activities/${journey}/mind.ts must export \`mind\`.`);
  const stray = minds
    .filter(({ journey }) => !journeys.some(({ name }) => name === journey))
    .map(
      ({ journey }) =>
        `src/activities/${journey}/mind.ts is the mind of no journey: write src/workflows/${journey}/contract.ts, or remove it.`,
    );
  return [...missing, ...silent, ...stray];
}

/** src/activities/minds.ts: the mind of each journey that has one. */
export function mindsSource(journeys: readonly Journey[], minds: readonly MindFile[]): string {
  const names = journeys.map(({ name }) => name).filter((name) => minds.some(({ journey }) => journey === name));
  const imports = names.map((name) => `import { mind as ${functionName(name)} } from './${name}/mind.ts';\n`);
  const entries = names.map(
    (name) => `  ${functionName(name) === name ? name : `'${name}': ${functionName(name)}`},\n`,
  );
  return `// Written by \`npm run generate\` from the folders beside it. Do not edit.

import type { Mind } from '#activities/mind.ts';
import type { JourneyName } from '#workflows/catalogue.ts';
${imports.join('')}
/** Minds by journey. */
export const minds: Readonly<Record<JourneyName, Mind>> = {
${entries.join('')}};
`;
}
