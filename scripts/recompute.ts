/**
 * `npm run recompute -- NAME`: does one of the regular jobs now (`src/activities/jobs.ts`), as its schedule does, on the data of
 * DATABASE_URL; without one, on what `npm start` runs.
 */
import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { jobNames, jobs } from '#activities/jobs.ts';
import { readBusinessClock } from '#db/business-clock.ts';
import { connect, createPool } from '#db/connect.ts';
import { scaledClock } from '#domain/clock.ts';
import { Failure } from '#domain/failure.ts';
import { tell } from '#process/run.ts';

async function recompute(): Promise<void> {
  const wanted = process.argv[2];
  const name = jobNames.find((one) => one === wanted);
  if (name === undefined) throw new Failure(`Say what: npm run recompute -- ${jobNames.join('|')}`);
  const url = process.env.DATABASE_URL ?? databaseHere();
  if (url === undefined) throw new Failure('No database is named and none runs here: set DATABASE_URL, or npm start.');
  const pool = createPool(url, 1);
  try {
    const db = connect(pool);
    const time = await readBusinessClock(db);
    if (time === null) throw new Failure('This database has no shop yet: start a gateway or a worker on it first.');
    const report = await jobs[name](db, scaledClock(time).now());
    console.log(report === null ? `${name}: another process is at it` : `${name}: ${JSON.stringify(report)}`);
  } finally {
    await pool.end();
  }
}

/** Of the `npm start` that runs on `.vestnik`. */
function databaseHere(): string | undefined {
  const file = resolve('.vestnik/runtime.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { databaseUrl: string }).databaseUrl : undefined;
}

await recompute().catch((error: unknown) => {
  tell(error);
  process.exitCode = 1;
});
