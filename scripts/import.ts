/** `npm run import -- orders|customers|products FILE`: a file into the shop's data. docs/imports.md */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Failure } from '#domain/failure.ts';
import { tell } from '#process/run.ts';
import { readImportOptions } from './import/options.ts';
import { importFile } from './import/run.ts';

async function run(): Promise<void> {
  const options = readImportOptions(process.argv.slice(2));
  const url = process.env.DATABASE_URL ?? databaseHere();
  if (url === undefined) throw new Failure('No database is named and none runs here: set DATABASE_URL, or npm start.');
  const screen = {
    write: (text: string) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
  };
  const { imported, unchanged, refused } = await importFile(options, url, screen);
  const about = refused === 0 ? '' : `: see ${options.report}`;
  console.log(`${options.kind}: ${imported} imported, ${unchanged} known before; ${refused} lines refused${about}`);
  if (imported + unchanged === 0) process.exitCode = 1;
}

/** Of the `npm start` that runs on `.vestnik`. */
function databaseHere(): string | undefined {
  const file = resolve('.vestnik/runtime.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { databaseUrl: string }).databaseUrl : undefined;
}

await run().catch((error: unknown) => {
  tell(error);
  process.exitCode = 1;
});
