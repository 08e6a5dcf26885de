/**
 * `npm run generate`: writes what follows from the folders src/workflows/<journey>/ and src/activities/<journey>/, so that
 * adding a journey is adding its folders. `--check` writes nothing and fails where a file is not what it would write.
 */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { journeyFaults, presetFaults, readJourneys } from './generate/journeys.ts';
import { mindFaults, mindsSource, readMinds } from './generate/minds.ts';
import { barrelSource, catalogueSource } from './generate/sources.ts';
import { readOr } from './lib/files.ts';

const root = join(import.meta.dirname, '..');
const workflows = join(root, 'src/workflows');
const activities = join(root, 'src/activities');

const check = process.argv.includes('--check');
const journeys = await readJourneys(workflows);
const minds = await readMinds(activities);
const faults = [...(await Promise.all(journeys.map(journeyFaults))).flat(), ...mindFaults(journeys, minds)];
faults.push(...(await presetFaults(join(root, 'src/presets'), journeys)));
const files = new Map([
  [join(workflows, 'index.ts'), barrelSource(journeys)],
  [join(workflows, 'catalogue.ts'), catalogueSource(journeys)],
  [join(activities, 'minds.ts'), mindsSource(journeys, minds)],
]);

for (const [path, wanted] of files) {
  if ((await readOr(path, '')) === wanted) continue;
  if (check)
    faults.push(`${relative(root, path)} is not what the folders say: run \`npm run generate\` and commit it.`);
  else {
    await writeFile(path, wanted);
    console.log(`wrote ${relative(root, path)}`);
  }
}
for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
