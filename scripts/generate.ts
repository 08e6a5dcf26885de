/**
 * `npm run generate`: writes what follows from the folders src/workflows/<journey>/, so that adding a journey is adding a
 * folder. `--check` writes nothing and fails where a file is not what it would write.
 */
import { writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { journeyFaults, readJourneys } from './generate/journeys.ts';
import { barrelSource, catalogueSource } from './generate/sources.ts';
import { readOr } from './lib/files.ts';

const root = join(import.meta.dirname, '..');
const workflows = join(root, 'src/workflows');

const check = process.argv.includes('--check');
const journeys = await readJourneys(workflows);
const faults = (await Promise.all(journeys.map(journeyFaults))).flat();
const files = new Map([
  [join(workflows, 'index.ts'), barrelSource(journeys)],
  [join(workflows, 'catalogue.ts'), catalogueSource(journeys)],
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
