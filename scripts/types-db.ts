/**
 * `npm run types:db`: writes src/db/schema.ts, the row types of a freshly migrated database. `--verify` writes nothing and
 * fails where the file says something else.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { scratchFolder, scratchPostgres } from './lib/scratch.ts';

const root = join(import.meta.dirname, '..');
const verify = process.argv.includes('--verify');

const { dir, remove } = await scratchFolder();
const postgres = await scratchPostgres(dir);
const codegen = spawnSync(
  join(root, 'node_modules/.bin/kysely-codegen'),
  [
    ...['--dialect', 'postgres', '--url', postgres.url, '--out-file', join(root, 'src/db/schema.ts')],
    // Our bigints are money and counters; src/db/connect.ts reads both kinds as numbers.
    ...['--type-mapping', '{"int8":"number","float8":"number"}', '--exclude-pattern', 'kysely_*'],
    ...(verify ? ['--verify'] : []),
  ],
  { stdio: ['ignore', 'ignore', verify ? 'ignore' : 'inherit'] },
);
await postgres.stop();
await remove();

if (codegen.status !== 0) {
  if (verify) console.error('src/db/schema.ts is not what the migrations make: run `npm run types:db` and commit it.');
  process.exitCode = 1;
}
