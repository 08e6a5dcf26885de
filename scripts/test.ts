/** `npm test [-- PATTERN …]`: vitest, with everything that it and its servers and browsers write kept inside the checkout. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseCLI, startVitest } from 'vitest/node';

const temporary = join(import.meta.dirname, '../.vestnik-test/tmp');
mkdirSync(temporary, { recursive: true });
process.env.TMPDIR = temporary;

const { filter, options } = parseCLI(['vitest', 'run', ...process.argv.slice(2)]);
const vitest = await startVitest('test', filter, { ...options, run: true, watch: false });
await vitest.close();
