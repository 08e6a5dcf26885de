/**
 * `npm run histories:record`: drives real journeys on a real server and keeps their histories in test/histories, for the
 * replay tests. After it look at what changed: a history that replayed before must not be thrown away lightly, runs like it
 * are alive in production.
 */
import { startVitest } from 'vitest/node';

const vitest = await startVitest('test', process.argv.slice(2), { run: true, include: ['test/**/*.record.ts'] });
await vitest.close();
