/** Fetches what `npm start` and `npm test` need besides npm packages. Run by setup.mjs. */
import { Failure } from '#domain/failure.ts';
import { provideTemporal } from './temporal.ts';

try {
  for (const binary of ['cli', 'testServer'] as const) await provideTemporal(binary, (line) => console.log(line));
} catch (error) {
  if (!(error instanceof Failure)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
